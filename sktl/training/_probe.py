"""Linear heads at their optimum."""

import dataclasses

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, StratifiedKFold

from sktl.training._head_memory import HeadMemory
from sktl.training._logistic import solve_logistic
from sktl.training._rotate import Rotation

__all__ = ["LinearProbe", "held_out_loss", "solve_linear_probe"]

# The penalties that "auto" tries, for features of mean squared length 1, the strongest first. Above 0.1 little more
# than the difference of class means is learned; at 1e-6 the training data are separated wherever they can be.
PENALTIES = 10.0 ** np.arange(-1, -6.5, -0.5)
PENALTIES_TO_COMPARE = PENALTIES[1:9:2]  # enough to rank features by, at a third of the cost
N_FOLDS = 5
# Folds of few samples disagree by a step of the grid or two, so they are drawn three times where that costs little.
N_REPEATS, MAX_SAMPLES_TO_REPEAT = 3, 1_000
# With more samples the best penalty no longer moves by a step of the grid, and folds cost seconds.
MAX_SAMPLES_TO_CHOOSE = 2_000
# Taken unless the folds speak against it: best or within a point of the best on ants/bees with two networks and on five
# digits per class, where the error rates of folds are too coarse to choose by.
DEFAULT_PENALTY = PENALTIES[3]
FOLD_TOLERANCE, TOLERANCE = 1e-3, 1e-6  # largest entry of the gradient at the optimum
LOG_TEMPERATURES = (-6.0, 3.0)  # strong penalties leave logits far too small, no penalty too large


@dataclasses.dataclass(frozen=True)
class LinearProbe:
    """A linear head at its optimum.

    Parameters
    ----------
    weight : ndarray of shape (n_outputs, n_features)
    bias : ndarray of shape (n_outputs,)
    penalty : float
        The λ it was solved for.
    temperature : float
        What the answer was divided by.
    loss : float
        The weighted mean loss over the training samples, without the penalty.
    n_iter : int
        Iterations of the solver.
    memory : HeadMemory or None, default=None
        What it keeps of its samples, to go on with more of them.
    """

    weight: np.ndarray
    bias: np.ndarray
    penalty: float
    temperature: float
    loss: float
    n_iter: int
    memory: HeadMemory | None = None


def solve_linear_probe(
    rotated: Rotation,
    targets: np.ndarray,
    weights: np.ndarray,
    *,
    kind: str,
    penalty: float | str,
    seed: int,
    n_views: int = 1,
) -> LinearProbe:
    """Return the linear head with the least Σ w_i loss_i / Σ w_i + λ/2 · s² ‖W‖², s² the features' mean squared length.

    Features are centred, and the intercept is not penalised. Logistic losses are solved by L-BFGS, squared errors in
    closed form.

    Parameters
    ----------
    rotated : Rotation
        The features of the samples.
    targets : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        The classes' numbers, or standardised numbers.
    weights : ndarray of shape (n_samples,)
    kind : {"binary", "multiclass", "regression"}
        The kind of loss.
    penalty : float or "auto"
        λ. "auto" goes by held-out folds. For classes it takes, of those whose error rate is within one standard error
        of the least (Breiman et al., 1984), the one nearest to 10^-2.5, and divides the logits by the temperature
        that makes the held-out loss least (Guo et al., 2017), as strong penalties leave them too small. For numbers
        it takes the one with the least loss.
    seed : int
        Of the folds.
    n_views : int, default=1
        The samples are this many views of as many times fewer, view after view. Views of one are never parted by folds.
    """
    solve = _solve_ridge if kind == "regression" else solve_logistic
    temperature = 1.0
    if penalty == "auto":
        penalty, temperature = _choose(rotated.coordinates, targets, weights, kind, seed, n_views)
    coef, intercept, n_iter = solve(rotated.coordinates, targets, weights, [float(penalty)], TOLERANCE)[-1]
    coef, intercept = coef / temperature, intercept / temperature
    outputs = rotated.coordinates @ coef.T + intercept
    weight, bias = rotated.to_features(coef, intercept)
    loss = float(np.average(_losses(outputs, targets, kind), weights=weights))
    return LinearProbe(weight, bias, float(penalty), temperature, loss, n_iter)


def _choose(
    x: np.ndarray, targets: np.ndarray, weights: np.ndarray, kind: str, seed: int, n_views: int
) -> tuple[float, float]:
    """Return the penalty that held-out folds speak for, and the temperature that goes with it."""
    n_samples = len(x) // n_views
    if n_samples > MAX_SAMPLES_TO_CHOOSE:
        some = np.random.default_rng(seed).permutation(n_samples)[:MAX_SAMPLES_TO_CHOOSE]
        chosen = _in_all_views(some, n_samples, n_views)
        penalty, temperature = _choose(x[chosen], targets[chosen], weights[chosen], kind, seed, n_views)
        # The best penalty of a mean loss falls as one over the number of samples.
        return penalty * MAX_SAMPLES_TO_CHOOSE / n_samples, temperature
    n_repeats = N_REPEATS if n_samples <= MAX_SAMPLES_TO_REPEAT else 1
    held_out = _held_out_outputs(x, targets, weights, kind, PENALTIES, n_repeats, seed, n_views)
    if held_out is None:
        return DEFAULT_PENALTY, 1.0
    outputs, indices = held_out
    targets, weights = targets[indices], weights[indices]
    if kind == "regression":
        scores = [_losses(out, targets, kind) for out in outputs]
        return float(PENALTIES[np.argmin([np.average(score, weights=weights) for score in scores])]), 1.0
    number = _nearest_good_enough([_errors(out, targets, kind) for out in outputs], weights, n_samples)
    return float(PENALTIES[number]), _temperature(outputs[number], targets, weights, kind)


def held_out_loss(rotated: Rotation, targets: np.ndarray, weights: np.ndarray, *, kind: str, seed: int) -> float | None:
    """Return the mean loss of a linear head on held-out folds, at the best of a few penalties.

    For classes the logits are brought to the best temperature.

    Parameters
    ----------
    rotated, targets, weights, kind, seed
        As for ``solve_linear_probe``.

    Returns
    -------
    float or None
        None where a class has one sample only.
    """
    found = _held_out_outputs(rotated.coordinates, targets, weights, kind, PENALTIES_TO_COMPARE, 1, seed)
    if found is None:
        return None
    outputs, indices = found
    targets, weights = targets[indices], weights[indices]
    losses = []
    for out in outputs:
        calibrated = out if kind == "regression" else out / _temperature(out, targets, weights, kind)
        losses.append(np.average(_losses(calibrated, targets, kind), weights=weights))
    return float(min(losses))


def _held_out_outputs(
    x: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    kind: str,
    penalties: np.ndarray,
    n_repeats: int,
    seed: int,
    n_views: int = 1,
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return outputs for held-out samples (n_penalties, n, n_outputs) and the indices of these; None without folds."""
    n_samples = len(x) // n_views
    plain = targets[:n_samples]
    n_folds = min(N_FOLDS, n_samples if kind == "regression" else int(np.bincount(plain.astype(int)).min()))
    if n_folds < 2:
        return None
    solve = _solve_ridge if kind == "regression" else solve_logistic
    splitter = KFold if kind == "regression" else StratifiedKFold
    outputs, indices = [], []
    for repeat in range(n_repeats):
        folds = splitter(n_folds, shuffle=True, random_state=(seed + repeat) % 2**32)
        for parts in folds.split(plain, None if kind == "regression" else plain):
            train, test = (_in_all_views(part, n_samples, n_views) for part in parts)
            path = solve(x[train], targets[train], weights[train], list(penalties), FOLD_TOLERANCE)
            outputs.append(np.stack([x[test] @ coef.T + intercept for coef, intercept, _ in path]))
            indices.append(test)
    return np.concatenate(outputs, axis=1), np.concatenate(indices)


def _in_all_views(indices: np.ndarray, n_samples: int, n_views: int) -> np.ndarray:
    """Return the rows of all views of some samples."""
    return np.concatenate([indices + view * n_samples for view in range(n_views)])


def _nearest_good_enough(errors: list[np.ndarray], weights: np.ndarray, n_samples: int) -> int:
    """Return the candidate nearest to the default whose error rate is within one standard error of the least."""
    rates = np.array([np.average(error, weights=weights) for error in errors])
    least = rates.min()
    good_enough = np.flatnonzero(rates <= least + np.sqrt(least * (1 - least) / n_samples))
    default = int(np.flatnonzero(PENALTIES == DEFAULT_PENALTY)[0])
    return int(good_enough[np.abs(good_enough - default).argmin()])


def _temperature(outputs: np.ndarray, targets: np.ndarray, weights: np.ndarray, kind: str) -> float:
    """Return the number that held-out logits are best divided by.

    One answer in n + 2 is taken to be wrong, as for Platt (1999): few samples that are all told apart would have the
    logits grow without end.
    """
    if kind == "binary":
        outputs, targets = np.column_stack([-outputs[:, 0], outputs[:, 0]]) / 2, targets.astype(int)
    share = 1 / (len(outputs) + 2)

    def loss(log_temperature: float) -> float:
        logs = log_softmax(outputs * np.exp(-log_temperature), axis=1)
        expected = (1 - share) * logs[np.arange(len(logs)), targets] + share * logs.mean(axis=1)
        return -float(np.average(expected, weights=weights))

    return float(np.exp(minimize_scalar(loss, bounds=LOG_TEMPERATURES, method="bounded").x))


def _solve_ridge(
    x: np.ndarray, targets: np.ndarray, weights: np.ndarray, penalties: list[float], tolerance: float
) -> list[tuple[np.ndarray, np.ndarray, int]]:
    """Return weights, intercepts and a count of one for each penalty; the answer is exact, whatever the tolerance."""
    path = []
    for penalty in penalties:
        # scikit-learn's loss is Σ w_i ‖error_i‖² + α ‖W‖², without the mean over outputs.
        alpha = penalty * weights.sum() * targets.shape[1]
        model = Ridge(alpha=alpha).fit(x, targets, sample_weight=weights)
        path.append((np.atleast_2d(model.coef_), np.atleast_1d(model.intercept_), 1))
    return path


def _losses(outputs: np.ndarray, targets: np.ndarray, kind: str) -> np.ndarray:
    """Return the loss of each sample, the losses being those that networks are trained on."""
    if kind == "regression":
        return 0.5 * np.square(outputs - targets).mean(axis=1)
    if kind == "binary":
        return np.logaddexp(0, outputs[:, 0]) - targets * outputs[:, 0]
    return -log_softmax(outputs, axis=1)[np.arange(len(outputs)), targets]


def _errors(outputs: np.ndarray, targets: np.ndarray, kind: str) -> np.ndarray:
    """Return whether each sample is given another class than its own."""
    return ((outputs[:, 0] > 0) if kind == "binary" else outputs.argmax(axis=1)) != targets
