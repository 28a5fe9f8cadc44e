"""Training and test samples that are alike in every task."""

import numpy as np
import pandas as pd
import pytest

from sktl.model_selection import multitask_train_test_split


@pytest.fixture
def y(rng):
    """Return rare positives with holes."""
    y = (rng.random((100, 3)) < 0.2).astype(float)
    y[rng.random(y.shape) < 0.3] = np.nan
    return y


def test_it_is_used_as_scikit_learns(y):
    """X and y come back in four parts, row by row, a quarter of them for the test."""
    X = np.arange(100)
    X_train, X_test, y_train, y_test = multitask_train_test_split(X, y, random_state=0)
    assert (len(X_train), len(X_test)) == (75, 25)
    assert np.array_equal(y[X_train], y_train, equal_nan=True)
    assert np.array_equal(y[X_test], y_test, equal_nan=True)
    assert sorted([*X_train, *X_test]) == list(range(100))
    assert np.abs(np.nansum(y_test, axis=0) - np.nansum(y, axis=0) / 4).max() <= 1.25


def test_the_last_array_is_balanced_unless_another_is_named(y):
    """stratify names the labels where y is not the last."""
    X, weights = np.arange(100), np.linspace(0, 1, 100)
    by_y = multitask_train_test_split(X, y, random_state=0)
    named = multitask_train_test_split(X, y, weights, stratify=y, random_state=0)
    assert named[0].tolist() == by_y[0].tolist()
    assert named[5].tolist() == weights[named[1]].tolist()
    assert multitask_train_test_split(X, y, weights, random_state=0)[0].tolist() != by_y[0].tolist()


def test_containers_come_back_as_they_were(y):
    """Lists, tables, series, pictures and masked arrays keep their kind."""
    arrays = [
        [f"{number}.png" for number in range(100)],
        pd.DataFrame({"a": range(100)}),
        pd.Series(range(100)),
        np.zeros((100, 2, 2, 3)),
        np.ma.masked_invalid(y),
    ]
    parts = multitask_train_test_split(*arrays, test_size=10, random_state=0)
    assert [type(part) for part in parts[::2]] == [type(array) for array in arrays]
    assert [len(part) for part in parts] == [90, 10] * 5
    assert parts[0][3] == f"{parts[4].iloc[3]}.png"
    assert (parts[9].mask == np.isnan(y[parts[5]])).all()


def test_sizes(y):
    """train_size alone leaves the rest to the test."""
    assert [len(part) for part in multitask_train_test_split(y, train_size=0.9, random_state=0)] == [90, 10]


def test_wrong_arrays(y):
    """Nothing to split, or arrays of two lengths."""
    with pytest.raises(ValueError, match="needs arrays to split"):
        multitask_train_test_split()
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        multitask_train_test_split(np.zeros(99), y)
