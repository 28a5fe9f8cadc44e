"""Runs of steps that become stages, and their names."""

import dataclasses
import itertools
import operator
from collections.abc import Iterable, Sequence

from torch import fx

from sktl.backbones._flow import Flow
from sktl.exceptions import CutError

__all__ = ["Segment", "segments_after", "segments_between_layers"]


@dataclasses.dataclass(frozen=True)
class Segment:
    """The steps from one cut to a later one, with a name."""

    name: str
    start: fx.Node
    stop: fx.Node


def segments_between_layers(flow: Flow, end: fx.Node) -> list[Segment]:
    """Return as many segments as the layers up to ``end`` allow.

    Steps between two layers go with the first. Layers that share parameters, and all between them, go together.
    """
    layers = [node for node in flow.data if flow.is_layer(node) and flow.position(node) <= flow.position(end)]
    stops = [
        cut
        for one, two in itertools.pairwise(layers)
        if (cut := _last_cut(flow, flow.position(one), flow.position(two))) is not None
    ]
    runs = _join_tied(flow, _runs([flow.source, *dict.fromkeys(stops), end])) if layers else []
    names: list[str] = []
    for start, stop in runs:
        inside = set(flow.between(start, stop))
        names.append(_unique(_common_name([layer for layer in layers if layer in inside]), names))
    return [Segment(name, *run) for name, run in zip(names, runs, strict=True)]


def segments_after(flow: Flow, end: fx.Node, at: Sequence[str]) -> list[Segment]:
    """Return the segments that end after the submodules named ``at``, and a tail.

    Raises
    ------
    CutError
        Where other data pass by such a module, where it is not called in the forward pass, or where two segments
        share parameters.
    """
    stops = {_cut_after(flow, end, path): path for path in at}
    ordered = sorted(stops, key=flow.position)
    runs = _runs([flow.source, *ordered])
    names = [stops[stop] for stop in ordered]
    if flow.parameters(flow.between(ordered[-1], end)):
        runs.append((ordered[-1], end))
        names.append(_unique("tail", names))
    else:
        runs[-1] = (runs[-1][0], end)
    segments = [Segment(name, *run) for name, run in zip(names, runs, strict=True)]
    for one, two in itertools.combinations(segments, 2):
        if _share_parameters(flow, (one.start, one.stop), (two.start, two.stop)):
            raise CutError(
                f"the stages {one.name!r} and {two.name!r} share parameters, so one cannot be frozen while the other "
                "is trained: cut elsewhere"
            )
    return segments


def _runs(stops: Sequence[fx.Node]) -> list[tuple[fx.Node, fx.Node]]:
    return list(itertools.pairwise(stops))


def _last_cut(flow: Flow, first: int, before: int) -> fx.Node | None:
    """Return the last cut from one position on, before another."""
    return next((cut for cut in reversed(flow.cuts) if first <= flow.position(cut) < before), None)


def _cut_after(flow: Flow, end: fx.Node, path: str) -> fx.Node:
    calls = [node for node in flow.data if node.op == "call_module" and node.target == f"network.{path}"]
    if not calls:
        raise CutError(f"there is no call of {path!r} as a whole in the forward pass: cut after another submodule")
    call = calls[-1]
    if flow.position(call) > flow.position(end):
        raise CutError(f"{path!r} belongs to the output layer, which is no part of the stages: cut before it")
    # A recurrent layer returns its states too, and the output is picked from the tuple.
    picks = [user for user in call.users if user.target is operator.getitem]
    cut = next((node for node in (call, *picks) if node in flow.cuts), None)
    if cut is None:
        raise CutError(
            f"the network cannot be cut after {path!r}: what follows needs more than the one tensor that it returns"
        )
    return cut


def _share_parameters(flow: Flow, one: tuple[fx.Node, fx.Node], two: tuple[fx.Node, fx.Node]) -> bool:
    first, second = (flow.parameters(flow.between(*run)) for run in (one, two))
    return not {id(p) for p in first}.isdisjoint(id(p) for p in second)


def _join_tied(flow: Flow, runs: list[tuple[fx.Node, fx.Node]]) -> list[tuple[fx.Node, fx.Node]]:
    """Return runs of which no two share a parameter."""
    for i, j in itertools.combinations(range(len(runs)), 2):
        if _share_parameters(flow, runs[i], runs[j]):
            return _join_tied(flow, [*runs[:i], (runs[i][0], runs[j][1]), *runs[j + 1 :]])
    return runs


def _common_name(layers: Iterable[fx.Node]) -> str:
    """Return the path that layers have in common, or the path of the first."""
    paths = [str(layer.target).split(".")[1:] for layer in layers]
    level = itertools.takewhile(lambda names: len(set(names)) == 1, zip(*paths, strict=False))
    return ".".join([names[0] for names in level] or paths[0])


def _unique(name: str, taken: Sequence[str]) -> str:
    candidates = itertools.chain([name], (f"{name}_{i}" for i in itertools.count(2)))
    return next(candidate for candidate in candidates if candidate not in taken)
