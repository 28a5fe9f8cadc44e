"""Splits from what users give as ``cv``."""

import numbers
from typing import Any

import numpy as np
from sklearn.model_selection import check_cv

from sktl.model_selection._stratified_kfold import MultiTaskStratifiedKFold

__all__ = ["N_FOLDS", "read_folds"]

N_FOLDS = 5  # as in scikit-learn

Fold = tuple[np.ndarray, np.ndarray]  # the training and the test samples


def read_folds(cv: Any, X: Any, y: Any, groups: Any) -> list[Fold]:
    """Return the splits of ``cv``; a number stands for so many balanced folds, always the same."""
    if cv is None or isinstance(cv, numbers.Integral):
        cv = MultiTaskStratifiedKFold(N_FOLDS if cv is None else int(cv), random_state=0)
    return list(check_cv(cv).split(X, y, groups))
