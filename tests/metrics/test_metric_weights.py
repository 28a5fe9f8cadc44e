"""Weights of samples and of labels."""

import numpy as np
import pytest

from sktl.metrics._weights import read_weights
from sktl.utils._labels import read_labels

TABLE = read_labels([[0, 1], [1, None], [None, 0]])


def test_of_samples_and_of_labels():
    """Weights of samples are those of each of their labels; what stands beside a missing one is ignored."""
    assert read_weights(None, TABLE, "ab") is None
    assert read_weights([1, 2, 3], TABLE, "ab").tolist() == [[1, 1], [2, 2], [3, 3]]
    of_labels = read_weights([[1, 2], [3, np.nan], [-1, 4]], TABLE, "ab")
    assert of_labels[TABLE.labelled].tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("weights", [[1, 2], [[1, 2, 3]], np.ones((3, 1)), 1.0])
def test_shape(weights):
    """Other shapes are refused."""
    with pytest.raises(ValueError, match=r"sample_weight must be of shape \(3,\) or \(3, 2\), as y is, got"):
        read_weights(weights, TABLE, "ab")


@pytest.mark.parametrize("wrong", [-1, np.nan, np.inf])
def test_values(wrong):
    """A weight that is none is named by its sample and task."""
    with pytest.raises(ValueError, match=f"must be 0 or more, got {wrong}.* for sample 2 in task 'b'"):
        read_weights([[1, 1], [1, 1], [1, wrong]], TABLE, "ab")
