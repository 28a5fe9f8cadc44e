"""Convolutions that do the work of the normalisation behind them."""

import contextlib
import functools
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
    pairs = [(first, second) for first, second in normalized_convolutions(module) if _can_be_one(first, second)]
    for convolution, norm in pairs:
        convolution.forward = functools.partial(_as_one, convolution, norm)
        norm.forward = functools.partial(_behind, norm, behind_normalization(norm))  # type: ignore[method-assign]
    try:
        yield
    finally:
        for pair in pairs:
            for part in pair:
                del part.forward


def _can_be_one(convolution: _ConvNd, norm: _BatchNorm) -> bool:
    return isinstance(convolution, nn.Conv2d) and bool(norm.track_running_stats and norm.affine)


def _as_one(convolution: _ConvNd, norm: _BatchNorm, x: torch.Tensor) -> torch.Tensor:
    weight, bias = convolution.weight, convolution.bias
    mean, variance = norm.running_mean, norm.running_var
    if not norm.training:
        assert mean is not None and variance is not None  # as statistics are tracked
        scale = norm.weight * torch.rsqrt(variance + norm.eps)
        weight = weight * scale[:, None, None, None]
        bias = norm.bias - (mean if bias is None else mean - bias) * scale
    return convolution._conv_forward(x, weight, bias)


def _behind(norm: _BatchNorm, rest: nn.Module, x: torch.Tensor) -> torch.Tensor:
    return type(norm).forward(norm, x) if norm.training else rest(x)
