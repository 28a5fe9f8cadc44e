"""The part of a network that is trained."""

import copy
from collections.abc import Callable, Sequence

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
    reads : sequence of int or None, default=None
        Behind how many stages the head reads: what it gets is their averages, side by side; 0 is what comes in. None:
        behind the last stage alone.
    pool : callable or None, default=None
        Returns one vector per sample for what a stage returns. None: the mean over all axes but that of the channels.
    precision : {"float32", "bfloat16"}, default="float32"
        The type of the stages' products, by autocast; weights, averages and the head are what they are.
    training_precision : {"float32", "bfloat16"} or None, default=None
        The same while it is trained. None: no other one.
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
        reads: Sequence[int] | None = None,
        pool: Callable[[torch.Tensor], torch.Tensor] | None = None,
        precision: str = "float32",
        training_precision: str | None = None,
    ):
        super().__init__()
        self.stages = stages
        self.head = head
        self.channel_axis = channel_axis
        self.hold_batch_norm = hold_batch_norm
        self.has_towers = has_towers
        self.tie = tie
        self.reads = (len(stages),) if reads is None else tuple(reads)
        self.pool = pool
        self.precision = precision
        self.training_precision = precision if training_precision is None else training_precision

    def with_head(self, head: nn.Module) -> "Network":
        """Return a network with the same stages, not copied, and another head."""
        other = copy.copy(self)
        other._modules = dict(self._modules)
        other.head = head  # type: ignore[assignment]
        return other

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
        precision = self.training_precision if self.training else self.precision
        if precision == "float32" or not len(self.stages):
            return self.head(self._features(x))
        with torch.autocast(x.device.type, getattr(torch, precision)):
            features = self._features(x)
        # Not the type of x, which holds the numbers of tokens where the first stage of a text network is trained.
        return self.head(features.to(next(self.head.parameters()).dtype))

    def _features(self, x: torch.Tensor) -> torch.Tensor:
        """Return what the head reads (b, n_features), or (n_towers, b, n_features)."""
        if x.ndim == 4 and self.channel_axis == 1:
            x = x.contiguous(memory_format=torch.channels_last)
        read = [self._pooled(x)] if 0 in self.reads else []
        for number, stage in enumerate(self.stages, start=1):
            x = stage(x)
            if number in self.reads:
                read.append(self._pooled(x))
        return read[0] if len(read) == 1 else torch.cat(read, dim=-1)

    def _pooled(self, x: torch.Tensor) -> torch.Tensor:
        """Return one vector per sample, and per tower if there are any; the next stage may spoil x."""
        flat = x.flatten(0, 1) if self.has_towers else x
        pooled = pool_channels(flat, self.channel_axis) if self.pool is None else self.pool(flat)
        if pooled is flat and len(self.reads) > 1:
            pooled = pooled.clone()
        return pooled.unflatten(0, x.shape[:2]) if self.has_towers else pooled
