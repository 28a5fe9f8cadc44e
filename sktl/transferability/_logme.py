"""The evidence that features hold of labels."""

from typing import Any

import numpy as np
from scipy import linalg
from scipy.optimize import minimize_scalar
from sklearn.utils import check_array, check_consistent_length, column_or_1d

__all__ = ["logme"]

KINDS = ("classification", "regression")
# Axes with a smaller share of the largest eigenvalue are rounding.
LEAST_EIGENVALUE = 1e-10
# Where α/β is sought, as a share of the largest eigenvalue of FᵀF: far below the smallest axis that is kept, where the
# prior says nothing, and far above the largest, where the features say nothing.
LOG_SHARES = np.linspace(np.log(1e-14), np.log(1e6), 120)
# The least misfit, as a share of ‖y‖², below which an exact fit would make the evidence endless.
LEAST_MISFIT = 1e-12


def logme(features: Any, y: Any, kind: str = "classification") -> float:
    """Return LogME: how well a linear model on the features explains the labels, without fitting a head.

    It is the logarithm of the evidence per sample of Bayesian linear regression, p(y | F) = ∫ p(y | F, w) p(w) dw with
    w ~ N(0, I/α) and y | w ~ N(Fw, I/β), at the α and β that make it largest [1]_. Classes are numbers 0 and 1, one
    class against the rest, and the mean over classes is taken. There is no intercept, and nothing is centred or scaled.

    Parameters
    ----------
    features : array-like of shape (n_samples, n_features)
        What a network makes of the samples.
    y : array-like of shape (n_samples,)
        Labels, or numbers.
    kind : {"classification", "regression"}, default="classification"
        What y holds.

    Returns
    -------
    float
        More is better. Only values for the same y can be compared: in regression they depend on its unit.

    Raises
    ------
    ValueError
        Where ``kind`` is neither of the two, shapes do not fit, something is not finite, or y holds one value only.

    See Also
    --------
    rank_backbones : A ranking by cross-validated heads, with LogME beside them.

    Notes
    -----
    With n samples, D features, the eigenvalues σ_i of FᵀF above 0, and u_i the matching left singular vectors, the
    evidence is largest over β at β = n / R(t) for a given t = α/β, where R(t) is the misfit of ridge regression with
    the penalty t, its penalty included:

        2 log p / n = log(n / R(t)) − 1 − log 2π − Σ_i log(1 + σ_i / t) / n,
        R(t) = ‖y‖² − Σ_i (u_iᵀ y)² σ_i / (σ_i + t)

    What is left is a search along t, so that the result is the maximum itself and not where an iteration was stopped.

    References
    ----------
    .. [1] K. You, Y. Liu, J. Wang and M. Long, "LogME: Practical Assessment of Pre-trained Models for Transfer
       Learning", ICML 2021.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.transferability import logme
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(3, size=100)
    >>> noise = rng.normal(size=(100, 8))
    >>> informed = noise + np.eye(8)[y]
    >>> round(logme(noise, y), 3), round(logme(informed, y), 3)
    (-0.867, -0.799)
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be 'classification' or 'regression', got {kind!r}")
    features = check_array(features, dtype=np.float64, input_name="features")
    y = column_or_1d(y)
    check_consistent_length(features, y)
    values, numbers = np.unique(y, return_inverse=True)
    if len(values) < 2:
        raise ValueError(f"y holds one value only, {values.tolist()}: nothing tells good features from bad ones")
    targets = np.eye(len(values))[numbers] if kind == "classification" else check_array(y[:, None], dtype=np.float64)
    eigenvalues, projections = _project(features, targets)
    lengths = (targets**2).sum(axis=0)
    each = [_largest_evidence(eigenvalues, *one, len(y)) for one in zip(projections.T, lengths, strict=True)]
    return float(np.mean(each))


def _project(features: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the eigenvalues (n_axes,) of FᵀF above 0, and the squares (n_axes, n_targets) of u_iᵀ y."""
    if features.shape[0] >= features.shape[1]:
        values, vectors = linalg.eigh(features.T @ features)
        crossed = vectors.T @ (features.T @ targets)  # √σ_i u_iᵀ y
        keep = _above_rounding(values)
        return values[keep], crossed[keep] ** 2 / values[keep, None]
    values, vectors = linalg.eigh(features @ features.T)
    keep = _above_rounding(values)
    return values[keep], (vectors[:, keep].T @ targets) ** 2


def _above_rounding(values: np.ndarray) -> np.ndarray:
    return values > max(values[-1], 0) * LEAST_EIGENVALUE


def _largest_evidence(eigenvalues: np.ndarray, projections: np.ndarray, length: float, n_samples: int) -> float:
    """Return the largest log evidence per sample of one target with the squared length ``length``."""
    outside = max(length - projections.sum(), 0.0)  # what no weights explain

    def evidence(log_t: float) -> float:
        t = np.exp(log_t)
        misfit = max(outside + (projections * t / (eigenvalues + t)).sum(), LEAST_MISFIT * length)
        size = np.log1p(eigenvalues / t).sum() / n_samples
        return float(np.log(n_samples / misfit) - 1 - np.log(2 * np.pi) - size) / 2

    places = LOG_SHARES + np.log(eigenvalues.max(initial=0) or 1.0)
    found = [evidence(place) for place in places]
    best = int(np.argmax(found))
    around = places[max(best - 1, 0)], places[min(best + 1, len(places) - 1)]
    return max(
        found[best], -float(minimize_scalar(lambda place: -evidence(place), bounds=around, method="bounded").fun)
    )
