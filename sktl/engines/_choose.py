"""The meaning of the parameters ``engine`` and ``precision``."""

import importlib.util
from collections.abc import Callable

import torch

from sktl.backbones import Backbone
from sktl.engines._engine import Engine
from sktl.engines._openvino import OpenVINOEngine
from sktl.engines._torch import TorchEngine
from sktl.exceptions import EngineError

__all__ = ["ENGINES", "PRECISIONS", "choose_engine", "is_installed"]

# One line an engine.
ENGINES: dict[str, type[Engine]] = {
    "torch": TorchEngine,
    "openvino": OpenVINOEngine,
}
PRECISIONS = ("float32", "bfloat16", "float16")
# Values of all samples together from which on compiling pays, 200 pictures of 224 pixels: it takes about two seconds,
# in which torch classifies 60 of them with a large network and 300 with a small one (benchmarks/engines.py).
WORTH_COMPILING = 30e6
FEWEST = 4  # pictures, below which not even large ones are looked at


def choose_engine(
    engine: str,
    precision: str,
    backbone: Backbone,
    device: torch.device,
    n_samples: int,
    example: Callable[[], torch.Tensor],
    folds: bool = True,
) -> Engine:
    """Return what runs the frozen stages.

    Parameters
    ----------
    engine : {"auto", "torch", "openvino"}
        As users give it. "auto" is OpenVINO where it is installed, computes on the CPU, runs the network as torch does,
        and there are pictures enough for the compilation to pay; else torch.
    precision : {"auto", "float32", "bfloat16", "float16"}
        As users give it. "auto" is what suits the engine, the hardware, the network and the samples.
    backbone : Backbone
        The network.
    device : torch.device
        Where to compute.
    n_samples : int
        How many samples there are.
    example : callable
        Returns a sample as the first stage takes it (1, ...).
    folds : bool, default=True
        Whether torch may compute batch normalisation within convolutions, which rounds otherwise.

    Raises
    ------
    ValueError
        Where the engine does not know the device, or not the precision there, or the weights are float64 and a smaller
        type is asked for.
    MissingExtraError
        Where the engine is not installed.
    """
    if engine == "auto":
        chosen = _compiled_if_it_pays(precision, backbone, device, n_samples, example)
        if chosen is not None:
            return chosen
        engine = "torch"
    known = _known(engine, precision, device, backbone, example)
    types = {parameter.dtype for _, stage in backbone.stages for parameter in stage.parameters()}
    if known != "float32" and torch.float64 in types:
        if precision != "auto":
            raise ValueError(f"precision={precision!r} is for networks of float32, but the weights are float64")
        known = "float32"
    if engine == "torch":
        return TorchEngine(backbone, known, device, folds)
    return ENGINES[engine](backbone, known, device)


def is_installed(engine: str) -> bool:
    """Return whether an engine can be used here."""
    return engine == "torch" or importlib.util.find_spec(engine) is not None


def _compiled_if_it_pays(
    precision: str, backbone: Backbone, device: torch.device, n_samples: int, example: Callable[[], torch.Tensor]
) -> Engine | None:
    """Return OpenVINO's engine, or None where torch is better or needed."""
    if device.type != "cpu" or precision == "float16" or backbone.input_kind != "image" or backbone.skips_padding:
        return None
    if n_samples < FEWEST or not is_installed("openvino"):
        return None
    x = example()
    if n_samples * x[0].numel() < WORTH_COMPILING:
        return None
    chosen = OpenVINOEngine(backbone, _known("openvino", precision, device, backbone, example))
    try:
        chosen.run(x, 0, backbone.n_stages, pooled=True)
    except EngineError:
        return None
    return chosen


def _known(
    engine: str, precision: str, device: torch.device, backbone: Backbone, example: Callable[[], torch.Tensor]
) -> str:
    """Return the precision in which an engine computes."""
    precisions = ENGINES[engine].precisions(device.type)
    if not precisions:
        raise ValueError(f"engine={engine!r} does not compute on {device}: use engine='torch'")
    if precision == "auto":
        return ENGINES[engine].natural_precision(device, backbone, example)
    if precision not in precisions:
        raise ValueError(
            f"precision={precision!r} is not known to engine={engine!r} on {device.type}: use one of {list(precisions)}"
        )
    return precision
