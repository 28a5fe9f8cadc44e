"""The weights of the labels of a fit, or of a part of the data beside those that came before."""

import dataclasses

import numpy as np

from sktl.estimators._label_weights import LabelWeights
from sktl.estimators._problem import JointTraining
from sktl.losses import WeightSums, entry_weights
from sktl.tasks import TaskSet
from sktl.training import PartShare

__all__ = ["PartWeights", "weigh_part"]


@dataclasses.dataclass(frozen=True)
class PartWeights:
    """The weights of the labels of a fit, or of a part of the data.

    Parameters
    ----------
    table : ndarray of shape (n_samples, n_trained_tasks)
        What a loss takes, as ``entry_weights`` has it, but for the scale of a part.
    sums : WeightSums
        Of all parts so far.
    share : PartShare
        What the part weighs beside those before.
    """

    table: np.ndarray
    sums: WeightSums
    share: PartShare


def weigh_part(
    tasks: TaskSet, weights: LabelWeights, joint: JointTraining, before: WeightSums | None = None
) -> tuple[np.ndarray, PartWeights]:
    """Return which samples have a label to learn from, and the weights of their labels.

    Parameters
    ----------
    tasks : TaskSet
        All tasks, of which some may take no part in training.
    weights : LabelWeights
        Of samples and classes. A label of weight 0 counts as missing.
    joint : JointTraining
        How tasks are weighed.
    before : WeightSums or None, default=None
        Of the parts of the data that came before, if this is one more.

    Raises
    ------
    ValueError
        Where no task can be trained, or none of those that are has a label.
    """
    trained = np.array([task.n_outputs > 0 for task in tasks])
    if not trained.any():
        raise ValueError(
            f"y has nothing to learn from: {tasks.describe()}. Give one task labels of two classes at least"
        )
    values = weights.values[:, trained]
    labelled = weights.labelled[:, trained] & (values > 0)
    kept = labelled.any(axis=1)
    if not kept.any():
        only = " of a weight above 0" if weights.labelled[:, trained].any() else ""
        raise ValueError(f"y has no label{only} of any task that is trained: leave such samples out")
    values, labelled = values[kept], labelled[kept]
    factors = (np.ones(len(tasks)) if joint.task_weights is None else joint.task_weights)[trained]
    part = WeightSums.of(values, labelled)
    sums = part if before is None else before + part
    table = entry_weights(values, labelled, factors, joint.denominator, before)
    alone = entry_weights(values, labelled, factors, joint.denominator)
    scale = float(table.sum() / alone.sum()) if alone.any() else 1.0
    rate = part.of_sample / sums.of_part
    former = np.ones(len(factors)) if before is None else before.of_tasks / sums.of_tasks
    return kept, PartWeights(table / scale, sums, PartShare(rate, part.of_tasks / sums.of_tasks, former))
