"""Linear heads at their optimum."""

import dataclasses
import warnings

import numpy as np
from scipy.special import log_softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, StratifiedKFold

from sktl.training._rotate import rotate

__all__ = ["LinearProbe", "solve_linear_probe"]

# The penalties that "auto" tries, for features of mean squared length 1, the strongest first. At 1 next to nothing is
# learned, and at 1e-7 the training data are separated wherever they can be.
PENALTIES = 10.0 ** np.arange(0, -7.5, -0.5)
N_FOLDS = 5
# With more samples the best penalty no longer moves by a step of the grid, and folds cost seconds.
MAX_SAMPLES_TO_CHOOSE = 4_000
DEFAULT_PENALTY = 1e-3  # where there are too few samples for folds; the middle of what pictures chose
FOLD_TOLERANCE, TOLERANCE = 1e-3, 1e-6  # largest entry of the gradient at the optimum
MAX_ITER = 2_000


@dataclasses.dataclass(frozen=True)
class LinearProbe:
    """A linear head at its optimum.

    Parameters
    ----------
    weight : ndarray of shape (n_outputs, n_features)
    bias : ndarray of shape (n_outputs,)
    penalty : float
        The λ it was solved for.
    loss : float
        The weighted mean loss over the training samples, without the penalty.
    n_iter : int
        Iterations of the solver.
    """

    weight: np.ndarray
    bias: np.ndarray
    penalty: float
    loss: float
    n_iter: int


def solve_linear_probe(
    features: np.ndarray, targets: np.ndarray, weights: np.ndarray, *, kind: str, penalty: float | str, seed: int
) -> LinearProbe:
    """Return the linear head with the least Σ w_i loss_i / Σ w_i + λ/2 · s² ‖W‖², s² the features' mean squared length.

    Features are centred, and the intercept is not penalised. Logistic losses are solved by L-BFGS, squared errors in
    closed form.

    Parameters
    ----------
    features : ndarray of shape (n_samples, n_features)
    targets : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        The classes' numbers, or standardised numbers.
    weights : ndarray of shape (n_samples,)
    kind : {"binary", "multiclass", "regression"}
        The kind of loss.
    penalty : float or "auto"
        λ. "auto" takes the one with the least loss on held-out folds.
    seed : int
        Of the folds.
    """
    rotated = rotate(features, weights)
    solve = _solve_ridge if kind == "regression" else _solve_logistic
    if penalty == "auto":
        penalty = _choose_penalty(rotated.coordinates, targets, weights, kind, seed)
    coef, intercept, n_iter = solve(rotated.coordinates, targets, weights, [float(penalty)], TOLERANCE)[-1]
    outputs = rotated.coordinates @ coef.T + intercept
    weight, bias = rotated.to_features(coef, intercept)
    return LinearProbe(weight, bias, float(penalty), _mean_loss(outputs, targets, weights, kind), n_iter)


def _choose_penalty(x: np.ndarray, targets: np.ndarray, weights: np.ndarray, kind: str, seed: int) -> float:
    """Return the penalty with the least loss on held-out folds."""
    if len(x) > MAX_SAMPLES_TO_CHOOSE:
        chosen = np.random.default_rng(seed).permutation(len(x))[:MAX_SAMPLES_TO_CHOOSE]
        share = MAX_SAMPLES_TO_CHOOSE / len(x)
        return share * _choose_penalty(x[chosen], targets[chosen], weights[chosen], kind, seed)
    if kind == "regression":
        n_folds, splitter = min(N_FOLDS, len(x)), KFold
    else:
        n_folds, splitter = min(N_FOLDS, int(np.bincount(targets.astype(int)).min())), StratifiedKFold
    if n_folds < 2:
        return DEFAULT_PENALTY
    solve = _solve_ridge if kind == "regression" else _solve_logistic
    losses = np.zeros(len(PENALTIES))
    for train, test in splitter(n_folds, shuffle=True, random_state=seed).split(x, targets):
        path = solve(x[train], targets[train], weights[train], list(PENALTIES), FOLD_TOLERANCE)
        for number, (coef, intercept, _) in enumerate(path):
            outputs = x[test] @ coef.T + intercept
            losses[number] += len(test) * _mean_loss(outputs, targets[test], weights[test], kind)
    return float(PENALTIES[losses.argmin()])


def _solve_logistic(
    x: np.ndarray, targets: np.ndarray, weights: np.ndarray, penalties: list[float], tolerance: float
) -> list[tuple[np.ndarray, np.ndarray, int]]:
    """Return weights, intercepts and iterations for each penalty, each solved from the one before."""
    model = LogisticRegression(tol=tolerance, max_iter=MAX_ITER, warm_start=True)
    path = []
    for penalty in penalties:
        # scikit-learn's loss is C Σ w_i loss_i + ‖W‖²/2.
        model.set_params(C=1 / (penalty * weights.sum()))
        with warnings.catch_warnings():
            # At next to no penalty separable data has no finite optimum; the loss is flat there and the answer as good.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(x, targets, sample_weight=weights)
        path.append((model.coef_.copy(), model.intercept_.copy(), int(model.n_iter_.max())))
    return path


def _solve_ridge(
    x: np.ndarray, targets: np.ndarray, weights: np.ndarray, penalties: list[float], tolerance: float
) -> list[tuple[np.ndarray, np.ndarray, int]]:
    """Return weights, intercepts and a count of one for each penalty; the answer is exact, whatever the tolerance."""
    path = []
    for penalty in penalties:
        model = Ridge(alpha=penalty * weights.sum()).fit(x, targets, sample_weight=weights)
        path.append((np.atleast_2d(model.coef_), np.atleast_1d(model.intercept_), 1))
    return path


def _mean_loss(outputs: np.ndarray, targets: np.ndarray, weights: np.ndarray, kind: str) -> float:
    """Return the weighted mean loss, with the losses that networks are trained on."""
    if kind == "regression":
        losses = 0.5 * np.square(outputs - targets).mean(axis=1)
    elif kind == "binary":
        losses = np.logaddexp(0, outputs[:, 0]) - targets * outputs[:, 0]
    else:
        losses = -log_softmax(outputs, axis=1)[np.arange(len(outputs)), targets]
    return float(np.average(losses, weights=weights)) if weights.sum() > 0 else 0.0
