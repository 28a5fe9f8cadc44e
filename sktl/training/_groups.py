"""Learning rates and weight decay, parameter by parameter."""

from collections.abc import Iterable
from typing import Any

from torch import nn

__all__ = ["parameter_groups"]


def parameter_groups(
    named_parameters: Iterable[tuple[str, nn.Parameter]], *, n_stages: int, lr: float, lr_decay: float
) -> list[dict[str, Any]]:
    """Return an optimiser's groups: the rate falls by a factor per stage from the head down.

    The head, and whatever else is trained beside the stages, has the rate ``lr``; the last stage has ``lr *
    lr_decay``, and so on. Parameters with one axis, biases and scales, are not decayed.

    Parameters
    ----------
    named_parameters : iterable of (str, torch.nn.Parameter)
        Names that begin with ``stages.<number>.`` belong to a stage.
    n_stages : int
        Trainable stages.
    lr : float
        The head's rate.
    lr_decay : float
        The factor per stage.
    """
    groups: dict[tuple[int, bool], dict[str, Any]] = {}
    for name, parameter in named_parameters:
        parts = name.split(".")
        below_head = n_stages - int(parts[1]) if parts[0] == "stages" else 0
        is_vector = parameter.ndim < 2
        group = groups.setdefault((below_head, is_vector), {"params": [], "lr": lr * lr_decay**below_head})
        group["params"].append(parameter)
        if is_vector:
            group["weight_decay"] = 0.0
    return list(groups.values())
