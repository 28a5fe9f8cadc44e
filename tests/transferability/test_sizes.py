"""Training sets of several sizes, the small ones within the large ones."""

import numpy as np
import pytest

from sktl.transferability._sizes import nested_subsets, read_sizes


def test_counts_and_shares():
    """In order and each once; a share of a few samples is two at least."""
    assert read_sizes([40, 20, 0.5, 1.0, 20], 80).tolist() == [20, 40, 80]
    assert read_sizes(np.array([0.01, 0.3]), 30).tolist() == [2, 9]


def test_subsets_are_nested_and_balanced(rng):
    """Each class has its share in all, and no sample comes from elsewhere."""
    y = np.array(["a"] * 60 + ["b"] * 30 + ["c"] * 10)
    train = rng.permutation(100)[:90]
    subsets = nested_subsets(train, y, np.array([10, 30, 90]), 0)
    assert [len(subset) for subset in subsets] == [10, 30, 90]
    assert set(subsets[0]) < set(subsets[1]) < set(subsets[2]) == set(train)
    shares = np.unique(y[train], return_counts=True)[1] / 90
    for subset in subsets:
        counts = np.unique(y[subset], return_counts=True)[1]
        assert np.abs(counts - shares * len(subset)).max() <= 1
    again = nested_subsets(train, y, np.array([10, 30, 90]), 0)
    assert all(np.array_equal(a, b) for a, b in zip(subsets, again, strict=True))
    other = nested_subsets(train, y, np.array([10, 30, 90]), 1)
    assert not np.array_equal(subsets[0], other[0])


def test_numbers_and_several_tasks(rng):
    """What is missing is balanced too."""
    y = np.column_stack([rng.normal(size=80), np.arange(80) % 2])
    y[:40, 1] = np.nan
    [subset] = nested_subsets(np.arange(80), y, np.array([20]), 0)
    assert abs(np.isnan(y[subset, 1]).sum() - 10) <= 1


def test_wrong_sizes():
    """Each is told."""
    with pytest.raises(TypeError, match=r"sizes must be a list of counts or of shares.*got 20"):
        read_sizes(20, 80)
    with pytest.raises(TypeError, match="sizes must hold counts or shares of the training samples, got '20'"):
        read_sizes(["20"], 80)
    with pytest.raises(TypeError, match="got True"):
        read_sizes([True], 80)
    with pytest.raises(ValueError, match="sizes is empty"):
        read_sizes([], 80)
    with pytest.raises(ValueError, match="between 2 and the 80 training samples of a split, got 81"):
        read_sizes([20, 81], 80)
    with pytest.raises(ValueError, match="between 2 and"):
        read_sizes([1], 80)
    with pytest.raises(ValueError, match=r"are shares of the training samples in \(0, 1\], got 1.5"):
        read_sizes([1.5], 80)
