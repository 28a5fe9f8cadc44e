"""Intervals and verdicts for differences on the same splits."""

import numpy as np

from sktl.model_selection import SingleTaskComparison

__all__ = ["Paired", "compare_paired"]

Paired = SingleTaskComparison


def compare_paired(first: np.ndarray, second: np.ndarray, test_to_train: float, confidence: float) -> Paired:
    """Return means, corrected intervals and verdicts of ``first - second``, both (n_splits, n_comparisons).

    What a comparison of tasks says of each task is said here of each column.
    """
    n_columns = first.shape[1]
    return SingleTaskComparison(
        tasks=tuple(str(number) for number in range(n_columns)),
        metrics=("score",) * n_columns,
        joint=first,
        single=second,
        n_labelled=np.zeros(n_columns, dtype=int),
        n_positive=np.full(n_columns, np.nan),
        test_to_train=test_to_train,
        confidence=confidence,
    )
