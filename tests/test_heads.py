import torch
from torch import nn

from sktl.heads import build_head


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
