"""The learning rate over time."""

import math
from collections.abc import Callable

import torch

__all__ = ["RateSchedule", "warmup_cosine"]


def warmup_cosine(step: int, n_steps: int, warmup_share: float = 0.1) -> float:
    """Return the factor of the learning rate at a step: up linearly over the first tenth, then down a half cosine.

    Parameters
    ----------
    step : int
        Number of the step, from 0 on.
    n_steps : int
        Steps in all.
    warmup_share : float, default=0.1
        Share of the steps with a rising rate.

    Examples
    --------
    >>> from sktl.training._schedule import warmup_cosine
    >>> [round(warmup_cosine(step, 100), 2) for step in (0, 9, 10, 55, 100)]
    [0.1, 1.0, 1.0, 0.5, 0.0]
    """
    n_warmup = max(1, round(warmup_share * n_steps))
    if step < n_warmup:
        return (step + 1) / n_warmup
    progress = min(1.0, (step - n_warmup) / max(1, n_steps - n_warmup))
    return 0.5 * (1 + math.cos(math.pi * progress))


class RateSchedule:
    """Sets the rates of an optimiser's groups for the first step, and after each step for the next.

    torch's own schedules do so too, in several times the time, which counts beside the step of a small network.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        Its rates are the largest ones.
    factor : callable
        Returns the factor of all rates at a step, counted from 0 on.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, factor: Callable[[int], float]):
        self.optimizer = optimizer
        self.rates = [group["lr"] for group in optimizer.param_groups]
        self.factor = factor
        self.n_steps = 0
        self._set()

    def after_step(self) -> None:
        """Count a step, and set the rates for the one that comes."""
        self.n_steps += 1
        self._set()

    def _set(self) -> None:
        factor = self.factor(self.n_steps)
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * factor
