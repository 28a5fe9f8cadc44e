"""Weights of classes."""

import numpy as np

__all__ = ["class_weights"]


def class_weights(
    class_weight: dict | str | None, classes: np.ndarray, numbers: np.ndarray, weights: np.ndarray
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

    Raises
    ------
    ValueError
        Where a factor is given to a label that does not occur, or is negative.
    """
    if class_weight is None:
        return np.ones(len(classes))
    if class_weight == "balanced":
        shares = np.bincount(numbers, weights=weights, minlength=len(classes))
        return weights.sum() / (len(classes) * shares)
    labels = classes.tolist()
    unknown = [label for label in class_weight if label not in labels]
    if unknown:
        raise ValueError(f"class_weight names {unknown}, but y holds {labels}")
    factors = np.array([class_weight.get(label, 1.0) for label in labels], dtype=float)
    if (factors < 0).any():
        raise ValueError(f"class_weight must not be negative, got {class_weight}")
    return factors
