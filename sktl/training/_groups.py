"""Learning rates and weight decay, parameter by parameter."""

from collections.abc import Iterable
from typing import Any

from torch import nn

__all__ = ["parameter_groups"]

# Misra et al. (2016) train the mixtures of cross-stitch networks at 10 to 1,000 times the rate of the network.
MIXING_FACTOR = 10


def parameter_groups(
    named_parameters: Iterable[tuple[str, nn.Parameter]], *, n_stages: int, lr: float, lr_decay: float
) -> list[dict[str, Any]]:
    """Return an optimiser's groups: the rate falls by a factor per stage from the head down.

    The head, and whatever else is trained beside the stages, has the rate ``lr``; the last stage has ``lr *
    lr_decay``, and so on. Cross-stitch mixtures learn faster. Biases, scales and mixtures are not decayed.

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
    groups: dict[tuple[int, bool, bool], dict[str, Any]] = {}
    for name, parameter in named_parameters:
        parts = name.split(".")
        below_head = n_stages - int(parts[1]) if parts[0] == "stages" else 0
        is_mixture = parts[-1] == "mixing"
        # Biases of several towers lie in one parameter with two axes, and are known by their name.
        is_free = parameter.ndim < 2 or parts[-1] == "bias" or is_mixture
        rate = lr * (MIXING_FACTOR if is_mixture else lr_decay**below_head)
        # At one rate for all, stages and head are one group: each is a step of its own, which counts on small networks.
        place = 0 if lr_decay == 1 and not is_mixture else below_head
        group: dict[str, Any] = {"params": [], "lr": rate, "below_head": place}
        group = groups.setdefault((place, is_free, is_mixture), group)
        group["params"].append(parameter)
        if is_free:
            group["weight_decay"] = 0.0
    return list(groups.values())
