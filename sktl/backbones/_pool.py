"""One vector per sample."""

import torch

__all__ = ["pool_channels", "pool_tokens", "token_mask"]


def pool_channels(activations: torch.Tensor, channel_axis: int) -> torch.Tensor:
    """Return activations (b, ...) averaged over every axis but the first and that of the channels: (b, n_channels)."""
    axes = set(range(1, activations.ndim)) - {channel_axis % activations.ndim}
    return activations.mean(dim=sorted(axes)) if axes else activations


def token_mask(activations: torch.Tensor) -> torch.Tensor:
    """Return which of the tokens (b, length, n_channels) are none of padding: True (b, length) where one is not 0."""
    return (activations != 0).any(dim=-1)


def pool_tokens(activations: torch.Tensor) -> torch.Tensor:
    """Return the mean (b, n_channels) of the tokens (b, length, n_channels) that are no padding; vectors as they are.

    Padding is 0 in all channels, so that the sum need not leave it out.
    """
    if activations.ndim < 3:
        return activations
    n_tokens = token_mask(activations).sum(dim=1, keepdim=True).clamp(min=1)
    return activations.sum(dim=1) / n_tokens
