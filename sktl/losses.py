"""Losses, one value a sample, and their weighted mean."""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

__all__ = ["LOSSES", "WeightedMeanLoss", "cross_entropy", "logistic", "squared_error"]


def logistic(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the logistic loss (b,) of one logit (b, 1) against targets (b,) of 0 and 1."""
    return functional.softplus(outputs[:, 0]) - targets * outputs[:, 0]


def cross_entropy(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the cross-entropy (b,) of logits (b, n_classes) against the classes' numbers (b,)."""
    return functional.cross_entropy(outputs, targets, reduction="none")


def squared_error(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return half the squared error (b,), averaged over the outputs (b, n_outputs)."""
    return 0.5 * (outputs - targets).square().mean(dim=1)


# What each kind of task is trained on.
LOSSES: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "binary": logistic,
    "multiclass": cross_entropy,
    "regression": squared_error,
}


class WeightedMeanLoss(nn.Module):
    """The loss J = (1/m) Σ w_i loss_i over the m samples of a batch.

    The weights have the mean 1 over the training set, so that J of all samples is Σ w_i loss_i / Σ w_i, and the mean
    of J over batches of one size is J of all samples.

    Parameters
    ----------
    loss : callable
        Maps outputs (b, n_outputs) and targets to losses (b,).
    """

    def __init__(self, loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]):
        super().__init__()
        self.loss = loss

    def forward(self, outputs: torch.Tensor, targets_and_weights: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        """Return J of a batch."""
        targets, weights = targets_and_weights
        return (weights * self.loss(outputs, targets)).mean()
