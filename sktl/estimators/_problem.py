"""What is to be learned, before anything is fitted."""

import dataclasses

import numpy as np

from sktl.sharing import HardSharing, Sharing
from sktl.tasks import TaskSet

__all__ = ["JointTraining", "Problem"]

# Targets for regression per "class", where a rule asks for samples per class.
CLASSES_OF_REGRESSION = 10


@dataclasses.dataclass(frozen=True)
class JointTraining:
    """What several tasks share, and how they are weighed.

    Parameters
    ----------
    sharing : Sharing
        What they share.
    weighting : str
        The rule that weighs their losses.
    task_weights : ndarray of shape (n_tasks,) or None
        Fixed factors of their losses. None: all are 1.
    denominator : {"samples", "labels", "tasks"}
        What the sum over labelled entries is divided by.
    """

    sharing: Sharing = dataclasses.field(default_factory=HardSharing)
    weighting: str = "equal"
    task_weights: np.ndarray | None = None
    denominator: str = "samples"


@dataclasses.dataclass(frozen=True)
class Problem:
    """What the data say before anything is fitted.

    Parameters
    ----------
    tasks : TaskSet
        What is learned.
    targets : ndarray of shape (n_samples, n_tasks)
        The encoded targets.
    weights : ndarray of shape (n_samples, n_tasks)
        Their weights in the loss, 0 where one is missing.
    seed : int
        Of everything random.
    """

    tasks: TaskSet
    targets: np.ndarray
    weights: np.ndarray
    seed: int

    @property
    def n_samples(self) -> int:
        """The number of samples with a label."""
        return len(self.targets)

    def samples_per_class(self, number: int) -> float:
        """Return the samples in the smallest class of a task; a tenth of the samples for numbers."""
        labels = self.targets[self.weights[:, number] > 0, number]
        if self.tasks.tasks[number].kind == "regression":
            return len(labels) / CLASSES_OF_REGRESSION
        return float(np.bincount(labels.astype(int), minlength=2).min())

    def typical_samples_per_class(self) -> float:
        """Return the median over the tasks of the samples in the smallest class."""
        return float(np.median([self.samples_per_class(number) for number in range(len(self.tasks))]))
