"""The learning rate over time."""

import math

__all__ = ["warmup_cosine"]


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
