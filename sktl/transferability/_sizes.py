"""Training sets of several sizes, the small ones within the large ones."""

import numbers
from collections.abc import Iterable
from typing import Any

import numpy as np
from sklearn.utils import _safe_indexing

from sktl.model_selection import MultiTaskStratifiedShuffleSplit

__all__ = ["nested_subsets", "read_sizes"]


def read_sizes(sizes: Any, n_train: int) -> np.ndarray:
    """Return sizes as counts, each once and the smallest first.

    Parameters
    ----------
    sizes : iterable of int or float
        Counts; or shares in (0, 1] of the training samples, if they are floats.
    n_train : int
        Training samples in the smallest split.

    Raises
    ------
    TypeError
        Where ``sizes`` is no iterable of numbers.
    ValueError
        Where there is none, a share is out of range, or a count is below 2 or above ``n_train``.
    """
    if not isinstance(sizes, Iterable) or isinstance(sizes, str):
        raise TypeError(f"sizes must be a list of counts or of shares of the training samples, got {sizes!r}")
    counts = sorted({_count(size, n_train) for size in sizes})
    if not counts:
        raise ValueError("sizes is empty: give at least one")
    return np.array(counts)


def _count(size: Any, n_train: int) -> int:
    if isinstance(size, numbers.Integral) and not isinstance(size, bool):
        count = int(size)
        if not 2 <= count <= n_train:
            raise ValueError(f"sizes must lie between 2 and the {n_train} training samples of a split, got {count}")
        return count
    if not isinstance(size, numbers.Real) or isinstance(size, bool):
        raise TypeError(f"sizes must hold counts or shares of the training samples, got {size!r}")
    share = float(size)
    if not 0 < share <= 1:
        raise ValueError(f"sizes that are no whole numbers are shares of the training samples in (0, 1], got {share}")
    return max(2, round(share * n_train))


def nested_subsets(train: np.ndarray, y: Any, sizes: np.ndarray, seed: int) -> list[np.ndarray]:
    """Return a subset of the training samples for each size, in order, each within the next larger one.

    In each, every class of every task, and what is missing, is as frequent as in the one that it is drawn from.
    """
    subsets: list[np.ndarray] = []
    for size in sizes[::-1]:
        if size < len(train):
            splitter = MultiTaskStratifiedShuffleSplit(1, train_size=int(size), random_state=seed)
            kept, _ = next(splitter.split(train, _safe_indexing(y, train)))
            train = np.sort(train[kept])
        subsets.append(train)
    return subsets[::-1]
