"""The loss of all tasks together."""

import torch
from torch import nn

from sktl.losses import EntryLosses
from sktl.tasks import TaskSet
from sktl.weighting import GradientRule, TaskStatistics, WeightingRule

__all__ = ["JointLoss"]


class JointLoss(nn.Module):
    """The loss J = (1/b) Σ_i Σ_t a_t W_it loss_it over the b samples of a batch.

    W is 0 where a label is missing, so that such an entry has neither loss nor gradient. The factors a_t are those of a
    weighting rule in training, and 1 where a loss is only looked at.

    Parameters
    ----------
    tasks : TaskSet
        The tasks, all of which take part in training.
    rule : WeightingRule or GradientRule
        How tasks are weighed. A gradient rule leaves the loss as it is.
    """

    previous: torch.Tensor
    sums: torch.Tensor

    def __init__(self, tasks: TaskSet, rule: WeightingRule | GradientRule):
        super().__init__()
        self.entry_losses = EntryLosses(tasks)
        self.rule = rule
        zeros = torch.zeros(len(tasks))
        self.learned = nn.Parameter(zeros.clone(), requires_grad=getattr(rule, "learns", False))
        self.register_buffer("previous", torch.full((2, len(tasks)), torch.nan))
        self.register_buffer("sums", torch.zeros(2, len(tasks)))  # of losses and of weights, over the epoch

    def contributions(
        self, outputs: torch.Tensor, targets_and_weights: tuple[torch.Tensor, torch.Tensor]
    ) -> torch.Tensor:
        """Return W_it loss_it (b, n_tasks)."""
        targets, weights = targets_and_weights
        return weights * self.entry_losses(outputs, targets)

    def forward(self, outputs: torch.Tensor, targets_and_weights: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        """Return J of a batch."""
        targets, weights = targets_and_weights
        rule = self.rule
        if not self.training or isinstance(rule, GradientRule) or rule.is_constant:
            return self._weighted(outputs, targets, weights)
        costs = self.contributions(outputs, targets_and_weights)
        self.sums += torch.stack([costs.detach().sum(dim=0), weights.sum(dim=0)])
        noise = torch.randn(costs.shape[1], dtype=costs.dtype).to(costs.device)
        statistics = TaskStatistics((weights > 0).any(dim=0), self.previous, self.learned, noise)
        return (rule.weights(statistics) * costs + rule.offsets(statistics) * weights).sum(dim=1).mean()

    def _weighted(self, outputs: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Return J with all a_t = 1, by as few steps as there can be: on small networks each of them counts."""
        entries = self.entry_losses
        losses = entries.one_kind(outputs, targets) if entries.all_alike else entries(outputs, targets).flatten()
        return torch.dot(weights.reshape(-1) / len(weights), losses)

    @torch.no_grad()
    def end_epoch(self) -> None:
        """Keep each task's mean loss over the epoch, NaN for a task without a label in it."""
        costs, weights = self.sums
        self.previous = torch.stack([costs / weights, self.previous[0]])
        self.sums.zero_()
