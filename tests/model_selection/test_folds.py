"""Splits from what users give as cv."""

import numpy as np
import pytest
from sklearn.model_selection import GroupKFold

from sktl.model_selection import MultiTaskStratifiedKFold
from sktl.model_selection._folds import read_folds


@pytest.fixture
def y(rng):
    """Return labels with holes."""
    y = (rng.random((40, 2)) < 0.3).astype(float)
    y[::3, 1] = np.nan
    return y


def as_lists(folds):
    """Return folds that can be compared."""
    return [(train.tolist(), test.tolist()) for train, test in folds]


@pytest.mark.parametrize(("cv", "n_splits"), [(4, 4), (np.int64(3), 3), (None, 5)])
def test_a_number_stands_for_balanced_folds(y, cv, n_splits):
    """The same at every call."""
    expected = MultiTaskStratifiedKFold(n_splits, random_state=0).split(y, y)
    assert as_lists(read_folds(cv, y, y, None)) == as_lists(expected)


def test_splitters_and_lists_are_taken_as_they_are(y):
    """A splitter gets the groups."""
    groups = np.arange(40) // 10
    folds = read_folds(GroupKFold(2), y, y, groups)
    assert all(not set(groups[train]) & set(groups[test]) for train, test in folds)
    assert as_lists(read_folds(folds, y, y, None)) == as_lists(folds)


def test_wrong_cv(y):
    """Words are no folds."""
    with pytest.raises(ValueError, match=r"Expected .?cv.? as an integer"):
        read_folds("five", y, y, None)
