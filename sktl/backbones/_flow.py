"""How data flow in a traced forward pass, and parts of it as modules."""

import operator
from collections.abc import Iterable
from typing import Any

import torch
from torch import fx, nn

from sktl.exceptions import CutError

__all__ = ["Flow"]


class Flow:
    """The steps from the input of a traced module to its output.

    Parameters
    ----------
    module : torch.nn.Module
        The module that was traced.
    graph : torch.fx.Graph
        Its forward pass.

    Attributes
    ----------
    source, result : torch.fx.Node
        The input and the output.
    data : list of torch.fx.Node
        What depends on the input and is needed for the output, in order. Parameters that a step fetches are not data.
    cuts : list of torch.fx.Node
        Those of ``data`` through which alone all later steps see earlier ones; the last is ``result``.
    """

    def __init__(self, module: nn.Module, graph: fx.Graph):
        self.module = module
        (output,) = (node for node in graph.nodes if node.op == "output")
        result = output.args[0]
        if not isinstance(result, fx.Node):
            raise CutError(
                f"the network returns a {type(result).__name__}; only one that returns one tensor can be cut"
            )
        self.result = result
        self.source = next(node for node in graph.nodes if node.op == "placeholder")
        needed = _ancestors(result)
        if self.source not in needed:
            raise CutError("the network returns something that does not depend on its input")
        self.data = [self.source]
        known = {self.source}
        for node in graph.nodes:
            if node in needed and known.intersection(node.all_input_nodes):
                self.data.append(node)
                known.add(node)
        self._order = {node: i for i, node in enumerate(graph.nodes)}
        self.cuts = self._find_cuts(known)

    def _find_cuts(self, data: set[fx.Node]) -> list[fx.Node]:
        last_use = {
            node: max(self._order[user] for user in node.users if user in data)
            for node in self.data
            if node is not self.result
        }
        cuts = []
        furthest = -1  # the last step that uses anything from before this node
        for node in self.data:
            if furthest <= self._order[node] and _may_be_a_tensor(node):
                cuts.append(node)
            furthest = max(furthest, last_use.get(node, -1))
        return cuts

    def position(self, node: fx.Node) -> int:
        """Return the place of a step in the order of all."""
        return self._order[node]

    def attribute(self, node: fx.Node) -> Any:
        """Return the module that a step calls, or what it fetches; None for a function."""
        if node.op not in ("call_module", "get_attr"):
            return None
        owner, _, name = str(node.target).rpartition(".")
        return getattr(self.module.get_submodule(owner), name)

    def between(self, start: fx.Node, stop: fx.Node) -> list[fx.Node]:
        """Return the steps that lead from one cut to a later one, in order, with what they fetch."""
        return sorted(_ancestors(stop, start), key=self.position)

    def parameters(self, nodes: Iterable[fx.Node]) -> list[nn.Parameter]:
        """Return the parameters that steps use, each once."""
        found: dict[int, nn.Parameter] = {}
        for value in map(self.attribute, nodes):
            if isinstance(value, nn.Module):
                found.update((id(parameter), parameter) for parameter in value.parameters())
            elif isinstance(value, nn.Parameter):
                found[id(value)] = value
        return list(found.values())

    def is_layer(self, node: fx.Node) -> bool:
        """Whether a step calls a module with weights that are more than vectors."""
        value = self.attribute(node)
        return isinstance(value, nn.Module) and any(p.ndim > 1 for p in value.parameters())

    def extract(self, start: fx.Node, stop: fx.Node) -> nn.Module:
        """Return the steps from one cut to a later one as a module: the network's own, a row of them, or a graph."""
        nodes = self.between(start, stop)
        row = zip([start, *nodes], nodes, strict=False)
        if all(node.op == "call_module" and _calls_with(node, before) for before, node in row):
            modules = [self.attribute(node) for node in nodes]
            acting = [module for module in modules if not isinstance(module, nn.Identity)] or modules[:1]
            return acting[0] if len(acting) == 1 else nn.Sequential(*acting).eval()
        graph = fx.Graph()
        copies = {start: graph.placeholder("x")}
        for node in nodes:
            copies[node] = graph.node_copy(node, copies.__getitem__)
            if isinstance(node.target, str) and node.op != "call_method":
                copies[node].target = _inner_path(node.target)
        graph.output(copies[stop])
        values = {_inner_path(str(n.target)): self.attribute(n) for n in nodes if self.attribute(n) is not None}
        return fx.GraphModule(values, graph, class_name="TracedStage").eval()


def _inner_path(path: str) -> str:
    """Return a path without the wrapper's name for the network."""
    return path.removeprefix("network.")


def _ancestors(node: fx.Node, stop: fx.Node | None = None) -> set[fx.Node]:
    """Return a node and all that it needs, without ``stop`` and what only ``stop`` needs."""
    found: set[fx.Node] = set()
    open_nodes = [node]
    while open_nodes:
        node = open_nodes.pop()
        if node not in found and node is not stop:
            found.add(node)
            open_nodes.extend(node.all_input_nodes)
    return found


def _calls_with(node: fx.Node, before: fx.Node) -> bool:
    return node.args == (before,) and not node.kwargs


def _may_be_a_tensor(node: fx.Node) -> bool:
    """Whether a step can return a tensor, as far as the graph tells: not a tuple that is taken apart, not a size."""
    if node.target in (getattr, "size", "dim", "shape", "split", "chunk", "unbind", torch.split, torch.chunk):
        return False
    return not any(
        user.target is operator.getitem and user.args[0] is node and isinstance(user.args[1], int)
        for user in node.users
    )
