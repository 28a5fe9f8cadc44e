"""Fixtures shared by all tests."""

import os
import pathlib

if "PYTEST_XDIST_WORKER" in os.environ:  # there is a process for each core; numpy and torch read it when they load
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import pytest
import torch

# With it, scikit-learn's checks of the array API take part; scipy reads it when it is first imported.
os.environ.setdefault("SCIPY_ARRAY_API", "1")
SHARED = pathlib.Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(autouse=True)
def _seeded():
    """Give every test the same random numbers, whatever ran before it."""
    torch.manual_seed(0)
    np.random.seed(0)


@pytest.fixture
def rng():
    """Return a generator of random numbers, the same in every test."""
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def shared():
    """Return the folder of larger data and weights beside the checkout; skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"the folder {SHARED.name}/ with larger data is not beside the checkout")
    return SHARED
