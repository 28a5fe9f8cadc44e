"""Frozen stages whose convolutions do the work of the normalisation behind them."""

import copy
import itertools

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from sktl.backbones import behind_normalization, normalized_convolutions

__all__ = ["folded"]


def folded(stage: nn.Module) -> nn.Module:
    """Return a stage with batch normalisation computed by the convolution before it, where the statistics are held.

    With statistics μ, σ² that stay, γ (w * x + b - μ) / σ + β is a convolution with the weights w γ/σ and the bias
    (b - μ) γ/σ + β. Results differ by rounding alone. On CPUs normalisation takes up to half of the time of a network.

    Parameters
    ----------
    stage : torch.nn.Module
        In evaluation mode; nothing of it is changed, and the other parameters are shared.

    Returns
    -------
    torch.nn.Module
        The stage itself, where there is nothing to fold.
    """
    shared = {id(tensor): tensor for tensor in itertools.chain(stage.parameters(), stage.buffers())}
    stage = copy.deepcopy(stage, shared) if normalized_convolutions(stage) else stage
    for convolution, norm in normalized_convolutions(stage):
        mean, variance = norm.running_mean, norm.running_var
        if norm.training or mean is None or variance is None:
            continue
        convolution.weight, convolution.bias = fuse_conv_bn_weights(
            convolution.weight, convolution.bias, mean, variance, norm.eps, norm.weight, norm.bias
        )
        norm.forward = behind_normalization(norm).forward  # type: ignore[method-assign]
    return stage
