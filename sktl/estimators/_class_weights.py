"""Weights of classes."""

import numbers as kinds
from typing import Any

import numpy as np

from sktl.estimators._by_task import show

__all__ = ["class_weights", "is_by_task"]


def is_by_task(class_weight: Any) -> bool:
    """Return whether the parameter is a dict by the names of tasks: weights of classes are numbers.

    Examples
    --------
    >>> from sktl.estimators._class_weights import is_by_task
    >>> is_by_task({"cat": 2.0}), is_by_task({"animal": {"cat": 2.0}})
    (False, True)
    """
    return isinstance(class_weight, dict) and not all(isinstance(one, kinds.Real) for one in class_weight.values())


def class_weights(
    class_weight: dict | str | None, classes: np.ndarray, numbers: np.ndarray, weights: np.ndarray, what: str = "y"
) -> np.ndarray:
    """Return the factor of each class (n_classes,).

    Parameters
    ----------
    class_weight : dict, "balanced" or None
        Factors by label (1 where none is given); or equal shares: Σ w / (n_classes · Σ w of the class).
    classes : ndarray of shape (n_classes,)
        The labels.
    numbers : ndarray of shape (n_samples,)
        The number of each sample's class.
    weights : ndarray of shape (n_samples,)
        The weights of the samples.
    what : str, default="y"
        What messages call the labels.

    Raises
    ------
    ValueError
        Where a factor is given to a label that does not occur, is negative or no number, all are zero, or a word is
        none that is known.
    """
    if class_weight is None:
        return np.ones(len(classes))
    if class_weight == "balanced":
        shares = np.bincount(numbers, weights=weights, minlength=len(classes))
        # A class that heads tells of and that no label is of has nothing to weigh.
        return np.divide(weights.sum(), len(classes) * shares, out=np.ones(len(classes)), where=shares > 0)
    if not isinstance(class_weight, dict):
        raise ValueError(f"class_weight must be a dict, 'balanced' or None, got {class_weight!r} for {what}")
    labels = classes.tolist()
    unknown = [label for label in class_weight if label not in labels]
    if unknown:
        raise ValueError(f"class_weight names [{', '.join(map(show, unknown))}], but {what} holds {labels}")
    factors = np.array([class_weight.get(label, 1.0) for label in labels], dtype=float)
    if not (np.isfinite(factors) & (factors >= 0)).all():
        raise ValueError(f"class_weight must be 0 or more, and finite, got {class_weight} for {what}")
    if not factors.any():
        raise ValueError(f"class_weight is 0 for all classes of {what}, {labels}: at least one must count")
    return factors
