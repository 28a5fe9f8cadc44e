"""Training that came to nothing."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sklearn.exceptions import ConvergenceWarning

from sktl.utils._warn import warn_user

__all__ = ["warn_of_divergence"]


def warn_of_divergence(history: Sequence[Mapping[str, Any]], lr: float) -> None:
    """Warn where the loss of the last epoch is NaN or infinite.

    Parameters
    ----------
    history : sequence of mapping
        What is known of each epoch.
    lr : float
        The learning rate.
    """
    loss = history[-1].get("train_loss", 0.0)
    if not math.isfinite(loss):
        warn_user(
            f"the training diverged: the loss of its last epoch is {loss}. Give a smaller lr than {lr:g}, and bring "
            "the columns of a table to one scale, with a StandardScaler in front",
            ConvergenceWarning,
        )
