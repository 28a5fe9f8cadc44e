"""What one sample is."""

import os
from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import torch
from PIL import Image

__all__ = ["Kind", "common_kind", "describe", "kind_of"]

Kind = Literal["path", "bytes", "picture", "array"]

_TYPES: dict[Kind, tuple[type, ...]] = {
    "path": (str, os.PathLike),
    "bytes": (bytes, bytearray, memoryview),
    "picture": (Image.Image,),
    "array": (np.ndarray, torch.Tensor),
}


def describe(thing: Any) -> str:
    """Return what messages call the type of ``thing``."""
    if thing is None:
        return "None"
    if isinstance(thing, (np.ndarray, torch.Tensor)):
        return f"{type(thing).__name__} of dtype {thing.dtype} and shape {tuple(thing.shape)}"
    return type(thing).__name__


def kind_of(item: Any, index: int) -> Kind:
    """Return which kind of sample ``item`` is.

    Raises
    ------
    TypeError
        Where it is none.
    """
    for kind, types in _TYPES.items():
        if isinstance(item, types):
            return kind
    raise TypeError(
        f"X[{index}] is {describe(item)}: expected a path, a PIL image, encoded bytes, an array or a tensor. "
        "Drop the sample or replace it; make lists of numbers arrays with numpy.asarray."
    )


def common_kind(items: Iterable[Any]) -> Kind:
    """Return the one kind that all ``items`` are.

    Raises
    ------
    TypeError
        Where two differ, or one is no sample at all.
    """
    first: Kind | None = None
    first_item: Any = None
    for index, item in enumerate(items):
        if first is not None and isinstance(item, _TYPES[first]):
            continue
        kind = kind_of(item, index)
        if first is not None:
            raise TypeError(
                f"X mixes kinds: X[0] is {describe(first_item)} and X[{index}] is {describe(item)}. "
                "Give samples of one kind: all paths, all PIL images, all encoded bytes, or all arrays."
            )
        first, first_item = kind, item
    if first is None:
        raise ValueError("X is empty: give at least one sample")
    return first
