"""Layers computed in the way in which they are trained quickest."""

import contextlib
import functools
from collections.abc import Iterator

import torch
from torch import nn

__all__ = ["quick_layers"]


@contextlib.contextmanager
def quick_layers(module: nn.Module) -> Iterator[None]:
    """Have some layers take another way to the same results, while open.

    - ReLU6 and its kin keep what they return, which the next layer keeps as well, and forget what came in; torch's own
      keep that for the gradient, and in place they copy it first.
    - Depthwise convolutions under autocast on a CPU stay in float32, unless they are 3 × 3 at stride 1: the way back
      through others takes 3 to 20 times as long in bfloat16 (torch 2.15).

    Parameters
    ----------
    module : torch.nn.Module
        What is trained.
    """
    layers = list(module.modules())
    bounded = [layer for layer in layers if isinstance(layer, nn.Hardtanh)]
    depthwise = [layer for layer in layers if isinstance(layer, nn.Conv2d) and _is_slow_in_bfloat16(layer)]
    for activation in bounded:
        activation.forward = functools.partial(_bounded, activation)  # type: ignore[method-assign]
    for convolution in depthwise:
        plain = convolution._conv_forward
        convolution._conv_forward = functools.partial(_in_float32, plain)  # type: ignore[method-assign]
    try:
        yield
    finally:
        for activation in bounded:
            del activation.forward
        for convolution in depthwise:
            del convolution._conv_forward


class _Bounded(torch.autograd.Function):
    """min(max(x, low), high), whose gradient is asked of what it returned: 0 where that is a bound."""

    @staticmethod
    def forward(ctx, x, low, high):
        y = x.clamp(low, high)
        ctx.save_for_backward(y)
        ctx.bounds = low, high
        return y

    @staticmethod
    def backward(ctx, gradient):
        (y,) = ctx.saved_tensors
        return torch.ops.aten.hardtanh_backward(gradient, y, *ctx.bounds), None, None


def _bounded(activation: nn.Hardtanh, x: torch.Tensor) -> torch.Tensor:
    return _Bounded.apply(x, activation.min_val, activation.max_val)


def _is_slow_in_bfloat16(convolution: nn.Conv2d) -> bool:
    is_depthwise = convolution.groups == convolution.in_channels > 1
    return is_depthwise and (convolution.kernel_size, convolution.stride) != ((3, 3), (1, 1))


def _in_float32(convolve, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    """Return a convolution of x in the type of the weights, as x's own type."""
    if x.device.type != "cpu" or not torch.is_autocast_enabled("cpu"):
        return convolve(x, weight, bias)
    with torch.autocast("cpu", enabled=False):
        return convolve(x.to(weight.dtype), weight, bias).to(x.dtype)
