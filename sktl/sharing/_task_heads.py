"""The heads of all tasks at once."""

from collections.abc import Sequence

import torch
from torch import nn

from sktl.sharing._stacked import StackedLinear, stack

__all__ = ["GrownHead", "StackedHeads", "TaskHead", "fuse_heads"]


class StackedHeads(nn.Module):
    """A head per task, layer by layer in one product; the last layers are as wide as the widest of them.

    Parameters
    ----------
    heads : sequence of torch.nn.Sequential
        One for each task, alike up to the last layer, which is linear.
    """

    places: torch.Tensor

    def __init__(self, heads: Sequence[nn.Sequential]):
        super().__init__()
        self.n_tasks = len(heads)
        last: list[nn.Linear] = [head[-1] for head in heads]  # type: ignore[misc]
        widest = max(layer.out_features for layer in last)
        hidden = [stack([head[place] for head in heads]) for place in range(len(heads[0]) - 1)]
        self.layers = nn.Sequential(*hidden, StackedLinear([_widened(layer, widest) for layer in last]))  # type: ignore[arg-type]
        places = [(task, output) for task, layer in enumerate(last) for output in range(layer.out_features)]
        self.register_buffer("places", torch.tensor(places).T, persistent=False)

    @property
    def n_outputs(self) -> int:
        """The outputs of all tasks."""
        return self.places.shape[1]

    def grown(self, other: "TaskHead") -> "GrownHead":
        """Return a head with the outputs of another behind those of this one."""
        return GrownHead([self, other])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return outputs (b, n_outputs) for features (b, n_features), or (n_tasks, b, n_features) of towers."""
        if x.ndim == 2:
            x = x.unsqueeze(0).expand(self.n_tasks, *x.shape)
        return self.layers(x)[self.places[0], :, self.places[1]].T

    @torch.no_grad()
    def set_last(self, weight: torch.Tensor, bias: torch.Tensor) -> None:
        """Give the last layers their weights (n_outputs, n_in) and biases (n_outputs,)."""
        last = self.layers[-1].get_parameter("weight")
        last[self.places[0], self.places[1]] = weight.to(last)
        self.set_bias(bias)

    @torch.no_grad()
    def set_bias(self, bias: torch.Tensor) -> None:
        """Give the last layers their biases (n_outputs,)."""
        last = self.layers[-1].get_parameter("bias")
        last[self.places[0], self.places[1]] = bias.to(last)


class FusedHead(nn.Sequential):
    """A head of hidden layers and a last one, which holds the outputs of one task or of several side by side."""

    @property
    def n_outputs(self) -> int:
        """The outputs of all tasks."""
        return self[-1].get_parameter("weight").shape[0]

    def grown(self, other: "TaskHead") -> "GrownHead":
        """Return a head with the outputs of another behind those of this one."""
        return GrownHead([self, other])

    @torch.no_grad()
    def set_last(self, weight: torch.Tensor, bias: torch.Tensor) -> None:
        """Give the last layer its weights (n_outputs, n_in) and biases (n_outputs,)."""
        self[-1].get_parameter("weight").copy_(weight)
        self.set_bias(bias)

    @torch.no_grad()
    def set_bias(self, bias: torch.Tensor) -> None:
        """Give the last layer its biases (n_outputs,)."""
        self[-1].get_parameter("bias").copy_(bias)


class GrownHead(nn.Module):
    """Heads that came one after the other, each computed by itself.

    A product of more rows may be rounded otherwise: apart from each other, the first heads return the bits that they
    returned before there were others.

    Parameters
    ----------
    parts : sequence of TaskHead
        In the order of their outputs. They take features that all tasks share.
    """

    def __init__(self, parts: Sequence["TaskHead"]):
        super().__init__()
        self.parts = nn.ModuleList(parts)

    @property
    def n_outputs(self) -> int:
        """The outputs of all tasks."""
        return sum(self._widths)

    @property
    def _widths(self) -> list[int]:
        return [part.n_outputs for part in self.parts]  # type: ignore[misc]

    def grown(self, other: "TaskHead") -> "GrownHead":
        """Return a head with the outputs of another behind those of this one."""
        return GrownHead([*self.parts, other])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return outputs (b, n_outputs) for features (b, n_features)."""
        return torch.cat([part(x) for part in self.parts], dim=1)

    @torch.no_grad()
    def set_last(self, weight: torch.Tensor, bias: torch.Tensor) -> None:
        """Give the last layers their weights (n_outputs, n_in) and biases (n_outputs,)."""
        for part, rows, numbers in zip(self.parts, weight.split(self._widths), bias.split(self._widths), strict=True):
            part.set_last(rows, numbers)  # type: ignore[operator]

    @torch.no_grad()
    def set_bias(self, bias: torch.Tensor) -> None:
        """Give the last layers their biases (n_outputs,)."""
        for part, numbers in zip(self.parts, bias.split(self._widths), strict=True):
            part.set_bias(numbers)  # type: ignore[operator]


TaskHead = FusedHead | StackedHeads | GrownHead


def fuse_heads(heads: Sequence[nn.Sequential]) -> TaskHead:
    """Return the heads of tasks that share their features as one: a single wide layer where they have no hidden one."""
    if len(heads) == 1:
        return FusedHead(*heads[0])
    if any(isinstance(layer, nn.Linear) for layer in heads[0][:-1]):
        return StackedHeads(heads)
    last: list[nn.Linear] = [head[-1] for head in heads]  # type: ignore[misc]
    fused = nn.utils.skip_init(nn.Linear, last[0].in_features, sum(layer.out_features for layer in last))
    head = FusedHead(*heads[0][:-1], fused.to(last[0].weight))
    head.set_last(torch.cat([layer.weight for layer in last]), torch.cat([layer.bias for layer in last]))
    return head


def _widened(layer: nn.Linear, n_out: int) -> nn.Linear:
    """Return a layer with as many outputs, of which those beyond its own are 0."""
    wide = nn.utils.skip_init(nn.Linear, layer.in_features, n_out).to(layer.weight)
    with torch.no_grad():
        wide.weight.zero_()[: layer.out_features] = layer.weight
        wide.bias.zero_()[: layer.out_features] = layer.bias
    return wide
