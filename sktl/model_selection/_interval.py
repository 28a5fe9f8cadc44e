"""How far a mean difference over folds can be trusted."""

import numpy as np
from scipy.stats import t as student

__all__ = ["corrected_interval"]


def corrected_interval(
    differences: np.ndarray, test_to_train: float, confidence: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds (n_tasks,) of a confidence interval for mean differences between two learners.

    The training samples of folds overlap, so that the differences depend on each other, and the variance of their mean
    is more than σ² / k. Nadeau and Bengio (2003) take σ² (1/k + n_test / n_train) in its place, with Student's t of
    k − 1 degrees of freedom.

    Parameters
    ----------
    differences : ndarray of shape (n_folds, n_tasks)
        NaN where a fold has none.
    test_to_train : float
        n_test / n_train; 1 / (k − 1) for k folds.
    confidence : float
        In (0, 1).

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.model_selection._interval import corrected_interval
    >>> low, high = corrected_interval(np.array([[0.01], [0.03], [0.02], [0.02], [0.02]]), 0.25, 0.95)
    >>> low.round(4), high.round(4)
    (array([0.0068]), array([0.0332]))
    """
    there = ~np.isnan(differences)
    n_folds = there.sum(axis=0)
    enough = n_folds > 1
    filled = np.where(there, differences, 0)
    mean = filled.sum(axis=0) / np.maximum(n_folds, 1)
    variance = (np.where(there, differences - mean, 0) ** 2).sum(axis=0) / np.maximum(n_folds - 1, 1)
    error = np.sqrt(variance * (1 / np.maximum(n_folds, 1) + test_to_train))
    reach = student.ppf((1 + confidence) / 2, np.maximum(n_folds - 1, 1)) * error
    return np.where(enough, mean - reach, np.nan), np.where(enough, mean + reach, np.nan)
