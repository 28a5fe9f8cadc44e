"""Convolutions that do the work of the normalisation behind them."""

import contextlib
import math
from collections.abc import Iterator

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd

from sktl.backbones import behind_normalization, normalized_convolutions

__all__ = ["folded_batch_norm"]


@contextlib.contextmanager
def folded_batch_norm(module: nn.Module) -> Iterator[None]:
    """Compute convolution and batch normalisation as one, while open, where the statistics are held.

    With statistics μ, σ² that stay, γ (w * x + b - μ) / σ + β is a convolution with the weights w γ/σ and the bias
    (b - μ) γ/σ + β. These are small, so that neither the pass forward nor the one back goes over the activations once
    more. Gradients reach w, b, γ and β as before; results differ by rounding alone.

    Parameters
    ----------
    module : torch.nn.Module
        What is trained. Its parameters, and their names, stay what they are.
    """
    pairs = [_Pair(first, second) for first, second in normalized_convolutions(module) if _can_be_one(first, second)]
    for pair in pairs:
        pair.convolution.forward = pair.convolve
        pair.norm.forward = pair.normalize  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        for pair in pairs:
            del pair.convolution.forward
            del pair.norm.forward


def _can_be_one(convolution: _ConvNd, norm: _BatchNorm) -> bool:
    return isinstance(convolution, nn.Conv2d) and bool(norm.track_running_stats and norm.affine)


class _Pair:
    """A convolution and the normalisation behind it, computed as one where that is less work."""

    def __init__(self, convolution: _ConvNd, norm: _BatchNorm):
        self.convolution = convolution
        self.norm = norm
        self._rest = behind_normalization(norm)
        self._is_one = False

    def convolve(self, x: torch.Tensor) -> torch.Tensor:
        """Return the convolution of x, with the normalisation if both are one."""
        convolution, norm = self.convolution, self.norm
        weight, bias = convolution.weight, convolution.bias
        mean, variance = norm.running_mean, norm.running_var
        # As one, weights are gone over once more and not activations; at the end of a ResNet the weights are more.
        n_outputs = len(x) * math.prod(x.shape[2:]) // math.prod(convolution.stride) * convolution.out_channels
        self._is_one = not norm.training and n_outputs > weight.numel()
        if self._is_one:
            assert mean is not None and variance is not None  # as statistics are tracked
            scale = norm.weight * torch.rsqrt(variance + norm.eps)
            weight = weight * scale[:, None, None, None]
            bias = norm.bias - (mean if bias is None else mean - bias) * scale
        return convolution._conv_forward(x, weight, bias)

    def normalize(self, x: torch.Tensor) -> torch.Tensor:
        """Return what is left of the normalisation of x."""
        return self._rest(x) if self._is_one else type(self.norm).forward(self.norm, x)
