import pytest
import torch
from torch import nn

from sktl.heads import build_head, set_linear


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


@pytest.mark.parametrize("hidden", [(), (4,)])
def test_set_linear_writes_the_last_layer(hidden, rng):
    head = build_head(4, 2, hidden=hidden, dropout=0.5)
    weight, bias = torch.from_numpy(rng.normal(size=(2, 4))), torch.from_numpy(rng.normal(size=2))
    before = [p.clone() for p in head[:-1].parameters()]
    set_linear(head, weight, bias)
    assert torch.equal(head[-1].weight, weight.float())
    assert torch.equal(head[-1].bias, bias.float())
    assert head[-1].weight.requires_grad
    assert all(torch.equal(p, q) for p, q in zip(head[:-1].parameters(), before, strict=True))
