"""Splits, and the seed that they are drawn by."""

import numpy as np
import pytest
from sklearn.model_selection import GroupKFold, KFold

from sktl.transferability._splits import as_seed, read_splits, size_ratio


def test_a_number_stands_for_balanced_folds(rng):
    """The same for the same seed; None for five."""
    y = np.array([0] * 20 + [1] * 10)
    one, two, other = (read_splits(5, y, 30, seed) for seed in (0, 0, 1))
    assert [y[test].sum() for _, test in one] == [2] * 5
    assert all(np.array_equal(a, b) for (_, a), (_, b) in zip(one, two, strict=True))
    assert any(not np.array_equal(a, b) for (_, a), (_, b) in zip(one, other, strict=True))
    assert len(read_splits(None, y, 30, 0)) == 5
    assert size_ratio(one) == pytest.approx(0.25)


def test_splitters_and_splits_are_taken_as_they_are():
    """So that groups can be kept together."""
    y = np.arange(12) % 2
    assert len(read_splits(KFold(3), y, 12, 0)) == 3
    given = list(GroupKFold(2).split(y, y, np.arange(12) // 3))
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(read_splits(given, y, 12, 0), given, strict=True))


def test_seeds():
    """An int is itself; what draws is asked once."""
    assert as_seed(np.int64(7)) == 7
    assert as_seed(np.random.RandomState(0)) == as_seed(np.random.RandomState(0))
    assert isinstance(as_seed(None), int)
