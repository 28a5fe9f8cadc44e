"""Learning a task while the answers to the old ones are kept."""

import torch
from torch import nn
from torch.nn import functional

from sktl.tasks import TaskSet
from sktl.training._joint_loss import JointLoss

__all__ = ["TEMPERATURE", "DistillationLoss", "distance_to_old"]

# Li and Hoiem's, by a search on held-out data; it makes small probabilities count for more.
TEMPERATURE = 2.0


def distance_to_old(
    tasks: TaskSet, outputs: torch.Tensor, recorded: torch.Tensor, temperature: float = TEMPERATURE
) -> torch.Tensor:
    """Return how far outputs are from recorded ones, summed over tasks (b,); 0 where they say the same.

    For classes it is T² · KL(p_old ‖ p), with logits divided by the temperature T; the factor T² keeps the gradient's
    size (Hinton, Vinyals and Dean, 2015). For numbers it is half the squared difference, in standard deviations of the
    training targets.

    Parameters
    ----------
    tasks : TaskSet
        Whose outputs these are, all of which take part in training.
    outputs, recorded : torch.Tensor of shape (b, n_outputs)
        Outputs now and before.
    temperature : float, default=2.0
        T, above 0.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from sktl.tasks import ClassificationTask, TaskSet
    >>> from sktl.training._distillation import distance_to_old
    >>> tasks = TaskSet((ClassificationTask(np.array([0, 1])),))
    >>> distance_to_old(tasks, torch.tensor([[2.0], [0.0]]), torch.tensor([[2.0], [2.0]]))
    tensor([0.0000, 0.4438])
    """
    total = outputs.new_zeros(len(outputs))
    for task, part in zip(tasks, tasks.slices, strict=True):
        now, before = outputs[:, part], recorded[:, part]
        if task.kind == "regression":
            total = total + 0.5 * (now - before).square().sum(dim=1)
            continue
        if task.kind == "binary":  # a logit z is as good as the two 0 and z
            now, before = (functional.pad(logits, (1, 0)) for logits in (now, before))
        old, new = ((logits / temperature).log_softmax(dim=1) for logits in (before, now))
        total = total + temperature**2 * (old.exp() * (old - new)).sum(dim=1)
    return total


class DistillationLoss(nn.Module):
    """The loss of a new task, plus a strength times the distance of the old tasks' outputs to what they were.

    Source: Li and Hoiem, "Learning without Forgetting", ECCV 2016.

    Parameters
    ----------
    new : JointLoss
        The loss of the new task.
    old : TaskSet
        The old tasks that take part in training. Their outputs come first.
    strength : float
        The factor of the distance, 0 or more. With 0 the loss is that of the new task alone.
    """

    def __init__(self, new: JointLoss, old: TaskSet, strength: float):
        super().__init__()
        self.new = new
        self.old = old
        self.strength = strength
        self.rule = new.rule

    def forward(self, outputs: torch.Tensor, targets_and_weights: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        """Return the loss of a batch; its targets are that of the new task, then the old tasks' recorded outputs."""
        targets, weights = targets_and_weights
        n_old = self.old.n_outputs
        loss = self.new(outputs[:, n_old:], (targets[:, :1], weights))
        if not self.strength:
            return loss
        return loss + self.strength * distance_to_old(self.old, outputs[:, :n_old], targets[:, 1:]).mean()

    def end_epoch(self) -> None:
        """Close the new task's account of the epoch."""
        self.new.end_epoch()
