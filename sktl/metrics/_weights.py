"""Weights of samples, or of single labels."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sktl.utils._labels import LabelTable

__all__ = ["read_weights"]


def read_weights(sample_weight: Any, table: LabelTable, names: Sequence[str]) -> np.ndarray | None:
    """Return the weight of every label (n_samples, n_tasks), or None where none are given.

    Parameters
    ----------
    sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), or None
        Of samples, or of labels. What stands beside a missing label is not looked at.
    table : LabelTable
        The labels.
    names : sequence of str
        The tasks.

    Raises
    ------
    ValueError
        Where they are of another shape, or one is negative, NaN or infinite.
    """
    if sample_weight is None:
        return None
    weights = np.asarray(sample_weight, dtype=float)
    shape = (len(table), table.n_tasks)
    if weights.shape not in (shape[:1], shape):
        raise ValueError(f"sample_weight must be of shape {shape[:1]} or {shape}, as y is, got {weights.shape}")
    weights = np.broadcast_to(weights[:, None] if weights.ndim == 1 else weights, shape)
    wrong = table.labelled & ~(np.isfinite(weights) & (weights >= 0))
    if wrong.any():
        sample, task = np.argwhere(wrong)[0]
        raise ValueError(
            f"sample_weight must be 0 or more, got {weights[sample, task]} for sample {sample} in task {names[task]!r}"
        )
    return weights
