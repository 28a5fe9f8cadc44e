"""Forward passes as graphs, recorded only as deep as asked."""

import dataclasses
import functools
import warnings
from collections.abc import Iterable

import torch
from torch import fx, nn

from sktl.backbones._flow import Flow
from sktl.backbones._modes import keep_modes
from sktl.exceptions import CutError

__all__ = ["Record"]


class _Whole(nn.Module):
    """Calls a network with one argument, so that the others keep their defaults."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.network(x)


class _Tracer(fx.Tracer):
    """Records the call of a module as one step, but for the modules that are opened."""

    def __init__(self, opened: frozenset[str]):
        super().__init__(param_shapes_constant=True)
        self._opened = opened

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        path = module_qualified_name.partition(".")[2]
        return bool(path) and path not in self._opened


@dataclasses.dataclass(frozen=True, eq=False)
class Record:
    """The forward pass of a network: modules in ``opened`` are passed through, all others are one step each.

    Parameters
    ----------
    module : torch.nn.Module
        The network, in eval mode.
    opened : frozenset of str
        Names of submodules.
    kept : frozenset of str
        Names of submodules that must not be opened.
    """

    module: nn.Module
    opened: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()

    @functools.cached_property
    def flow(self) -> Flow:
        """How data flow in the forward pass.

        Raises
        ------
        CutError
            Where the forward pass cannot be traced.
        """
        whole = _Whole(self.module).eval()
        graph = _trace(whole, self.opened)
        whole.train()
        try:
            in_training = _trace(whole, self.opened, seed=1)
        except CutError:
            in_training = None
        finally:
            whole.eval()
        if in_training is not None:
            keep_modes(whole, graph, in_training)
        return Flow(whole, graph)

    def open(self, paths: Iterable[str]) -> "Record | None":
        """Return a record that passes through more modules, or None where that cannot be traced."""
        more = [path for path in paths if self.can_open(path)]
        if not more:
            return None
        record = dataclasses.replace(self, opened=self.opened.union(more))
        try:
            _ = record.flow
        except CutError:
            return None
        return record

    def can_open(self, path: str) -> bool:
        """Whether a module is one of modules, and not one of torch's own with a forward pass of its own."""
        if path in self.kept or path in self.opened:
            return False
        module = self.module.get_submodule(path)
        of_torch = type(module).__module__.startswith("torch.nn.") and not isinstance(module, nn.Sequential)
        return not of_torch and any(True for _ in module.children())


def _trace(whole: _Whole, opened: frozenset[str], seed: int = 0) -> fx.Graph:
    # Seeds that differ from trace to trace tell constants that are drawn at random from others.
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(seed)
        try:
            return _Tracer(opened).trace(whole)
        except Exception as error:
            said = (str(error).strip().splitlines() or [type(error).__name__])[0].split(". ")[0].rstrip(".")
            raise CutError(
                f"the network {type(whole.network).__name__} cannot be traced, so it cannot be cut by itself; "
                f"torch.fx says: {said}. Cut it by hand: Backbone(stages=[(name, module), ...]) with "
                "modules that take one tensor and return one."
            ) from error
