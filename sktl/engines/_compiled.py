"""Stages of a backbone as one graph of OpenVINO."""

import functools
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from sktl.backbones import Backbone
from sktl.exceptions import EngineError
from sktl.utils._optional import import_optional
from sktl.utils._recent import Recent

__all__ = ["Compiled", "compile_stages", "has_native", "openvino_version"]

# Takes a batch, returns arrays that are overwritten by the next one.
Compiled = Callable[[np.ndarray], list[np.ndarray]]
OPENVINO_TYPES = {"float32": "f32", "bfloat16": "bf16"}
# Graphs of single stages, of which others are joined. They hold the weights, as large as the network.
_STAGES: Recent[tuple[Any, torch.Tensor]] = Recent(16)


def compile_stages(
    backbone: Backbone, fingerprint: bytes, x: torch.Tensor, depths: Sequence[int], pooled: bool, precision: str
) -> Compiled:
    """Return a function that runs stages on batches of any length.

    Parameters
    ----------
    backbone : Backbone
        The network.
    fingerprint : bytes
        Stands for its weights and code.
    x : tensor of shape (b, ...)
        Some inputs of the network.
    depths : sequence of int
        How many stages lie before each array that is returned, ascending.
    pooled : bool
        Whether rows are averaged to vectors.
    precision : {"float32", "bfloat16"}
        The type of products.

    Raises
    ------
    EngineError
        Where OpenVINO cannot convert a stage.
    """
    graphs = []
    for number in range(depths[-1]):
        key = (fingerprint, number, tuple(x.shape[1:]))
        found = _STAGES.get(key)
        graph, x = found if found is not None else _STAGES.put(key, _convert(backbone, number, x))
        graphs.append(graph)
    joined = _join(graphs, depths, pooled, backbone.channel_axis)
    settings = {
        "INFERENCE_PRECISION_HINT": OPENVINO_TYPES[precision],
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "NUM_STREAMS": 1,
    }
    request = _core().compile_model(joined, "CPU", settings).create_infer_request()

    def run(batch: np.ndarray) -> list[np.ndarray]:
        found = request.infer([batch], share_inputs=True, share_outputs=True)
        return [found[number] for number in range(len(found))]

    return run


def openvino_version() -> str:
    """Return the version of OpenVINO.

    Raises
    ------
    MissingExtraError
        Where it is not installed.
    """
    return _openvino().__version__


def has_native(precision: str) -> bool:
    """Return whether the CPU computes in a type itself, where OpenVINO would otherwise convert to and fro."""
    return OPENVINO_TYPES[precision].upper() in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _openvino() -> Any:
    return import_optional("openvino", extra="openvino", purpose="engine='openvino'")


@functools.cache
def _core() -> Any:
    return _openvino().Core()


@torch.no_grad()
def _convert(backbone: Backbone, number: int, x: torch.Tensor) -> tuple[Any, torch.Tensor]:
    """Return the graph of a stage for batches like x, of any length, and what torch makes of x."""
    _openvino()
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    name, stage = tuple(backbone.stages)[number]
    frontend = FrontEndManager().load_by_framework("pytorch")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's, that tracing is to be replaced some day
            traced = TorchScriptPythonDecoder(stage, example_input=(x.clone(),))
            graph = frontend.convert(frontend.load(traced))
        graph.reshape([-1, *x.shape[1:]])
    except Exception as error:  # the frontend raises its own kinds, and those of torch
        reason = str(error).strip().splitlines()[0]
        raise EngineError(
            f"OpenVINO cannot run the stage {name!r} of the backbone {backbone.name!r} ({reason}): use engine='torch'"
        ) from error
    return graph, stage(x.clone())


def _join(graphs: list[Any], depths: Sequence[int], pooled: bool, channel_axis: int) -> Any:
    """Return one graph of several, each of which takes what the one before returns, with the outputs at some depths."""
    ov = _openvino()
    from openvino import opset13 as operators

    copies = [graph.clone() for graph in graphs]
    results, rows = [], None
    for depth, graph in enumerate(copies, start=1):
        if rows is not None:
            graph.get_parameters()[0].output(0).replace(rows)
        rows = graph.get_results()[0].input_value(0)
        if depth in depths:
            n_axes = len(rows.get_partial_shape())
            axes = sorted(set(range(1, n_axes)) - {channel_axis % n_axes}) if pooled else []
            found = operators.reduce_mean(rows, np.array(axes), keep_dims=False).output(0) if axes else rows
            results.append(operators.result(found))
    return ov.Model(results, [copies[0].get_parameters()[0]])
