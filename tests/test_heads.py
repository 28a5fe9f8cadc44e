import numpy as np
import pytest
import torch
from torch import nn

from sktl.heads import build_head, read_head_hidden


def kinds(head):
    return [type(layer).__name__ for layer in head]


def test_a_linear_head():
    head = build_head(5, 3)
    assert kinds(head) == ["Linear"]
    assert head(torch.zeros(2, 5)).shape == (2, 3)


def test_hidden_layers():
    head = build_head(5, 3, hidden=(7, 4))
    assert kinds(head) == ["Linear", "ReLU", "Linear", "ReLU", "Linear"]
    assert [tuple(layer.weight.shape) for layer in head[::2]] == [(7, 5), (4, 7), (3, 4)]


def test_dropout_comes_before_each_linear_layer():
    head = build_head(5, 3, hidden=[7], dropout=0.25)
    assert kinds(head) == ["Dropout", "Linear", "ReLU", "Dropout", "Linear"]
    assert [layer.p for layer in head if isinstance(layer, nn.Dropout)] == [0.25, 0.25]


@pytest.mark.parametrize("given", [(64, 8), [64, 8], np.array([64, 8])])
def test_the_parameter(given):
    assert read_head_hidden(given) == (64, 8)


@pytest.mark.parametrize("given", [(0,), (4.5,), (-3,), ("a",), (8, True), "64"])
def test_units_that_are_none(given):
    with pytest.raises(ValueError, match="head_hidden must hold the units of each hidden layer, whole numbers"):
        read_head_hidden(given)
