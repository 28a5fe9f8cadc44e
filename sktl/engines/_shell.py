"""Copies of modules that share all with them but what is put in its place."""

from torch import nn

__all__ = ["shell_of"]


def shell_of(module: nn.Module, copies: dict[nn.Module, nn.Module]) -> nn.Module:
    """Return a copy of a module and of those in it that shares all else; keep the copy of each."""
    if module not in copies:
        copy = copies[module] = object.__new__(type(module))
        vars(copy).update(vars(module), _parameters=dict(module._parameters))
        copy._modules = {
            name: None if child is None else shell_of(child, copies) for name, child in module._modules.items()
        }
    return copies[module]
