"""What a label can be for a splitter: one of its task's classes, one of its bins, or missing."""

from typing import Any

import numpy as np
from scipy.stats import rankdata
from sklearn.utils import indexable

from sktl.utils._labels import LabelTable, read_labels
from sktl.utils._warn import warn_user

__all__ = ["N_BINS", "label_states", "read_states"]

# Bins of equal count for numbers. Five keep the mean and both tails of a target alike from part to part; with more,
# a part of thirty samples holds only a few of each bin, and there is little left to balance.
N_BINS = 5
# Whole numbers are classes as long as one occurs this often on average; else they count things, and are binned.
MIN_PER_CLASS = 2


def read_states(X: Any, y: Any, groups: Any, name: str) -> np.ndarray:
    """Return the state of each label (n_samples, n_tasks), once X and y were found to be of one length."""
    if y is None:
        raise ValueError(f"{name} balances labels and needs them: call split(X, y)")
    if groups is not None:
        warn_user(
            f"{name} does not look at groups: samples of one group may come to lie on both sides",
            UserWarning,
        )
    indexable(X, y)
    return label_states(read_labels(y))


def label_states(table: LabelTable) -> np.ndarray:
    """Return the state of each label (n_samples, n_tasks), numbered through over all tasks.

    Examples
    --------
    >>> from sktl.model_selection._states import label_states
    >>> from sktl.utils._labels import read_labels
    >>> label_states(read_labels([[1, "a"], [None, "b"], [0, None], [1, "b"], [0, "a"]]))
    array([[2, 4],
           [0, 5],
           [1, 3],
           [2, 5],
           [1, 4]])
    """
    states = np.empty(table.labelled.shape, dtype=np.intp)
    first = 0
    for task in range(table.n_tasks):
        there = table.labelled[:, task]
        numbers = _numbers(table.of(task))
        states[~there, task] = first
        states[there, task] = first + 1 + numbers
        first += 2 + int(numbers.max(initial=-1))
    return states


def _numbers(values: np.ndarray) -> np.ndarray:
    """Return the number of each value's class, or of its bin."""
    classes, numbers = np.unique(values, return_inverse=True)
    if values.dtype.kind not in "iuf":
        return numbers
    is_whole = values.dtype.kind != "f" or bool((values == np.floor(values)).all())
    if is_whole and len(classes) * MIN_PER_CLASS <= len(values):
        return numbers
    # Values that are equal share a rank, and so a bin.
    return ((rankdata(values) - 0.5) / len(values) * N_BINS).astype(np.intp)
