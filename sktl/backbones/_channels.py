"""A first layer for pictures of another number of channels."""

import torch
from torch import nn

from sktl.exceptions import CutError

__all__ = ["adapt_first_layer"]


def adapt_first_layer(model: nn.Module, in_channels: int) -> None:
    """Make the first convolution of ``model`` take another number of channels, in place.

    One channel stands for all: its weights are the sums over the channels there were. More or fewer channels take
    the weights of the old ones in turn, scaled by old count / new count so that activations keep their size.

    Parameters
    ----------
    model : torch.nn.Module
        A network whose first convolution, in the order of ``modules()``, sees the picture.
    in_channels : int
        At least 1.

    Raises
    ------
    ValueError
        Where ``in_channels`` is no positive whole number.
    CutError
        Where there is no convolution, or the first is split into groups.
    """
    if not isinstance(in_channels, int) or in_channels < 1:
        raise ValueError(f"in_channels must be a whole number from 1 on, not {in_channels!r}")
    first = next((module for module in model.modules() if isinstance(module, nn.Conv2d)), None)
    if first is None or first.groups != 1:
        lack = "no convolution" if first is None else "a first convolution that is split into groups"
        raise CutError(
            f"the first layer of {type(model).__name__} cannot be adapted to {in_channels} channels: it has {lack}. "
            f"Give pictures of the number of channels that it was made for."
        )
    if in_channels == first.in_channels:
        return
    with torch.no_grad():
        if in_channels == 1:
            weight = first.weight.sum(dim=1, keepdim=True)
        else:
            source = torch.arange(in_channels, device=first.weight.device) % first.in_channels
            weight = first.weight[:, source] * (first.in_channels / in_channels)
    first.weight = nn.Parameter(weight, requires_grad=first.weight.requires_grad)
    first.in_channels = in_channels
