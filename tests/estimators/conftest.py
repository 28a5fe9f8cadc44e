"""Small data and networks for estimators."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_diabetes, load_digits
from torch import nn

from sktl.backbones import Backbone, WeightsInfo


@pytest.fixture(autouse=True)
def _one_thread():
    """Keep small products from being shared out among threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def digits():
    """Return 120 digits of four kinds, (120, 64) in [0, 1], and their labels."""
    X, y = load_digits(return_X_y=True)
    few = np.flatnonzero(y < 4)[:120]
    return X[few] / 16, y[few]


@pytest.fixture(scope="session")
def pictures(digits):
    """Return the same digits as pictures (120, 8, 8) of bytes."""
    return (digits[0].reshape(-1, 8, 8) * 255).astype(np.uint8), digits[1]


@pytest.fixture(scope="session")
def diabetes():
    """Return 120 patients (120, 10) and how their illness went."""
    X, y = load_diabetes(return_X_y=True)
    return X[:120], y[:120]


@pytest.fixture
def make_table_backbone():
    """Return a function that makes a network for tables that counts as pretrained, with all that has a state."""

    def make(n_columns=64, seed=0, **others):
        torch.manual_seed(seed)
        stages = [
            ("one", nn.Sequential(nn.Linear(n_columns, 32), nn.BatchNorm1d(32), nn.ReLU(inplace=True))),
            ("two", nn.Sequential(nn.Dropout(0.2), nn.Linear(32, 24), nn.BatchNorm1d(24), nn.ReLU(inplace=True))),
            ("three", nn.Sequential(nn.Linear(24, 16), nn.Tanh())),
        ]
        arguments = {
            "input_kind": "table",
            "n_channels": n_columns,
            "architecture": "mlp",
            "weights": WeightsInfo("made", "a test"),
        }
        return Backbone(stages=stages, **{**arguments, **others})

    return make


@pytest.fixture
def make_module():
    """Return a function that makes a small network for grey pictures, as users write it."""

    def make():
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Conv2d(1, 6, 3),
            nn.BatchNorm2d(6),
            nn.ReLU(inplace=True),
            nn.Conv2d(6, 8, 3),
            nn.BatchNorm2d(8),
            nn.ReLU(inplace=True),
            nn.Dropout(0.2),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(8, 5),
        )

    return make


@pytest.fixture(scope="session")
def holed():
    """Return a table (60, 5), and labels (60, 3) of two, three and two classes, of which a third is missing."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 5))
    y = np.column_stack([X[:, 0] > 0.4, np.digitize(X[:, 1], [-0.5, 0.5]), X[:, 2] > X[:, 0]]).astype(float)
    y[rng.random(y.shape) < np.array([0.2, 0.3, 0.5])] = np.nan
    return X, y
