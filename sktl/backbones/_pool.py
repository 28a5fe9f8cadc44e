"""One vector per sample."""

import torch

__all__ = ["pool_channels"]


def pool_channels(activations: torch.Tensor, channel_axis: int) -> torch.Tensor:
    """Return activations (b, ...) averaged over every axis but the first and that of the channels: (b, n_channels)."""
    axes = set(range(1, activations.ndim)) - {channel_axis % activations.ndim}
    return activations.mean(dim=sorted(axes)) if axes else activations
