"""How well linear heads do on samples held out."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from sktl.tasks import TaskSet
from sktl.training._probe import HeldOut, held_out
from sktl.training._rotate import join_blocks, rotate, row_weights

__all__ = ["HeldOut", "held_out_heads"]


def held_out_heads(
    tasks: TaskSet, blocks: Sequence[np.ndarray], targets: np.ndarray, weights: np.ndarray, seed: int
) -> HeldOut:
    """Return how linear heads do on held-out folds, as the mean over tasks.

    Tasks count alike; those with a class of fewer than two samples do not count.

    Parameters
    ----------
    tasks : TaskSet
    blocks : sequence of ndarray of shape (n_samples, n_features of the block)
        Features that a head takes side by side.
    targets, weights : ndarray of shape (n_samples, n_tasks)
        A weight is 0 where a label is missing.
    seed : int
        Of the folds, which are the same for other features of the same samples.

    Returns
    -------
    HeldOut
        NaN where no task can be judged.
    """
    features, _ = join_blocks(blocks, row_weights(weights))
    found = []
    for number, task in enumerate(tasks):
        chosen = weights[:, number] > 0
        mine, own = weights[chosen, number].astype(float), targets[chosen, number]
        kind, column = "regression", own[:, None].astype(float)
        if task.kind != "regression":
            seen, column = np.unique(own.astype(int), return_inverse=True)
            kind = "binary" if len(seen) == 2 else "multiclass"
        if len(np.unique(own)) > 1:
            found.append(held_out(rotate(features[chosen], mine), column, mine, kind=kind, seed=seed))
    judged = [dataclasses.astuple(one) for one in found if one is not None]
    return HeldOut(*np.mean(judged, axis=0).tolist()) if judged else HeldOut(float("nan"), float("nan"))
