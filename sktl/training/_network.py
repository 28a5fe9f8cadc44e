"""The part of a network that is trained."""

import torch
from torch import nn

from sktl.backbones import pool_channels

__all__ = ["Network"]


class Network(nn.Module):
    """Trainable stages, which may be none, and a head.

    Parameters
    ----------
    stages : torch.nn.ModuleList
        The stages behind the frozen ones, in order.
    head : torch.nn.Sequential
        Maps features (b, n_features) to outputs (b, n_outputs).
    channel_axis : {1, -1}
        The axis of channels in what the last stage returns.
    hold_batch_norm : bool
        Whether normalisation by batch statistics goes by the statistics the stages came with, in training too.
    """

    def __init__(self, stages: nn.ModuleList, head: nn.Sequential, channel_axis: int, hold_batch_norm: bool):
        super().__init__()
        self.stages = stages
        self.head = head
        self.channel_axis = channel_axis
        self.hold_batch_norm = hold_batch_norm

    def train(self, mode: bool = True) -> "Network":
        """Switch to training or evaluation; held normalisation layers stay in evaluation."""
        super().train(mode)
        if self.hold_batch_norm:
            for module in self.stages.modules():
                if isinstance(module, nn.modules.batchnorm._BatchNorm):
                    module.eval()
        return self

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return outputs (b, n_outputs) for what the last frozen stage returns."""
        if x.ndim == 4 and self.channel_axis == 1:
            x = x.contiguous(memory_format=torch.channels_last)
        for stage in self.stages:
            x = stage(x)
        return self.head(pool_channels(x, self.channel_axis))
