"""Losses of several tasks, entry by entry, and the weights of the entries."""

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


def entry_weights(
    weights: np.ndarray, labelled: np.ndarray, task_weights: np.ndarray, denominator: str = "samples"
) -> np.ndarray:
    """Return W (n, n_tasks) such that the loss of n samples is J = (1/n) Σ_i Σ_t W_it loss_it.

    With no weights given, J = (1/n) Σ_i Σ_{t labelled} loss_it. The mean of J over batches is J of all samples,
    whichever labels a batch happens to hold.

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
    kept = np.where(labelled, weights, 0.0)
    if denominator == "samples":
        divisor = (kept.sum(axis=1) / labelled.sum(axis=1)).mean()
    elif denominator == "labels":
        divisor = kept.sum() / len(kept)
    else:
        divisor = kept.sum(axis=0) * labelled.shape[1] / len(kept)
    return kept * task_weights / divisor
