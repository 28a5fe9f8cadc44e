"""Frozen stages as torch runs them."""

import contextlib
import copy
import functools
import weakref
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from sktl.backbones import Backbone
from sktl.engines._engine import Engine, Offer
from sktl.engines._folded import folded
from sktl.engines._narrowed import narrowed
from sktl.utils._device import Send, bfloat16_unit

__all__ = ["TorchEngine"]

# Values of a sample from which on a CPU computes in bfloat16: 64 x 64 pixels in colour. It takes .35 to .9 of the time
# for these (benchmarks/passes.py); what is smaller takes little time anyway.
WORTH_ROUNDING = 3 * 64 * 64
# Stages as they are run, with the versions of the tensors they were made of, for as long as their backbone is there. To
# make those of a ResNet-50 takes several times as long as a picture's way through them.
_PREPARED: weakref.WeakKeyDictionary[Backbone, dict[tuple, tuple[tuple, nn.Module]]] = weakref.WeakKeyDictionary()


class TorchEngine(Engine):
    """Runs stage by stage in torch, with channels last in memory; in less than float32 by autocast.

    Parameters
    ----------
    backbone, precision, device
        As for any engine.
    folds : bool, default=True
        Whether convolutions do the work of the batch normalisation behind them. Else the stages are run as they are.
    """

    name = "torch"
    resumes = True

    def __init__(
        self,
        backbone: Backbone,
        precision: str = "float32",
        device: torch.device | None = None,
        folds: bool = True,
    ):
        super().__init__(backbone, precision, device)
        self.folds = folds
        self._stages: dict[int, nn.Module] = {}

    @classmethod
    def precisions(cls, device: str) -> tuple[str, ...]:
        """Return the types that autocast knows there."""
        known = {"cpu": ("float32", "bfloat16"), "cuda": ("float32", "bfloat16", "float16")}
        return known.get(device, ("float32",))

    @classmethod
    def natural_precision(cls, device: torch.device, backbone: Backbone, example: Callable[[], torch.Tensor]) -> str:
        """Return bfloat16 for pictures where there is a unit for such products, else float32.

        On a CPU only for convolutional networks, as attention may take twice the time in it, and for pictures of some
        size.
        """
        pays = backbone.input_kind == "image" and bfloat16_unit(device) is not None
        if pays and device.type == "cpu":
            pays = backbone.architecture == "cnn" and example()[0].numel() >= WORTH_ROUNDING
        return "bfloat16" if pays else "float32"

    @property
    def tag(self) -> str:
        """The version of torch, the kind of device, the precision, and whether normalisation is folded."""
        how = "folded" if self.folds else "as they are"
        return f"torch {torch.__version__}, {self.device.type}, {self.precision}, stages {how}"

    def ahead(self, load: Callable[[Send | None], torch.Tensor]) -> torch.Tensor:
        """Return a batch on the device; on CUDA one that is on its way there, beside what is computed."""
        if self.device.type == "cpu":
            return load(None)
        if self.device.type != "cuda":
            return load(lambda x: x.to(self.device))
        with torch.cuda.stream(self._copies):
            return load(lambda x: x.pin_memory().to(self.device, non_blocking=True))

    def run(self, x: torch.Tensor, start: int, stop: int, pooled: bool, offer: Offer | None = None) -> np.ndarray:
        """Return what the stages make of a batch; what each returns is offered, as it is and averaged."""
        axis, is_reduced = self.backbone.channel_axis, self.precision != "float32"
        dtype = self.dtype
        x = self._arrived(x) if x.is_cuda else x.to(self.device)
        x = _in_one_layout(x.to(dtype) if start and is_reduced else x, axis if start else 1)
        for depth in range(start + 1, stop + 1):
            with torch.autocast(self.device.type, dtype) if is_reduced else contextlib.nullcontext():
                x = self._stage(depth - 1)(x)
            # In the type of the products, whatever the stage ends with: rows that were kept lead on to the same bits.
            x = _in_one_layout(x.to(dtype) if is_reduced else x, axis)
            if offer is not None:
                if self.device.type == "cpu":  # a GPU computes such rows in less time than it takes to fetch them
                    offer(depth, False, functools.partial(self._rows, x, False))
                offer(depth, True, functools.partial(self._rows, x, True))
        return np.ascontiguousarray(self._rows(x, pooled))

    @property
    def dtype(self) -> torch.dtype:
        """The type of the products."""
        return getattr(torch, self.precision)

    @functools.cached_property
    def _copies(self) -> torch.cuda.Stream:
        return torch.cuda.Stream(self.device)

    def _arrived(self, x: torch.Tensor) -> torch.Tensor:
        """Return a batch that was sent ahead, for the stream that computes to wait for and to keep."""
        computing = torch.cuda.current_stream(self.device)
        computing.wait_stream(self._copies)
        x.record_stream(computing)
        return x

    def _rows(self, x: torch.Tensor, pooled: bool) -> np.ndarray:
        x = x if self.precision == "float32" else x.float()
        return (self.backbone.pool(x) if pooled else x).cpu().numpy()

    def _stage(self, number: int) -> nn.Module:
        """Return a frozen stage on the device, as it is run; what an earlier engine made of it serves this one too."""
        if number not in self._stages:
            stage = self.backbone.between(number, number + 1)
            version = tuple((id(tensor), tensor._version) for tensor in stage.state_dict(keep_vars=True).values())
            kept = _PREPARED.setdefault(self.backbone, {})
            key = number, self.folds, self.precision, str(self.device)
            if key not in kept or kept[key][0] != version:
                kept[key] = version, self._prepare(stage)
            self._stages[number] = kept[key][1]
        return self._stages[number]

    def _prepare(self, stage: nn.Module) -> nn.Module:
        """Return a stage as it is run: itself, or one that shares with it what need not be another."""
        stage = folded(stage) if self.folds else stage
        stage = stage if self.device.type == "cpu" else copy.deepcopy(stage).to(self.device)
        return stage if self.precision == "float32" else narrowed(stage, self.dtype)


def _in_one_layout(x: torch.Tensor, channel_axis: int) -> torch.Tensor:
    """Return activations with channels last in memory, where a pass on from stored rows has to find them too.

    Sums are rounded by the layout of their terms; and this one is two to four times as fast on CPUs.
    """
    if x.ndim == 4 and channel_axis == 1:
        return x.contiguous(memory_format=torch.channels_last)
    return x.contiguous()
