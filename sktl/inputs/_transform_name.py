"""Names of transforms: equal only where two do the same."""

import functools
import hashlib
import io
import pathlib
import pickle
import sys
import types
import uuid
import weakref
from collections.abc import Callable
from typing import Any

import torch

__all__ = ["name_transform"]

# Attributes of classes that say nothing of what they do, or cannot be read.
_BOOKKEEPING = {"__annotations__", "__dict__", "__doc__", "__firstlineno__", "__module__", "__weakref__", "_abc_impl"}
# Objects that have no name but their own, by their place in memory: a way to the object, and the name it was given.
_NAMED: dict[int, tuple[Callable[[], Any], str]] = {}


def name_transform(transform: Any) -> str:
    """Return a text that is equal for two transforms only where they do the same to a sample.

    It stands for the pickle of the transform, in which functions and classes that are not from an installed package
    are told by their code, their defaults and the globals that they name, and those that are by their name and the
    version of the package. So it is the same in another process, and after an edit it is another. A transform that
    holds what cannot be pickled is named as an object: its views are found again in this process, by this object.
    """
    kind = transform if isinstance(transform, types.FunctionType) else type(transform)
    file = io.BytesIO()
    try:
        _Describer(file, protocol=4).dump(transform)
    except Exception:  # what cannot be pickled fails with exceptions of every type
        return f"{kind.__qualname__} {_name_object(transform)}"
    return f"{kind.__qualname__} {hashlib.blake2b(file.getvalue(), digest_size=16).hexdigest()}"


def _name_object(thing: Any) -> str:
    """Return a name that no other object has ever had."""
    if id(thing) in _NAMED and _NAMED[id(thing)][0]() is thing:
        return _NAMED[id(thing)][1]
    try:
        find: Callable[[], Any] = weakref.ref(thing)
    except TypeError:  # it is held, so that no other object takes its place
        find = lambda: thing  # noqa: E731
    _NAMED[id(thing)] = (find, f"object {uuid.uuid4().hex}")
    return _NAMED[id(thing)][1]


class _Describer(pickle.Pickler):
    """Pickles for the sake of the bytes: nothing can be loaded from them."""

    def persistent_id(self, obj: Any) -> Any:
        """Tell strings by their letters and sets by what is in them, not by identity or a chance order."""
        if type(obj) is str:
            return obj.encode("utf-8", "surrogatepass")
        if type(obj) in (set, frozenset) and all(type(one) in (str, int, float, bytes) for one in obj):
            return [type(obj).__name__.encode(), *sorted(repr(one).encode() for one in obj)]
        return None

    def reducer_override(self, obj: Any) -> Any:
        """Tell code by what it does, and tensors by their values."""
        if obj is _describe:
            return NotImplemented
        if isinstance(obj, torch.Tensor):
            values = obj.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
            return _describe, ("tensor", type(obj), str(obj.dtype), tuple(obj.shape), values)
        if isinstance(obj, types.ModuleType):
            source = b"" if _is_installed(obj.__name__) else _source(obj)
            return _describe, ("module", obj.__name__, _version(obj.__name__), source)
        if isinstance(obj, types.CodeType):
            return _describe, ("code", obj.co_code, obj.co_consts, obj.co_names, obj.co_varnames, obj.co_freevars)
        if isinstance(obj, (functools.cached_property, functools._lru_cache_wrapper)):
            return _describe, ("cached", vars(obj).get("func") or obj.__wrapped__)  # type: ignore[union-attr]
        if isinstance(obj, (staticmethod, classmethod)):
            return _describe, (type(obj).__name__, obj.__func__)
        if isinstance(obj, property):
            return _describe, ("property", obj.fget, obj.fset, obj.fdel)
        if isinstance(obj, types.MappingProxyType):
            return _describe, ("mapping", dict(obj))
        if isinstance(obj, (types.FunctionType, type)):
            name = (obj.__module__, obj.__qualname__)
            if "<" not in obj.__qualname__ and _is_installed(obj.__module__):
                return _describe, ("name", *name, _version(obj.__module__))
            # The state comes after the object is known, so that functions may name themselves.
            return _describe, ("code", *name), _state_of_class(obj) if isinstance(obj, type) else _state_of(obj)
        return NotImplemented


def _describe(*parts: Any) -> None:
    """Stand in a pickle for what the parts describe."""


def _state_of(function: types.FunctionType) -> dict[str, Any]:
    """Return all that decides what a function does."""
    names = _names_in(function.__code__)
    return {
        "code": function.__code__,
        "defaults": function.__defaults__,
        "keyword defaults": function.__kwdefaults__,
        "closure": [cell.cell_contents for cell in function.__closure__ or ()],
        "globals": {name: function.__globals__[name] for name in names if name in function.__globals__},
        "attributes": vars(function),
    }


def _state_of_class(cls: type) -> dict[str, Any]:
    own = {name: value for name, value in vars(cls).items() if name not in _BOOKKEEPING}
    return {"bases": cls.__bases__, "own": own}


def _names_in(code: types.CodeType) -> list[str]:
    """Return the names that code and the functions in it look up."""
    nested = [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return sorted(set(code.co_names).union(*map(_names_in, nested)))


def _source(module: types.ModuleType) -> bytes:
    """Return the text of a module; nothing where it was typed in."""
    file = getattr(module, "__file__", None)
    return pathlib.Path(file).read_bytes() if file else b""


def _is_installed(module: str) -> bool:
    """Return whether the code of a module is told by the version of its package."""
    if module.partition(".")[0] in sys.stdlib_module_names:
        return True
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    return not {"site-packages", "dist-packages"}.isdisjoint(pathlib.PurePath(file).parts)


def _version(module: str) -> str:
    return str(getattr(sys.modules.get(module.partition(".")[0]), "__version__", ""))
