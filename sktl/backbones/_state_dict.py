"""State dicts: read from files and put into networks, with a report of what does not fit."""

import hashlib
import os
import pathlib
import pickle
from collections import OrderedDict

import torch
from torch import nn

from sktl.backbones._weights import WeightsInfo
from sktl.exceptions import StateDictMismatchError, WeightsNotFoundError
from sktl.utils._optional import import_optional
from sktl.utils._preprocessing import Preprocessing

__all__ = ["describe_file", "file_sha256", "is_path", "load_into", "load_state_dict_file"]

_SUFFIXES = (".pth", ".pt", ".bin", ".safetensors")

# Where training scripts put the state dict beside other things, most usual first.
_WRAPPERS = ("state_dict", "model_state_dict", "model")

# What DataParallel and torch.compile put before every name.
_PREFIXES = ("module.", "_orig_mod.")

# How many names a report lists of each kind.
_REPORTED = 8


def is_path(weights: str) -> bool:
    """Whether ``weights`` means a file rather than the name of a version."""
    separators = [separator for separator in (os.sep, os.altsep) if separator]
    return (
        any(separator in weights for separator in separators)
        or weights.endswith(_SUFFIXES)
        or pathlib.Path(weights).is_file()
    )


def file_sha256(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def describe_file(path: str, preprocessing: Preprocessing | None) -> WeightsInfo:
    """Return what can be told of weights from the file that they are in."""
    file = pathlib.Path(path).expanduser()
    return WeightsInfo(file.name, path, sha256=file_sha256(file)[:16], preprocessing=preprocessing)


def load_state_dict_file(path: str | os.PathLike[str]) -> dict[str, torch.Tensor]:
    """Return the state dict in a file, on the CPU.

    A state dict inside a checkpoint, under ``"state_dict"``, ``"model_state_dict"`` or ``"model"``, is found; what
    ``DataParallel`` and ``torch.compile`` put before the names is taken away. Nothing but tensors and plain values is
    unpickled.

    Parameters
    ----------
    path : str or path-like
        Written by ``torch.save``, or a ``.safetensors`` file.

    Raises
    ------
    WeightsNotFoundError
        Where there is no such file.
    StateDictMismatchError
        Where the file cannot be read, or holds something else than a state dict.
    """
    file = pathlib.Path(path).expanduser()
    if not file.is_file():
        raise WeightsNotFoundError(f"there is no file of weights at {os.fspath(path)!r}; check the path")
    content = _read(file)
    for wrapper in _WRAPPERS:
        if isinstance(content, dict) and isinstance(content.get(wrapper), dict):
            content = content[wrapper]
    if not isinstance(content, dict) or not all(isinstance(value, torch.Tensor) for value in content.values()):
        raise StateDictMismatchError(
            f"{file.name!r} holds no state dict, that is a dict of tensors, but {_summary(content)}. "
            "Save one with torch.save(model.state_dict(), path)."
        )
    while prefix := _common_prefix(content):
        content = {name.removeprefix(prefix): value for name, value in content.items()}
    return content


def _read(file: pathlib.Path) -> object:
    if file.suffix == ".safetensors":
        safetensors = import_optional("safetensors.torch", extra="timm", purpose=f"reading {file.name!r}")
        from safetensors import SafetensorError

        try:
            return safetensors.load_file(file)
        except (SafetensorError, ValueError) as error:
            raise StateDictMismatchError(f"{file.name!r} cannot be read as safetensors: {error}") from error
    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError) as error:
        raise StateDictMismatchError(
            f"{file.name!r} cannot be read as a state dict: it is damaged, or holds more than tensors. Save one "
            f"with torch.save(model.state_dict(), path). What torch said: {str(error).splitlines()[0:1]}"
        ) from error


def _summary(content: object) -> str:
    if not isinstance(content, dict):
        return f"a {type(content).__name__}"
    others = [f"{name}: {type(v).__name__}" for name, v in content.items() if not isinstance(v, torch.Tensor)]
    return f"a dict with {', '.join(others[:_REPORTED])}"


def _common_prefix(state_dict: dict[str, torch.Tensor]) -> str | None:
    for prefix in _PREFIXES:
        if state_dict and all(name.startswith(prefix) for name in state_dict):
            return prefix
    return None


def load_into(module: nn.Module, state_dict: dict[str, torch.Tensor], *, output_layer: str | None, origin: str) -> bool:
    """Put a state dict into a network, without copying it.

    The network may lie on torch's "meta" device. Tensors take the type that the network has; counters of batches,
    which older files lack, start at 0.

    Parameters
    ----------
    module : torch.nn.Module
        The network.
    state_dict : dict of str to torch.Tensor
        Kept, not copied, where the type is right.
    output_layer : str or None
        Dotted name of the output layer in the network. Where only that differs, all but it is loaded.
    origin : str
        What messages call the state dict.

    Returns
    -------
    bool
        Whether the output layer was loaded too.

    Raises
    ------
    StateDictMismatchError
        Where anything else is missing, unexpected or of another shape.
    """
    wanted = module.state_dict()
    offered = dict(state_dict)
    for name, tensor in wanted.items():
        if name.endswith("num_batches_tracked") and name not in offered:
            offered[name] = torch.zeros(tensor.shape, dtype=tensor.dtype)
    missing = [name for name in wanted if name not in offered]
    unexpected = [name for name in offered if name not in wanted]
    misshapen = [name for name in wanted if name in offered and offered[name].shape != wanted[name].shape]

    head = _prefix_of_head(wanted, output_layer)
    differing = [*missing, *unexpected, *misshapen]
    if not all(head and name.startswith(head) for name in differing):
        shapes = [f"{n} is {_shape(offered[n])}, wanted {_shape(wanted[n])}" for n in misshapen]
        parts = [_listed("missing", missing), _listed("unexpected", unexpected), _listed("of another shape", shapes)]
        raise StateDictMismatchError(
            f"{origin} is the state dict of another network than {type(module).__name__}. "
            + " ".join(part for part in parts if part)
        )
    left_out = head if differing and head else None
    fitting: OrderedDict[str, torch.Tensor] = OrderedDict(
        (name, offered[name].detach().to(tensor.dtype).contiguous())
        for name, tensor in wanted.items()
        if left_out is None or not name.startswith(left_out)
    )
    # With the version numbers of the network's own layers, no layer takes the file for one of an older release.
    fitting._metadata = wanted._metadata  # type: ignore[attr-defined]
    module.load_state_dict(fitting, strict=left_out is None, assign=True)
    return left_out is None


def _prefix_of_head(wanted: dict[str, torch.Tensor], output_layer: str | None) -> str | None:
    """Return what the names of the output layer begin with; of the outermost module that holds no other weights."""
    if output_layer is None:
        return None
    own = {name for name in wanted if name.startswith(f"{output_layer}.")}
    while "." in output_layer:
        parent = output_layer.rpartition(".")[0]
        if {name for name in wanted if name.startswith(f"{parent}.")} != own:
            break
        output_layer = parent
    return f"{output_layer}."


def _listed(kind: str, lines: list[str]) -> str:
    if not lines:
        return ""
    rest = f" and {len(lines) - _REPORTED} more" if len(lines) > _REPORTED else ""
    return f"{len(lines)} {kind}: {', '.join(lines[:_REPORTED])}{rest}."


def _shape(tensor: torch.Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "a scalar"
