"""Convolutions that do the work of the normalisation behind them."""

import collections
import contextlib
import functools
from collections.abc import Iterator

import torch
from torch import nn

__all__ = ["folded_batch_norm"]


@contextlib.contextmanager
def folded_batch_norm(module: nn.Module) -> Iterator[None]:
    """Compute convolution and batch normalisation as one, while open, where the statistics are held.

    With statistics μ, σ² that stay, γ (w * x + b - μ) / σ + β is a convolution with the weights w γ/σ and the bias
    (b - μ) γ/σ + β. These are small, so that neither the pass forward nor the one back goes over the activations once
    more. Gradients reach w, b, γ and β as before; results differ by rounding alone.

    It is done where a ``torch.nn.Sequential`` holds the two next to each other, as in torchvision's mobile networks.
    In larger convolutions normalisation takes little of the time.

    Parameters
    ----------
    module : torch.nn.Module
        What is trained. Its parameters, and their names, stay what they are.
    """
    pairs = _pairs(module)
    for convolution, norm in pairs:
        convolution.forward = functools.partial(_as_one, convolution, norm)  # type: ignore[method-assign]
        norm.forward = functools.partial(_behind, norm)  # type: ignore[method-assign]
    try:
        yield
    finally:
        for pair in pairs:
            for part in pair:
                del part.forward


def _pairs(module: nn.Module) -> list[tuple[nn.Conv2d, nn.BatchNorm2d]]:
    """Return convolutions with the normalisation that alone takes what they return."""
    chains = [
        part
        for part in module.modules()
        if isinstance(part, nn.Sequential) and type(part).forward is nn.Sequential.forward
    ]
    neighbours = [pair for chain in chains for pair in zip(chain, list(chain)[1:], strict=False)]
    times = collections.Counter(child for part in module.modules() for child in part.children())
    return [
        (first, second)
        for first, second in neighbours
        if type(first) is nn.Conv2d and type(second) is nn.BatchNorm2d
        if times[first] == times[second] == 1 and second.track_running_stats and second.affine
    ]


def _as_one(convolution: nn.Conv2d, norm: nn.BatchNorm2d, x: torch.Tensor) -> torch.Tensor:
    weight, bias = convolution.weight, convolution.bias
    mean, variance = norm.running_mean, norm.running_var
    if not norm.training:
        assert mean is not None and variance is not None  # as statistics are tracked
        scale = norm.weight * torch.rsqrt(variance + norm.eps)
        weight = weight * scale[:, None, None, None]
        bias = norm.bias - (mean if bias is None else mean - bias) * scale
    return convolution._conv_forward(x, weight, bias)


def _behind(norm: nn.BatchNorm2d, x: torch.Tensor) -> torch.Tensor:
    return nn.BatchNorm2d.forward(norm, x) if norm.training else x
