"""Linear heads that learn from more data nearly what a fit to all of them would teach."""

import contextlib
import dataclasses
import functools
import math

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, softmax

from sktl.training._logistic import THREADS_PAY
from sktl.utils._blas import one_blas_thread

__all__ = ["HeadMemory", "remember", "solve_with_memory"]

# Directions in which a head remembers how sure its samples made it. Of ten classes of pictures in eight parts, 16 did
# as well as all of them.
RANK = 32
MAX_ITER, TOLERANCE = 500, 1e-4  # of L-BFGS; the largest entry of the gradient of a sum over samples


@dataclasses.dataclass(frozen=True)
class HeadMemory:
    """What a linear head knows of the samples that taught it.

    Parameters
    ----------
    seen : ndarray of shape (n_classes,), or (1,) for numbers
        The samples of each class, or all of them.
    ridge : float
        The penalty of the weights, beside the sum of the losses of all samples.
    ridge_per_sample : float
        What each further sample adds to it: 0 where "auto" chose it.
    root : ndarray of shape (n_rows, n_features + 1) or None
        R, with RᵀR near the curvature of the sum of losses in weights and intercept. None: not known.
    shift, scale : ndarray of shape (n_features,) or None
        Features less the shift, over the scale, are what R is for.
    """

    seen: np.ndarray
    ridge: float
    ridge_per_sample: float
    root: np.ndarray | None = None
    shift: np.ndarray | None = None
    scale: np.ndarray | None = None

    def weighed(self, factor: float) -> "HeadMemory":
        """Return what would be known if each of these samples had weighed a factor more."""
        root = None if self.root is None else math.sqrt(factor) * self.root
        return dataclasses.replace(self, seen=factor * self.seen, ridge=factor * self.ridge, root=root)

    def standardised(self, features: np.ndarray) -> np.ndarray:
        """Return features (n, n_features) as R takes them, with a last column of 1 for the intercept."""
        assert self.shift is not None
        return np.column_stack([(features - self.shift) / self.scale, np.ones(len(features))])


def remember(
    memory: HeadMemory,
    features: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray,
    kind: str,
) -> HeadMemory:
    """Return a memory that has the samples of a part in it, behind which the head is (weight, bias).

    Parameters
    ----------
    memory : HeadMemory
        Of the samples before, or of none.
    features : ndarray of shape (n_samples, n_features)
    targets, weights : ndarray of shape (n_samples,)
        Numbers of classes, or standardised numbers; weights of the samples, 1 on the mean over all so far.
    weight, bias : ndarray of shapes (n_outputs, n_features) and (n_outputs,)
    kind : {"binary", "multiclass", "regression"}
    """
    numbers = np.zeros(len(targets), dtype=int) if kind == "regression" else targets.astype(int)
    seen = memory.seen + np.bincount(numbers, weights=weights, minlength=len(memory.seen))
    outputs = features @ weight.T + _with_chances(seen, bias)
    rows = _curvature_rows(memory.standardised(features), weights, outputs, kind)
    root = rows if memory.root is None else np.vstack([memory.root, rows])
    ridge = memory.ridge + memory.ridge_per_sample * float(weights.sum())
    return dataclasses.replace(memory, seen=seen, ridge=ridge, root=_of_lower_rank(root).astype(np.float32))


def solve_with_memory(
    memory: HeadMemory,
    features: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray,
    kind: str,
) -> tuple[np.ndarray, np.ndarray, float, int]:
    """Return weight and bias of the head for the samples before and those of a part, its mean loss on these, and steps.

    The sum of the losses before is taken as the parabola that fits it where the head is now (Laplace), as in the
    sequential updating of Spiegelhalter and Lauritzen (1990), with one curvature for all classes. Where it is not
    known, the samples before are taken to be like these. Parameters are those of ``remember``.
    """
    x = memory.standardised(features)
    start = np.column_stack([weight * memory.scale, _with_chances(memory.seen, bias) + weight @ memory.shift])
    root = memory.root
    if root is None:
        share = memory.seen.sum() / weights.sum()
        root = np.sqrt(share) * _curvature_rows(x, weights, x @ start.T, kind)
    axes = _axes(np.vstack([root, x]))
    x, root, outputs = x @ axes.T, root @ axes.T, x @ start.T
    fresh = memory.ridge_per_sample * float(weights.sum())
    objective = functools.partial(
        _objective, x, outputs, targets, weights, root, start, axes, memory.ridge, fresh, kind
    )
    options = {"maxiter": MAX_ITER, "gtol": TOLERANCE}
    with one_blas_thread() if x.size * len(start) < THREADS_PAY else contextlib.nullcontext():
        found = minimize(objective, np.zeros(start.shape[0] * len(axes)), jac=True, method="L-BFGS-B", options=options)
    step = found.x.reshape(len(start), -1)
    losses, _ = _losses_and_errors(outputs + x @ step.T, targets, kind)
    whole = start + step @ axes
    new = whole[:, :-1] / memory.scale
    return new, whole[:, -1] - new @ memory.shift, float(np.average(losses, weights=weights)), int(found.nit)


def _objective(x, outputs, targets, weights, root, start, axes, ridge, fresh, kind, flat):
    """Return the sum of the losses and the penalties of a step along the axes, and its gradient.

    Intercepts, the last of the numbers, are bent by the curvature and have no penalty.
    """
    step = flat.reshape(len(start), -1)
    losses, errors = _losses_and_errors(outputs + x @ step.T, targets, kind)
    bent, whole = step @ root.T, step @ axes
    stepped, moved = whole[:, :-1], start[:, :-1] + whole[:, :-1]
    penalty = ridge * np.vdot(stepped, stepped) + fresh * np.vdot(moved, moved)
    loss = weights @ losses + 0.5 * (np.vdot(bent, bent) + penalty)
    gradient = (errors * weights[:, None]).T @ x + bent @ root + (ridge * stepped + fresh * moved) @ axes[:, :-1].T
    return loss, gradient.ravel()


def _losses_and_errors(outputs: np.ndarray, targets: np.ndarray, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Return each sample's loss (n,) and its gradient in the outputs (n, n_outputs)."""
    if kind == "regression":
        errors = outputs - targets[:, None]
        return 0.5 * np.square(errors[:, 0]), errors
    if kind == "binary":
        z = outputs[:, 0]
        return np.logaddexp(0, z) - targets * z, (expit(z) - targets)[:, None]
    places, numbers = np.arange(len(outputs)), targets.astype(int)
    errors = softmax(outputs, axis=1)
    largest = outputs.max(axis=1)
    losses = np.log(np.exp(outputs - largest[:, None]).sum(axis=1)) + largest - outputs[places, numbers]
    errors[places, numbers] -= 1
    return losses, errors


def _curvature_rows(x: np.ndarray, weights: np.ndarray, outputs: np.ndarray, kind: str) -> np.ndarray:
    """Return rows r with Σ rᵀr the second derivative of the losses in an output's weights, the mean over outputs."""
    if kind == "regression":
        second = np.ones(len(x))
    else:
        chances = expit(outputs) if kind == "binary" else softmax(outputs, axis=1)
        second = (chances * (1 - chances)).mean(axis=1)
    return np.sqrt(weights * second)[:, None] * x


def _with_chances(seen: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Return intercepts in which classes that were never seen are as likely as half a sample makes them."""
    if (seen > 0).all() or not seen.any():
        return bias
    chance = np.log(2 * seen.sum() / np.count_nonzero(seen))
    if len(bias) == 1:
        return np.array([-chance if seen[1] == 0 else chance])
    return np.where(seen > 0, bias, bias[seen > 0].mean() - chance)


def _of_lower_rank(root: np.ndarray) -> np.ndarray:
    """Return the largest of the directions of R, which then are rows."""
    if len(root) <= RANK:
        return root
    axes = _axes(root)
    coordinates = root @ axes.T
    values, vectors = np.linalg.eigh(coordinates.T @ coordinates)
    keep = slice(max(0, len(values) - RANK), None)
    return np.sqrt(np.maximum(values[keep], 0))[:, None] * (vectors[:, keep].T @ axes)


def _axes(rows: np.ndarray) -> np.ndarray:
    """Return axes (n_axes, n_columns) that rows span, or those of the columns where these are no more."""
    if len(rows) >= rows.shape[1]:
        return np.eye(rows.shape[1])
    values, vectors = np.linalg.eigh(rows @ rows.T)
    keep = values > values[-1] * 1e-10
    return (vectors[:, keep] / np.sqrt(values[keep])).T @ rows
