"""Networks of unknown make, cut into stages."""

import dataclasses
from collections.abc import Sequence

from torch import fx, nn
from torch.nn.parameter import is_lazy

from sktl.backbones._flow import Flow
from sktl.backbones._output_layer import find_end, open_output_layer
from sktl.backbones._record import Record
from sktl.backbones._segments import Segment, segments_after, segments_between_layers
from sktl.exceptions import CutError
from sktl.utils._names import nearest_names

__all__ = ["Traced", "trace_stages"]

# Under these names networks keep a list of blocks, or another network: what is inside becomes stages.
_LISTS = (
    *("blocks", "cells", "features", "groups", "layers", "levels", "resblocks", "stages", "transformers"),
    *("backbone", "base", "body", "encoder", "model", "net", "network", "transformer", "trunk"),
)


@dataclasses.dataclass(frozen=True)
class Traced:
    """A network that was cut.

    Parameters
    ----------
    stages : list of (str, torch.nn.Module)
        The stages, first to last: modules of the network where a stage is one or a row of them, else traced graphs.
        They hold the network's own parameters, each in one stage.
    output_layer : torch.nn.Module or None
        What follows the last stage, where the network ends with a linear layer.
    """

    stages: list[tuple[str, nn.Module]]
    output_layer: nn.Module | None


def trace_stages(module: nn.Module, *, at: Sequence[str] | None = None) -> Traced:
    """Cut a network where all later data flow through one tensor.

    The forward pass is traced down to the modules that become stages and no further, so that these keep their own
    code. Constants that depend on ``self.training`` in the code that is traced (``F.dropout``) keep to the mode;
    where it takes another path in training, the path of eval mode is kept.

    Parameters
    ----------
    module : torch.nn.Module
        Takes one tensor and returns one. It is put into eval mode and its parts are used: hand over a copy.
    at : sequence of str or None, default=None
        Submodules (dotted names) after each of which to cut. None cuts between layers, and between the members of
        lists such as ``blocks`` and ``features``. Layers without weights, or with none but vectors (normalisation),
        stay with the layer before them.

    Returns
    -------
    Traced

    Raises
    ------
    CutError
        Where the network cannot be traced, has no inner cut, or cannot be cut at the place asked for.
    """
    kind = type(module).__name__
    if any(is_lazy(tensor) for tensor in [*module.parameters(), *module.buffers()]):
        raise CutError(f"the network {kind} has lazy layers: pass one batch through it first, to give them shapes")
    module.eval()
    if at is None:
        flow, segments = _cut_between_layers(module)
    else:
        flow, segments = _cut_after(module, at)
    if not segments:
        raise CutError(f"the network {kind} cannot be cut: it has no layer with weights before its output layer")
    stages = [(segment.name, flow.extract(segment.start, segment.stop)) for segment in segments]
    end = find_end(flow)
    return Traced(stages, None if end is None else flow.extract(end, flow.result))


def _cut_between_layers(module: nn.Module) -> tuple[Flow, list[Segment]]:
    record = open_output_layer(_open_lists(Record(module)))
    segments = _segments(record.flow)
    finer: Record | None = record
    while finer is not None and len(_segments(finer.flow)) < 2:
        finer = finer.open(_largest(finer))
        finer = finer and _open_lists(finer)
    if finer is not None:
        record, segments = finer, _segments(finer.flow)
    if len(segments) == 1 and sum(map(record.flow.is_layer, record.flow.between(*_span(segments[0])))) > 1:
        raise CutError(
            f"the network {type(module).__name__} cannot be cut: at no place inside do all data flow through one "
            "tensor. Use it whole: Backbone(stages=[(name, module)])."
        )
    return record.flow, segments


def _span(segment: Segment) -> tuple[fx.Node, fx.Node]:
    return segment.start, segment.stop


def _segments(flow: Flow) -> list[Segment]:
    return segments_between_layers(flow, find_end(flow) or flow.result)


def _cut_after(module: nn.Module, at: Sequence[str]) -> tuple[Flow, list[Segment]]:
    if isinstance(at, str) or not at:
        raise CutError(f"a list of names of submodules was expected, to cut after each; got {at!r}")
    known = [name for name, _ in module.named_modules() if name]
    for path in at:
        if path not in known:
            near = nearest_names(path, known) or known[:5]
            raise CutError(f"there is no submodule {path!r} to cut after; there are {', '.join(map(repr, near))}")
    parts = [path.split(".") for path in at]
    opened = frozenset(".".join(p[:i]) for p in parts for i in range(1, len(p)))
    record = open_output_layer(Record(module, opened, frozenset(at)))
    return record.flow, segments_after(record.flow, find_end(record.flow) or record.flow.result, at)


def _open_lists(record: Record) -> Record:
    """Open lists of blocks, and networks inside the network."""
    while opened := record.open(p for p in _paths(record) if p.rpartition(".")[2] in _LISTS):
        record = opened
    return record


def _largest(record: Record) -> list[str]:
    """Return the path of the module with most parameters, of those that can be opened."""
    sizes = {
        path: sum(p.numel() for p in record.module.get_submodule(path).parameters())
        for path in _paths(record)
        if record.can_open(path)
    }
    return [max(sizes, key=sizes.__getitem__)] if sizes else []


def _paths(record: Record) -> list[str]:
    """Return the modules that are one step each."""
    return [str(node.target).partition(".")[2] for node in record.flow.data if node.op == "call_module"]
