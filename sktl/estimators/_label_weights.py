"""Weights of labels."""

import dataclasses
from typing import Any

import numpy as np
from sklearn.utils.validation import _check_sample_weight, _num_samples, check_array

from sktl.utils._labels import LabelTable

__all__ = ["LabelWeights", "read_weights"]


@dataclasses.dataclass(frozen=True)
class LabelWeights:
    """The weight of each label, and which labels count.

    Parameters
    ----------
    values : ndarray of shape (n_samples, n_tasks)
        The weights. They may be multiplied in place.
    labelled : ndarray of bool of shape (n_samples, n_tasks)
        Whether a label is there and its weight is not 0.
    """

    values: np.ndarray
    labelled: np.ndarray

    @property
    def counted(self) -> np.ndarray:
        """The indices of the samples with a label that counts."""
        return np.flatnonzero(self.labelled.any(axis=1))

    def subset(self, indices: np.ndarray) -> "LabelWeights":
        """Return the weights of the samples at ``indices``."""
        return LabelWeights(self.values[indices], self.labelled[indices])


def read_weights(sample_weight: Any, X: Any, labels: LabelTable) -> LabelWeights:
    """Return the weight of each label.

    Parameters
    ----------
    sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), or None
        Weights of samples, or of labels. Those of missing labels may be NaN.
    X : array-like
        The samples.
    labels : LabelTable
        The labels.

    Raises
    ------
    ValueError
        Where weights are negative, all zero, infinite, no numbers, or of another shape.
    """
    shape = labels.labelled.shape
    if sample_weight is None:
        return LabelWeights(np.ones(shape), labels.labelled.copy())
    sample_weight = np.asarray(sample_weight)
    if sample_weight.dtype.kind not in "biufO":
        raise ValueError(f"sample_weight must hold numbers, got {sample_weight.tolist()!r:.60}")
    if sample_weight.ndim not in (1, 2):
        raise ValueError(_shape_message(shape, sample_weight.shape))
    if sample_weight.ndim < 2:
        weights = _check_sample_weight(sample_weight, np.empty(_num_samples(X)), dtype=np.float64)
        if (weights < 0).any():
            raise ValueError(f"Negative values in data passed to `sample_weight`: {weights.min()} is the least")
        values = np.repeat(weights[:, None], shape[1], axis=1)
    else:
        values = _weights_of_labels(sample_weight, labels)
    labelled = labels.labelled & (values > 0)
    if labels.labelled.any() and not labelled.any():
        raise ValueError("all entries of sample_weight are zero: at least one sample must count")
    return LabelWeights(values, labelled)


def _weights_of_labels(sample_weight: Any, labels: LabelTable) -> np.ndarray:
    """Return weights (n_samples, n_tasks), 0 where a label is missing."""
    values = check_array(sample_weight, dtype=np.float64, ensure_all_finite=False, input_name="sample_weight")
    if values.shape != labels.labelled.shape:
        raise ValueError(_shape_message(labels.labelled.shape, values.shape))
    for name, column, there in zip(labels.names, values.T, labels.labelled.T, strict=True):
        bad = there & ~(np.isfinite(column) & (column >= 0))
        if bad.any():
            raise ValueError(
                f"sample_weight of task {name!r} holds {column[bad][0]} at sample {int(np.flatnonzero(bad)[0])}: "
                "weights of labels must be 0 or more, and finite"
            )
    return np.where(labels.labelled, values, 0.0)


def _shape_message(expected: tuple[int, ...], found: tuple[int, ...]) -> str:
    return f"sample_weight must be of shape (n_samples,) or (n_samples, n_tasks) = {expected}, got {found}"
