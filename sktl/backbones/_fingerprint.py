"""Fingerprints of networks: equal only where weights and code are equal."""

import hashlib
import types

import torch
from torch import fx, nn

__all__ = ["fingerprint_code", "fingerprint_weights", "join_fingerprints"]

# Classes whose code is told by the version of their package, so that it need not be read.
_VERSIONED_PACKAGES = ("torch", "torchvision", "timm")


def fingerprint_weights(module: nn.Module) -> bytes:
    """Return 16 bytes that stand for every parameter and buffer of ``module`` with its name, type and shape."""
    digest = hashlib.blake2b(digest_size=16)
    for name, tensor in module.state_dict(keep_vars=True).items():
        tensor = tensor.detach().cpu().contiguous()
        digest.update(f"{name}:{tensor.dtype}:{tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data if tensor.numel() else b"")
    return digest.digest()


def fingerprint_code(module: nn.Module) -> bytes:
    """Return 16 bytes that stand for what ``module`` does with its weights.

    They cover every submodule's class and plain attributes, the bytecode of classes from outside torch, torchvision and
    timm, and the code of traced graphs.
    """
    digest = hashlib.blake2b(digest_size=16)
    for name, child in module.named_modules():
        digest.update(f"{name}:{type(child).__module__}.{type(child).__qualname__}".encode())
        digest.update(repr(sorted(_plain_attributes(child))).encode())
        if isinstance(child, fx.GraphModule):
            digest.update(child.code.encode())
        elif not type(child).__module__.startswith(_VERSIONED_PACKAGES):
            for base in type(child).__mro__:
                digest.update(b"" if base.__module__.startswith(_VERSIONED_PACKAGES) else _code_of(base))
    return digest.digest()


def join_fingerprints(*parts: bytes) -> bytes:
    """Return 16 bytes that stand for several fingerprints in their order."""
    return hashlib.blake2b(b"".join(parts), digest_size=16).digest()


def _plain_attributes(module: nn.Module) -> list[tuple[str, str]]:
    """Return the attributes that shape a forward pass without being tensors."""
    found = []
    for name, value in vars(module).items():
        if isinstance(value, types.FunctionType):
            found.append((name, _bytecode(value.__code__).hex()))
        elif name != "training" and isinstance(value, bool | int | float | str | tuple | None):
            found.append((name, repr(value)))
    return found


def _code_of(cls: type) -> bytes:
    """Return the bytecode of the methods that a class defines."""
    return b"".join(_bytecode(f.__code__) for f in vars(cls).values() if isinstance(f, types.FunctionType))


def _bytecode(code: types.CodeType) -> bytes:
    """Return bytecode with its constants and names, down to nested functions."""
    nested = [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    # The order of a frozenset's elements differs between processes.
    plain = [c for c in code.co_consts if not isinstance(c, types.CodeType | frozenset)]
    sets = [sorted(map(repr, c)) for c in code.co_consts if isinstance(c, frozenset)]
    head = code.co_code + repr((plain, sets, code.co_names)).encode()
    return head + b"".join(_bytecode(constant) for constant in nested)
