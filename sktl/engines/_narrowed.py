"""Frozen stages that hold their weights in the type of the products."""

import torch
from torch import nn

from sktl.engines._shell import shell_of

__all__ = ["narrowed"]

# Layers whose weights and biases autocast rounds before their products, as they are and whatever is made of them.
ROUNDED = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)


def narrowed(stage: nn.Module, dtype: torch.dtype) -> nn.Module:
    """Return a stage whose weights are rounded to ``dtype`` as autocast would round them for every batch.

    Under autocast it returns the same bits. For few or small pictures the rounding takes longer than the products; and
    so does bringing the weights of convolutions into the layout of what comes in, which is done here too.

    Parameters
    ----------
    stage : torch.nn.Module
        Nothing of it is changed, and all that is not rounded is shared.
    dtype : torch.dtype
        Of less than 32 bits.
    """
    copies: dict[nn.Module, nn.Module] = {}
    shell = shell_of(stage, copies)
    for layer in list(copies):
        if type(layer) in ROUNDED:
            for name in ("weight", "bias"):
                parameter = layer._parameters.get(name)
                if parameter is not None and parameter.dtype == torch.float32:
                    rounded = parameter.detach().to(dtype)
                    layout = torch.channels_last if rounded.ndim == 4 else torch.contiguous_format
                    rounded = rounded.contiguous(memory_format=layout)
                    copies[layer]._parameters[name] = nn.Parameter(rounded, requires_grad=False)
    return shell
