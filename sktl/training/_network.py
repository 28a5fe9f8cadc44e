"""The part of a network that is trained."""

import torch
from torch import nn

from sktl.backbones import pool_channels
from sktl.sharing import TaskHead, Tie

__all__ = ["Network"]


class Network(nn.Module):
    """Trainable stages, which may be none, and a head.

    Parameters
    ----------
    stages : torch.nn.ModuleList
        The stages behind the frozen ones, in order.
    head : TaskHead
        Maps features (b, n_features), or (n_towers, b, n_features), to outputs (b, n_outputs).
    channel_axis : {1, -1}
        The axis of channels in what the last stage of a tower returns.
    hold_batch_norm : bool
        Whether normalisation by batch statistics goes by the statistics the stages came with, in training too.
    has_towers : bool, default=False
        Whether the stages return (n_towers, b, ...).
    tie : Tie or None, default=None
        What draws towers together after each step.
    """

    stages: nn.ModuleList
    head: TaskHead

    def __init__(
        self,
        stages: nn.ModuleList,
        head: TaskHead,
        channel_axis: int,
        hold_batch_norm: bool,
        has_towers: bool = False,
        tie: Tie | None = None,
    ):
        super().__init__()
        self.stages = stages
        self.head = head
        self.channel_axis = channel_axis
        self.hold_batch_norm = hold_batch_norm
        self.has_towers = has_towers
        self.tie = tie

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
        if self.has_towers:
            return self.head(pool_channels(x.flatten(0, 1), self.channel_axis).unflatten(0, x.shape[:2]))
        return self.head(pool_channels(x, self.channel_axis))
