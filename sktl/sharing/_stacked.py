"""Layers of several networks in one product."""

import copy
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

__all__ = ["StackedLinear", "stack"]

# Layers that treat each number by itself, so that one of them serves all networks.
ELEMENTWISE = (
    nn.Identity,
    nn.Dropout,
    nn.AlphaDropout,
    nn.ReLU,
    nn.ReLU6,
    nn.LeakyReLU,
    nn.ELU,
    nn.SELU,
    nn.CELU,
    nn.GELU,
    nn.SiLU,
    nn.Mish,
    nn.Tanh,
    nn.Sigmoid,
    nn.Softplus,
    nn.Hardtanh,
    nn.Hardswish,
    nn.Hardsigmoid,
)


class StackedLinear(nn.Module):
    """The linear layers of several networks, as one batched product.

    Parameters
    ----------
    layers : sequence of torch.nn.Linear
        One for each network, all of one shape.

    Attributes
    ----------
    weight : Parameter of shape (n_networks, n_out, n_in)
    bias : Parameter of shape (n_networks, n_out) or None
    """

    def __init__(self, layers: Sequence[nn.Linear]):
        super().__init__()
        self.weight = nn.Parameter(torch.stack([layer.weight.detach() for layer in layers]))
        biases = [layer.bias.detach() for layer in layers if layer.bias is not None]
        self.bias = nn.Parameter(torch.stack(biases)) if biases else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (n_networks, b, ..., n_out) for inputs (n_networks, b, ..., n_in)."""
        n_networks, n_out, n_in = self.weight.shape
        if x.stride(0) == 0:  # one input for all networks: their layers are one wide layer
            bias = None if self.bias is None else self.bias.flatten()
            return (
                functional.linear(x[0], self.weight.flatten(0, 1), bias)
                .unflatten(-1, (n_networks, n_out))
                .movedim(-2, 0)
            )
        rows = x.reshape(n_networks, -1, n_in)
        weight = self.weight.transpose(1, 2)
        out = rows @ weight if self.bias is None else torch.baddbmm(self.bias.unsqueeze(1), rows, weight)
        return out.reshape(*x.shape[:-1], n_out)

    def one(self, number: int) -> nn.Linear:
        """Return the layer of one network."""
        _, n_out, n_in = self.weight.shape
        layer = nn.utils.skip_init(nn.Linear, n_in, n_out, bias=self.bias is not None).to(self.weight)
        with torch.no_grad():
            layer.weight.copy_(self.weight[number])
            if self.bias is not None:
                layer.bias.copy_(self.bias[number])
        return layer


def stack(modules: Sequence[nn.Module]) -> nn.Module | None:
    """Return one module for modules of one structure, or None where they hold layers that cannot be stacked.

    It maps (n_modules, b, ...) to (n_modules, b, ...).
    """
    first = modules[0]
    if type(first) is nn.Linear:
        return StackedLinear(modules)  # type: ignore[arg-type]
    if type(first) in ELEMENTWISE:
        one = copy.deepcopy(first)
        if hasattr(one, "inplace"):  # what it would write to may be one input that all networks see
            one.inplace = False  # type: ignore[assignment]
        return one
    if type(first) is not nn.Sequential:
        return None
    layers = [stack(layers) for layers in zip(*modules, strict=True)]
    stacked = [layer for layer in layers if layer is not None]
    return nn.Sequential(*stacked) if len(stacked) == len(layers) else None


def unstack(module: nn.Module, number: int) -> nn.Module:
    """Return the module of one network out of what ``stack`` returned."""
    if isinstance(module, StackedLinear):
        return module.one(number)
    if isinstance(module, nn.Sequential):
        return nn.Sequential(*(unstack(layer, number) for layer in module))
    return copy.deepcopy(module)
