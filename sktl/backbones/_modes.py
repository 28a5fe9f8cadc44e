"""Traced values that differ between eval and training mode."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import fx, nn

from sktl.exceptions import CutError

__all__ = ["ByMode", "keep_modes"]


class ByMode(nn.Module):
    """Returns one of two constants, by its mode."""

    def __init__(self, in_eval: Any, in_training: Any):
        super().__init__()
        self.in_eval = in_eval
        self.in_training = in_training

    def forward(self) -> Any:
        """Return the constant for the mode that the module is in."""
        return self.in_training if self.training else self.in_eval


class _OtherPathError(Exception):
    """Training takes another path than evaluation."""


@dataclasses.dataclass(frozen=True)
class _Choice:
    """A constant that differs between the modes."""

    in_eval: Any
    in_training: Any


def keep_modes(module: nn.Module, graph: fx.Graph, in_training: fx.Graph) -> bool:
    """Let constants in a graph that was traced in eval mode keep to the mode, as ``self.training`` does.

    Parameters
    ----------
    module : torch.nn.Module
        The module that was traced; it gets a ``ByMode`` child for each such constant.
    graph, in_training : torch.fx.Graph
        Its forward pass traced in eval and in training mode. ``graph`` is changed.

    Returns
    -------
    bool
        Whether both modes take one path. Otherwise the graph stays as it was.

    Raises
    ------
    CutError
        Where the traces hold tensors of different values: then they are drawn at random.
    """
    if len(graph.nodes) != len(in_training.nodes):
        return False
    nodes = dict(zip(graph.nodes, in_training.nodes, strict=True))
    try:
        arguments = {node: _pair(_arguments(node), _arguments(other), nodes) for node, other in nodes.items()}
        if not all(_is_same_step(module, node, other) for node, other in nodes.items()):
            return False
    except _OtherPathError:
        return False
    for node, (args, kwargs) in arguments.items():
        insert = functools.partial(_insert, module, node)
        node.args, node.kwargs = _resolve(args, insert), _resolve(kwargs, insert)
    return True


def _arguments(node: fx.Node) -> tuple:
    return tuple(node.args), dict(node.kwargs)


def _is_same_step(module: nn.Module, node: fx.Node, other: fx.Node) -> bool:
    if node.op != "get_attr" or node.target == other.target:
        return (node.op, node.target) == (other.op, other.target)
    one, two = _attribute(module, node.target), _attribute(module, other.target)
    if not torch.equal(one, two):
        raise CutError(
            f"the forward pass makes a tensor of shape {tuple(one.shape)} that has other values each time, and a "
            "trace would keep the first. Draw random numbers in a module of its own, or in training mode only."
        )
    return True


def _attribute(module: nn.Module, path: Any) -> torch.Tensor:
    owner, _, name = path.rpartition(".")
    return getattr(module.get_submodule(owner), name)


def _pair(one: Any, two: Any, nodes: dict[fx.Node, fx.Node]) -> Any:
    """Return the first argument with a ``_Choice`` wherever the second has another constant."""
    if isinstance(one, fx.Node) or isinstance(two, fx.Node):
        if not isinstance(one, fx.Node) or nodes[one] is not two:
            raise _OtherPathError
        return one
    if isinstance(one, tuple | list | dict | slice):
        if type(one) is not type(two):
            raise _OtherPathError
        return _pair_members(one, two, nodes)
    return one if type(one) is type(two) and one == two else _Choice(one, two)


def _pair_members(one: Any, two: Any, nodes: dict[fx.Node, fx.Node]) -> Any:
    if isinstance(one, slice):
        parts = zip((one.start, one.stop, one.step), (two.start, two.stop, two.step), strict=True)
        return slice(*(_pair(a, b, nodes) for a, b in parts))
    if len(one) != len(two):
        raise _OtherPathError
    if isinstance(one, dict):
        if one.keys() != two.keys():
            raise _OtherPathError
        return {key: _pair(one[key], two[key], nodes) for key in one}
    members = [_pair(a, b, nodes) for a, b in zip(one, two, strict=True)]
    return members if isinstance(one, list) else tuple(members)


def _resolve(argument: Any, insert: Callable[[_Choice], fx.Node]) -> Any:
    if isinstance(argument, _Choice):
        return insert(argument)
    if isinstance(argument, dict):
        return {key: _resolve(value, insert) for key, value in argument.items()}
    if isinstance(argument, slice):
        return slice(*(_resolve(part, insert) for part in (argument.start, argument.stop, argument.step)))
    if isinstance(argument, tuple | list):
        return type(argument)(_resolve(member, insert) for member in argument)
    return argument


def _insert(module: nn.Module, node: fx.Node, choice: _Choice) -> fx.Node:
    name = f"by_mode_{sum(isinstance(child, ByMode) for child in module.children())}"
    module.add_module(name, ByMode(choice.in_eval, choice.in_training).eval())
    with node.graph.inserting_before(node):
        return node.graph.call_module(name)
