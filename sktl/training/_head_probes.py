"""The linear heads of all tasks at their optimum."""

import numpy as np

from sktl.tasks import TaskSet
from sktl.training._probe import LinearProbe, solve_linear_probe
from sktl.training._rotate import Rotation, rotate

__all__ = ["solve_heads"]


def solve_heads(
    tasks: TaskSet,
    features: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    penalty: float | str,
    seed: int,
) -> list[LinearProbe]:
    """Return each task's linear head, solved on the samples it has labels for.

    On frozen features the heads have no weight in common, so that the optimum of all is the optimum of each, whatever
    the tasks' weights. A task whose weights are all 0 has nothing to go by: its head is 0.

    Parameters
    ----------
    tasks : TaskSet
    features : ndarray of shape (n_samples, n_features)
    targets, weights : ndarray of shape (n_samples, n_tasks)
        A weight is 0 where a label is missing.
    penalty : float or "auto"
        The λ of every head; "auto" finds one for each.
    seed : int
        Of the folds that "auto" goes by.
    """
    rotations: dict[bytes, Rotation] = {}
    probes = []
    for number, task in enumerate(tasks):
        chosen = weights[:, number] > 0
        if not chosen.any():
            probes.append(_no_probe(task.n_outputs, features.shape[1]))
            continue
        mine = weights[chosen, number].astype(float)
        # Tasks with the same labelled samples of the same weights share the costly part.
        key = chosen.tobytes() + (mine / mine.sum()).tobytes()
        if key not in rotations:
            rotations[key] = rotate(features[chosen], mine)
        mine_targets = targets[chosen, number]
        probes.append(
            solve_linear_probe(
                rotations[key],
                mine_targets[:, None].astype(float) if task.kind == "regression" else mine_targets.astype(int),
                mine,
                kind=task.kind,
                penalty=penalty,
                seed=seed,
            )
        )
    return probes


def _no_probe(n_outputs: int, n_features: int) -> LinearProbe:
    """Return a head whose outputs are 0, solved for no λ."""
    return LinearProbe(np.zeros((n_outputs, n_features)), np.zeros(n_outputs), np.nan, 1.0, 0.0, 0)
