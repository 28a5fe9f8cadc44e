"""Frozen stages as torch runs them."""

import copy
import functools

import numpy as np
import torch
from torch import nn

from sktl.backbones import Backbone
from sktl.engines._engine import Engine, Offer

__all__ = ["TorchEngine"]


class TorchEngine(Engine):
    """Runs stage by stage in torch, with channels last in memory; in less than float32 by autocast."""

    name = "torch"
    resumes = True

    def __init__(self, backbone: Backbone, precision: str = "float32", device: torch.device | None = None):
        super().__init__(backbone, precision, device)
        self._stages: dict[int, nn.Module] = {}

    @classmethod
    def precisions(cls, device: str) -> tuple[str, ...]:
        """Return the types that autocast knows there."""
        known = {"cpu": ("float32", "bfloat16"), "cuda": ("float32", "bfloat16", "float16")}
        return known.get(device, ("float32",))

    @property
    def tag(self) -> str:
        """The version of torch, the kind of device, and the precision."""
        return f"torch {torch.__version__}, {self.device.type}, {self.precision}"

    def run(self, x: torch.Tensor, start: int, stop: int, pooled: bool, offer: Offer | None = None) -> np.ndarray:
        """Return what the stages make of a batch; what each returns is offered, as it is and averaged."""
        axis, is_reduced = self.backbone.channel_axis, self.precision != "float32"
        x = _in_one_layout(x.to(self.device), axis if start else 1)
        for depth in range(start + 1, stop + 1):
            with torch.autocast(self.device.type, getattr(torch, self.precision), enabled=is_reduced):
                x = self._stage(depth - 1)(x)
            x = _in_one_layout(x.float() if is_reduced else x, axis)
            if offer is not None:
                offer(depth, False, functools.partial(self._rows, x, False))
                offer(depth, True, functools.partial(self._rows, x, True))
        return np.ascontiguousarray(self._rows(x, pooled))

    def _rows(self, x: torch.Tensor, pooled: bool) -> np.ndarray:
        return (self.backbone.pool(x) if pooled else x).cpu().numpy()

    def _stage(self, number: int) -> nn.Module:
        """Return a frozen stage on the device: itself on the CPU, elsewhere a copy as short-lived as this object."""
        if number not in self._stages:
            stage = self.backbone.between(number, number + 1)
            self._stages[number] = stage if self.device.type == "cpu" else copy.deepcopy(stage).to(self.device)
        return self._stages[number]


def _in_one_layout(x: torch.Tensor, channel_axis: int) -> torch.Tensor:
    """Return activations with channels last in memory, where a pass on from stored rows has to find them too.

    Sums are rounded by the layout of their terms; and this one is two to four times as fast on CPUs.
    """
    if x.ndim == 4 and channel_axis == 1:
        return x.contiguous(memory_format=torch.channels_last)
    return x.contiguous()
