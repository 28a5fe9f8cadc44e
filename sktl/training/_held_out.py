"""The loss of linear heads on samples held out."""

from collections.abc import Sequence

import numpy as np

from sktl.tasks import TaskSet
from sktl.training._probe import held_out_loss
from sktl.training._rotate import join_blocks, rotate, row_weights

__all__ = ["mean_held_out_loss"]


def mean_held_out_loss(
    tasks: TaskSet, blocks: Sequence[np.ndarray], targets: np.ndarray, weights: np.ndarray, seed: int
) -> float:
    """Return the loss of linear heads on held-out folds, as the mean over tasks.

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
    float
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
            found.append(held_out_loss(rotate(features[chosen], mine), column, mine, kind=kind, seed=seed))
    judged = [loss for loss in found if loss is not None]
    return float(np.mean(judged)) if judged else float("nan")
