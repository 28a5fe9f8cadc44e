"""Losses of several tasks, entry by entry, and the weights of the entries."""

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from sktl.tasks import TaskSet

__all__ = [
    "LOSSES",
    "DENOMINATORS",
    "EntryLosses",
    "WeightSums",
    "cross_entropy",
    "entry_weights",
    "huber",
    "logistic",
    "squared_error",
]


def logistic(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the logistic loss (n,) of one logit (n, 1) against targets (n,) of 0 and 1."""
    logits = outputs[:, 0]
    return functional.softplus(logits) - targets * logits


def cross_entropy(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the cross-entropy (n,) of logits (n, n_classes) against the classes' numbers (n,)."""
    return functional.cross_entropy(outputs, targets.long(), reduction="none")


def squared_error(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return half the squared error (n,) of outputs (n, 1) against targets (n,)."""
    return 0.5 * (outputs[:, 0] - targets).square()


def huber(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return Huber's loss (n,) of outputs (n, 1) against targets (n,).

    It is half the squared error up to an error of 1, then linear. Targets are standardised, so that 1 is their standard
    deviation.
    """
    return functional.huber_loss(outputs[:, 0], targets, reduction="none")


# What each kind of task is trained on.
LOSSES: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "logistic": logistic,
    "cross_entropy": cross_entropy,
    "squared_error": squared_error,
    "huber": huber,
}


class EntryLosses(nn.Module):
    """The loss of each entry of a table of targets; tasks with one loss and one number of outputs are done at once.

    Parameters
    ----------
    tasks : TaskSet
        The tasks, all of which take part in training.
    """

    def __init__(self, tasks: TaskSet):
        super().__init__()
        self.n_tasks = len(tasks)
        alike: dict[tuple[str, int], list[int]] = {}
        for number, task in enumerate(tasks):
            alike.setdefault((str(task.loss), task.n_outputs), []).append(number)
        starts = np.array([part.start for part in tasks.slices])
        self.groups = []
        for place, ((loss, n_outputs), numbers) in enumerate(alike.items()):
            outputs = starts[numbers][:, None] + np.arange(n_outputs)
            self.register_buffer(f"tasks{place}", torch.tensor(numbers), persistent=False)
            self.register_buffer(f"outputs{place}", torch.from_numpy(outputs), persistent=False)
            self.groups.append(loss)
        self.all_alike = len(self.groups) == 1

    def one_kind(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return losses (b * n_tasks,), sample by sample, where all tasks, and so their outputs, are alike."""
        (loss,) = self.groups
        flat = outputs if self.n_tasks == 1 else outputs.reshape(targets.numel(), -1)
        return LOSSES[loss](flat, targets.reshape(-1))

    def forward(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return losses (b, n_tasks) of outputs (b, n_outputs) against targets (b, n_tasks), 0 where one is missing."""
        if self.all_alike:
            return self.one_kind(outputs, targets).view_as(targets)
        losses = outputs.new_zeros(len(outputs), self.n_tasks)
        for place, loss in enumerate(self.groups):
            tasks, columns = getattr(self, f"tasks{place}"), getattr(self, f"outputs{place}")
            flat, wanted = outputs[:, columns].flatten(0, 1), targets[:, tasks]
            losses = losses.index_copy(1, tasks, LOSSES[loss](flat, wanted.flatten()).view_as(wanted))
        return losses


# What the sum over labelled entries is divided by.
DENOMINATORS = ("samples", "labels", "tasks")


@dataclasses.dataclass(frozen=True)
class WeightSums:
    """How many labels there are and what they weigh together, so that further ones can be weighed in proportion.

    Parameters
    ----------
    n_samples, of_samples : float
        The number of samples, and the sum of their weights, where that of a sample is the mean over its labels.
    of_parts : float
        The squares of the parts' mean weights, summed over samples.
    n_labels, of_labels : ndarray of shape (n_tasks,)
        The number of each task's labels, and the sum of their weights.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.losses import WeightSums
    >>> part = WeightSums.of(np.array([[1.0, 2.0], [3.0, 0.0]]), np.array([[True, True], [True, False]]))
    >>> part.of_tasks.tolist(), (part + part).of_sample
    ([2.0, 2.0], 2.25)
    """

    n_samples: float
    of_samples: float
    of_parts: float
    n_labels: np.ndarray
    of_labels: np.ndarray

    @classmethod
    def of(cls, weights: np.ndarray, labelled: np.ndarray) -> "WeightSums":
        """Return the sums of weights (n_samples, n_tasks); each sample has a label at least."""
        kept, n_labels = np.where(labelled, weights, 0.0), labelled.sum(axis=1)
        of_samples = float((kept.sum(axis=1) / n_labels).sum())
        squares = len(kept) * (of_samples / len(kept)) ** 2
        return cls(len(kept), of_samples, squares, labelled.sum(axis=0), kept.sum(axis=0))

    def __add__(self, other: "WeightSums") -> "WeightSums":
        pairs = zip(dataclasses.astuple(self), dataclasses.astuple(other), strict=True)
        return WeightSums(*(one + another for one, another in pairs))

    @property
    def of_sample(self) -> float:
        """The mean weight of a sample."""
        return self.of_samples / self.n_samples

    @property
    def of_part(self) -> float:
        """The root of the mean square of the weights of the parts."""
        return math.sqrt(self.of_parts / self.n_samples)

    @property
    def of_label(self) -> float:
        """The mean weight of a label, whatever the task."""
        return self.of_labels.sum() / self.n_labels.sum()

    @property
    def of_tasks(self) -> np.ndarray:
        """The mean weight of each task's labels (n_tasks,), 1 where there is none."""
        return np.where(self.n_labels > 0, self.of_labels, 1.0) / np.maximum(self.n_labels, 1)

    def with_task(self, other: "WeightSums") -> "WeightSums":
        """Return the sums with the tasks of others behind these; samples are counted on as they were."""
        labels = (
            np.append(one, another)
            for one, another in ((self.n_labels, other.n_labels), (self.of_labels, other.of_labels))
        )
        return WeightSums(self.n_samples, self.of_samples, self.of_parts, *labels)


def entry_weights(
    weights: np.ndarray,
    labelled: np.ndarray,
    task_weights: np.ndarray,
    denominator: str = "samples",
    before: WeightSums | None = None,
) -> np.ndarray:
    """Return W (n, n_tasks) such that the loss of n samples is J = (1/n) Σ_i Σ_t W_it loss_it.

    With no weights given, J = (1/n) Σ_i Σ_{t labelled} loss_it. Weights are divided by their mean, so that their scale
    makes no difference. The mean of J over batches is J of all samples, whichever labels a batch happens to hold. A
    task without a label, or with weights of 0 only, takes no part.

    Parameters
    ----------
    weights : ndarray of shape (n_samples, n_tasks)
        Weights of the entries, of the sample and of its class.
    labelled : ndarray of bool of shape (n_samples, n_tasks)
        Which labels are there. Each sample has one at least.
    task_weights : ndarray of shape (n_tasks,)
        Factors of the tasks.
    denominator : {"samples", "labels", "tasks"}, default="samples"
        The sum over labelled entries is divided by the number of samples; by that of labels; or each task's sum by its
        labels, and the whole by the number of tasks.
    before : WeightSums or None, default=None
        Of the parts of the data that came before this one: weights are then divided by the mean over all parts so far.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.losses import entry_weights
    >>> labelled = np.array([[True, True], [True, False]])
    >>> entry_weights(np.ones((2, 2)), labelled, np.ones(2))
    array([[1., 1.],
           [1., 0.]])
    >>> entry_weights(np.ones((2, 2)), labelled, np.ones(2), "tasks")
    array([[0.5, 1. ],
           [0.5, 0. ]])
    """
    kept, n_samples, n_labels = np.where(labelled, weights, 0.0), len(labelled), labelled.sum(axis=0)
    sums = WeightSums.of(weights, labelled)
    sums = sums if before is None else before + sums
    if denominator == "samples":
        divisor = np.asarray(sums.of_sample)
    elif denominator == "labels":
        divisor = n_labels.sum() / n_samples * np.asarray(sums.of_label)
    else:
        divisor = n_labels * labelled.shape[1] / n_samples * sums.of_tasks
    return kept * task_weights / np.where(divisor > 0, divisor, 1.0)
