"""Splits, and the seed that they are drawn by."""

import numbers
from typing import Any

import numpy as np
from sklearn.model_selection import check_cv
from sklearn.utils import check_random_state

from sktl.model_selection import MultiTaskStratifiedKFold

__all__ = ["Split", "as_seed", "read_splits", "size_ratio"]

N_FOLDS = 5  # as in scikit-learn

Split = tuple[np.ndarray, np.ndarray]  # the training and the test samples


def as_seed(random_state: Any) -> int:
    """Return an int, which can be used again and again: the one given, or one that is drawn."""
    if isinstance(random_state, numbers.Integral):
        return int(random_state)
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


def read_splits(cv: Any, y: Any, n_samples: int, seed: int) -> list[Split]:
    """Return the splits of ``cv``; a number stands for so many balanced folds, None for 5."""
    if cv is None or isinstance(cv, numbers.Integral):
        cv = MultiTaskStratifiedKFold(N_FOLDS if cv is None else int(cv), random_state=seed)
    return list(check_cv(cv).split(np.empty((n_samples, 0)), y))


def size_ratio(splits: list[Split]) -> float:
    """Return the test samples per training sample, averaged over splits."""
    return float(np.mean([len(test) / len(train) for train, test in splits]))
