"""Logistic regression for a path of penalties."""

import contextlib
import functools
from collections.abc import Callable, Sequence

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from sktl.utils._blas import one_blas_thread

__all__ = ["solve_logistic"]

MAX_ITER = 2_000
# Multiplications of one pass over the data from which on threads may pay. Below, one is up to eight times as fast as
# two (OpenBLAS, ten classes).
THREADS_PAY = 1e8
MEMORY = 10  # pairs of steps and gradients that L-BFGS keeps, as it does in scikit-learn

Objective = Callable[[np.ndarray, float], tuple[float, np.ndarray]]


def solve_logistic(
    x: np.ndarray, targets: np.ndarray, weights: np.ndarray, penalties: Sequence[float], tolerance: float
) -> list[tuple[np.ndarray, np.ndarray, int]]:
    """Return the W and b with the least Σ w_i loss_i / Σ w_i + λ/2 ‖W‖² for each λ, each solved from the one before.

    That is scikit-learn's ``LogisticRegression``, which checks its input at each λ for as long as it then computes.

    Parameters
    ----------
    x : ndarray of shape (n_samples, n_features)
    targets : ndarray of int, shape (n_samples,)
        The classes' numbers, each of which is there.
    weights : ndarray of shape (n_samples,)
    penalties : sequence of float
        The λ.
    tolerance : float
        The largest entry of the gradient at which a solution is good enough.

    Returns
    -------
    list of (W, b, n_iter)
        W (n_outputs, n_features) and b (n_outputs,), with a single output for two classes, and the iterations. Where
        next to no penalty lets W grow without end, the last of 2,000 iterations is as good as any.
    """
    n_classes, shares = int(targets.max()) + 1, weights / weights.sum()
    n_outputs = 1 if n_classes == 2 else n_classes
    objective: Objective = functools.partial(_binary if n_outputs == 1 else _multiclass, x, targets, shares)
    found = np.zeros(n_outputs * (x.shape[1] + 1))
    options = {"maxiter": MAX_ITER, "gtol": tolerance, "ftol": 64 * np.finfo(float).eps, "maxls": 50, "maxcor": MEMORY}
    path = []
    with one_blas_thread() if x.size * n_outputs < THREADS_PAY else contextlib.nullcontext():
        for penalty in penalties:
            result = minimize(objective, found, args=(penalty,), jac=True, method="L-BFGS-B", options=options)
            found = result.x
            coef = found.reshape(n_outputs, -1)
            path.append((coef[:, :-1].copy(), coef[:, -1].copy(), int(result.nit)))
    return path


def _binary(
    x: np.ndarray, targets: np.ndarray, shares: np.ndarray, flat: np.ndarray, penalty: float
) -> tuple[float, np.ndarray]:
    """Return the objective and its gradient for one output, whose parameters are W and b in a row."""
    coef = flat[:-1]
    outputs = x @ coef + flat[-1]
    loss = shares @ (np.logaddexp(0, outputs) - targets * outputs) + 0.5 * penalty * (coef @ coef)
    errors = shares * (expit(outputs) - targets)
    return loss, np.append(x.T @ errors + penalty * coef, errors.sum())


def _multiclass(
    x: np.ndarray, targets: np.ndarray, shares: np.ndarray, flat: np.ndarray, penalty: float
) -> tuple[float, np.ndarray]:
    """Return the objective and its gradient for an output per class, each with its W and b in a row."""
    rows = flat.reshape(-1, x.shape[1] + 1)
    coef, places = rows[:, :-1], np.arange(len(x))
    outputs = x @ coef.T + rows[:, -1]
    outputs -= outputs.max(axis=1, keepdims=True)
    likelihoods = np.exp(outputs)
    sums = likelihoods.sum(axis=1)
    loss = shares @ (np.log(sums) - outputs[places, targets]) + 0.5 * penalty * np.vdot(coef, coef)
    errors = likelihoods * (shares / sums)[:, None]
    errors[places, targets] -= shares
    gradient = np.empty_like(rows)
    gradient[:, :-1] = errors.T @ x + penalty * coef
    gradient[:, -1] = errors.sum(axis=0)
    return loss, gradient.ravel()
