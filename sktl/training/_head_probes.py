"""The linear heads of all tasks at their optimum."""

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np

from sktl.tasks import TaskSet
from sktl.training._probe import LinearProbe, solve_linear_probe
from sktl.training._rotate import Rotation, join_blocks, rotate, row_weights

__all__ = ["solve_heads"]

# Logit of a class that no sample is of, below the mean of the others: nothing speaks for it, and a fold may lack it.
UNSEEN = float(np.log(1e-6))


def solve_heads(
    tasks: TaskSet,
    blocks: Sequence[np.ndarray],
    targets: np.ndarray,
    weights: np.ndarray,
    penalty: float | str,
    seed: int,
    n_views: int = 1,
) -> list[LinearProbe]:
    """Return each task's linear head, solved on the samples it has labels for.

    On frozen features the heads have no weight in common, so that the optimum of all is the optimum of each, whatever
    the tasks' weights. A task whose weights are all 0 has nothing to go by: its head is 0.
    Classes that no sample with a weight is of are next to impossible.

    Parameters
    ----------
    tasks : TaskSet
    blocks : sequence of ndarray of shape (n_samples, n_features of the block)
        Features of one stage or several, which come to the same scale where there are several. Heads take them side by
        side.
    targets, weights : ndarray of shape (n_samples, n_tasks)
        A weight is 0 where a label is missing.
    penalty : float or "auto"
        The λ of every head; "auto" finds one for each.
    seed : int
        Of the folds that "auto" goes by.
    n_views : int, default=1
        Views of each sample in the blocks, view after view; they share the weight of the sample, and its fold.
    """
    targets, weights = np.tile(targets, (n_views, 1)), np.tile(weights, (n_views, 1)) / n_views
    features, scales = join_blocks(blocks, row_weights(weights))
    solve = functools.partial(solve_linear_probe, penalty=penalty, seed=seed, n_views=n_views)
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
        if task.kind == "regression":
            column = mine_targets[:, None].astype(float)
            probes.append(solve(rotations[key], column, mine, kind="regression"))
            continue
        seen, classes = np.unique(mine_targets.astype(int), return_inverse=True)
        if len(seen) == 1:
            probe = _no_probe(1, features.shape[1])
        else:
            kind = "binary" if len(seen) == 2 else "multiclass"
            probe = solve(rotations[key], classes, mine, kind=kind)
        probes.append(_with_all_classes(probe, seen, task.n_outputs))
    return [dataclasses.replace(probe, weight=probe.weight / scales) for probe in probes]


def _with_all_classes(probe: LinearProbe, seen: np.ndarray, n_outputs: int) -> LinearProbe:
    """Return a head for the classes that were seen as one for all; two classes share one output."""
    weight, bias = probe.weight, probe.bias
    if (n_outputs == 1 and len(seen) == 2) or n_outputs == len(seen) > 2:
        return probe
    if n_outputs == 1:
        return dataclasses.replace(probe, bias=np.array([-UNSEEN if seen[0] == 1 else UNSEEN]))
    if len(seen) == 2:  # a logit z between two is as good as -z/2 and z/2
        weight, bias = np.vstack([-weight, weight]) / 2, np.append(-bias, bias) / 2
    all_weights, all_biases = np.zeros((n_outputs, weight.shape[1])), np.full(n_outputs, bias.mean() + UNSEEN)
    all_weights[seen], all_biases[seen] = weight, bias
    return dataclasses.replace(probe, weight=all_weights, bias=all_biases)


def _no_probe(n_outputs: int, n_features: int) -> LinearProbe:
    """Return a head whose outputs are 0, solved for no λ."""
    return LinearProbe(np.zeros((n_outputs, n_features)), np.zeros(n_outputs), np.nan, 1.0, 0.0, 0)
