"""Networks and data for rankings and gains."""

import numpy as np
import pytest
import torch
from torch import nn

from sktl.backbones import Backbone, WeightsInfo


@pytest.fixture(autouse=True)
def _one_thread():
    """Keep small products from being shared out among threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Counter(nn.Module):
    """Counts the rows that pass."""

    def __init__(self):
        super().__init__()
        self.rows = []

    def forward(self, x):
        self.rows.append(len(x))
        return x


@pytest.fixture
def make_knowing():
    """Return a function that makes a network that sees whether the first columns agree in sign, and its counter."""

    def make(n_columns=6, slope=1.0, name="knowing"):
        layer = nn.Linear(n_columns, 8)
        with torch.no_grad():
            layer.weight.zero_()
            layer.bias.zero_()
            # |a + b| - |a - b| has the sign of a * b
            layer.weight[:4, :2] = slope * torch.tensor([[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0]])
            layer.weight[4:6, :2] = torch.eye(2)
        counter = Counter()
        backbone = Backbone(
            stages=[
                ("one", nn.Sequential(counter, layer, nn.ReLU())),
                ("two", nn.Identity()),
                ("three", nn.Identity()),
                ("four", nn.Identity()),
            ],
            name=name,
            input_kind="table",
            n_channels=n_columns,
            architecture="mlp",
            weights=WeightsInfo("made", "a test"),
        )
        return backbone, counter

    return make


@pytest.fixture
def pairs(rng):
    """Return a table (120, 6), and whether the first two columns agree in sign, which no linear model sees."""
    X = rng.normal(size=(120, 6)).astype(np.float32)
    return X, np.where(X[:, 0] * X[:, 1] > 0, "same", "other")
