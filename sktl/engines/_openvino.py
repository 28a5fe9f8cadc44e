"""Frozen stages as OpenVINO runs them on a CPU."""

import functools
import threading
from collections.abc import Callable

import numpy as np
import torch

from sktl.backbones import Backbone
from sktl.engines._compiled import Compiled, compile_stages, has_native, openvino_version
from sktl.engines._engine import Engine, Offer
from sktl.exceptions import EngineError
from sktl.utils._recent import Recent

__all__ = ["OpenVINOEngine"]

# Compiled stages, kept for the next fold: a network of a search takes two or three, for fits, for scores, for features.
_COMPILED: Recent[Compiled] = Recent(4)
_LOCK = threading.RLock()
EXAMPLES = 2
# The largest relative distance from what torch returns for the examples, ‖a − b‖ / ‖b‖. The contract test holds a third
# of these; an operator that was converted wrongly is beyond 1.
TOLERANCE = {"float32": 1e-3, "bfloat16": 0.1}


class OpenVINOEngine(Engine):
    """Runs several stages as one compiled graph, which begins at the input.

    The bits of a result go by how the graph was cut: layouts in memory are other ones inside it than at its ends, and
    in bfloat16 so is the rounding. So the rows behind each depth have a graph of their own, and averages come from one
    that has those of all stages.

    Raises
    ------
    MissingExtraError
        Where OpenVINO is not installed.
    """

    name = "openvino"
    resumes = False

    def __init__(self, backbone: Backbone, precision: str = "float32", device: torch.device | None = None):
        super().__init__(backbone, precision, device)
        self._version = openvino_version()

    @classmethod
    def precisions(cls, device: str) -> tuple[str, ...]:
        """Return float32 and bfloat16 on the CPU."""
        return ("float32", "bfloat16") if device == "cpu" else ()

    @classmethod
    def natural_precision(cls, device: torch.device, backbone: Backbone, example: Callable[[], torch.Tensor]) -> str:
        """Return bfloat16 where the CPU computes in it."""
        return "bfloat16" if has_native("bfloat16") else "float32"

    @property
    def tag(self) -> str:
        """The version of OpenVINO, and the precision."""
        return f"openvino {self._version}, {self.precision}"

    def run(self, x: torch.Tensor, start: int, stop: int, pooled: bool, offer: Offer | None = None) -> np.ndarray:
        """Return what the stages make of a batch; averages behind the others are offered.

        Raises
        ------
        EngineError
            Where OpenVINO cannot run the stages, or not as torch does.
        """
        assert start == 0
        depths = range(1, self.backbone.n_stages + 1) if pooled else (stop,)
        with _LOCK:  # the arrays that a graph returns are its own until the next batch
            found = self._compiled(x, tuple(depths), pooled)(x.contiguous().numpy())
            rows = dict(zip(depths, (array.copy() for array in found), strict=True))
        if offer is not None:
            for depth in depths:
                offer(depth, pooled, functools.partial(rows.__getitem__, depth))
        return rows[stop]

    def _compiled(self, x: torch.Tensor, depths: tuple[int, ...], pooled: bool) -> Compiled:
        """Return the graph for batches like x, compiled and compared with torch at first use."""
        key = (self.fingerprints[-1], tuple(x.shape[1:]), depths, pooled, self.precision, torch.get_num_threads())
        known = _COMPILED.get(key)
        return known if known is not None else _COMPILED.put(key, self._compile(x[:EXAMPLES].clone(), depths, pooled))

    def _compile(self, x: torch.Tensor, depths: tuple[int, ...], pooled: bool) -> Compiled:
        if len(x) < EXAMPLES:
            x = x.repeat(EXAMPLES, *[1] * (x.ndim - 1))
        compiled = compile_stages(self.backbone, self.fingerprints[-1], x, depths, pooled, self.precision)
        x = torch.cat([x, x[:1]])  # a graph that knows one length of batches only would not take these
        expected = self.backbone.prefix(depths[-1])(x.clone())
        expected = (self.backbone.pool(expected) if pooled else expected).numpy()
        try:
            found = compiled(x.contiguous().numpy())[-1]
            distance = np.linalg.norm(found - expected) / max(np.linalg.norm(expected), np.finfo(np.float32).tiny)
        except (RuntimeError, ValueError) as error:
            raise EngineError(f"{self._refusal}: it takes batches of one length only") from error
        if not distance <= TOLERANCE[self.precision]:
            raise EngineError(
                f"{self._refusal}: its outputs are {distance:.2g} of their length away from those of torch"
            )
        return compiled

    @property
    def _refusal(self) -> str:
        return f"the backbone {self.backbone.name!r} wants engine='torch', as OpenVINO does not run it well"
