"""Pictures in an array, or one by one, as arrays of channels, rows and columns."""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from sktl.exceptions import UnreadableImageError
from sktl.inputs._containers import Dense, Items
from sktl.inputs._decode import decode, saying_why
from sktl.inputs._keys import key_of_array, key_of_bytes, key_of_file
from sktl.inputs._kinds import Kind, common_kind, kind_of
from sktl.inputs._layout import channel_axis, channels_first, check_channels, check_dense
from sktl.inputs._naming import naming
from sktl.inputs._picture import picture_to_array
from sktl.inputs._values import has_own_scale, largest_value, to_peak, writable

__all__ = ["DensePictures", "ItemPictures"]

# Bytes of one picture: to make a key of 64 KiB takes 50 µs, ten times as long as to hand it to another thread.
LARGE = 2**16


class DensePictures:
    """Pictures of one size in one array or tensor; a scale that is given bounds their values."""

    threads_pay = False

    def __init__(self, dense: Dense, n_channels: int, scale: float | None = None):
        check_dense(dense.shape)
        self._dense = dense
        self.are_large = math.prod(dense.shape[1:]) * dense.dtype.itemsize >= LARGE
        self.shape: tuple[int, ...] | None = dense.shape[1:]
        self._axis = channel_axis([dense.shape[1:]], n_channels)
        check_channels(1 if self._axis is None else self.shape[self._axis], n_channels, "X")
        self.largest_seen = 0.0 if has_own_scale(dense.dtype) else largest_value(dense.chunks(), scale)

    def __len__(self) -> int:
        return len(self._dense)

    def key(self, index: int) -> bytes:
        """Return 16 bytes that stand for one picture."""
        return key_of_array(self._dense.take([index])[0], f"channels {self._axis}")

    def read(
        self, indices: Sequence[int], scale: Callable[[], float], side: int | None = None
    ) -> tuple[np.ndarray, float]:
        """Return some pictures (b, C, H, W) as uint8 or float32, and their value for full brightness."""
        pictures = channels_first(self._dense.take(indices), self._axis)
        return to_peak(pictures, 0.0 if has_own_scale(pictures.dtype) else scale())

    def largest_value(self) -> float:
        """Return the largest value where the type says nothing of it, else 0.0."""
        return self.largest_seen


class ItemPictures:
    """Pictures that are objects of their own: paths, encoded bytes, PIL images, arrays, items of a ``Dataset``.

    A scale that is given bounds the values of arrays.
    """

    are_large = False  # a file is asked when it was written, and not read for its key

    def __init__(self, items: Items, n_channels: int, max_pixels: int | None, scale: float | None = None):
        self._items, self._n_channels, self._max_pixels, self._scale = items, n_channels, max_pixels, scale
        self._kind: Kind | None = None if items.is_dataset else common_kind(items)
        self.threads_pay = self._kind in ("path", "bytes")
        self.shape: tuple[int, ...] | None = None
        self._axis: int | None = None
        self.largest_seen: float | None = None if items.is_dataset else 0.0
        if items.is_dataset:
            self._open_dataset()
        elif self._kind == "array":
            self._open_arrays()

    def __len__(self) -> int:
        return len(self._items)

    def _open_arrays(self) -> None:
        """Decide the layout of all arrays of a list, and scan their values."""
        shapes = [self._items.array(index).shape for index in range(len(self))]
        self._axis = channel_axis(shapes, self._n_channels)
        for index, shape in enumerate(shapes):
            n_found = 1 if len(shape) == 2 or self._axis is None else shape[self._axis]
            check_channels(n_found, self._n_channels, f"X[{index}]")
        self.shape = shapes[0] if len(set(shapes)) == 1 else None
        self.largest_seen = largest_value(self._values(), self._scale)

    def _open_dataset(self) -> None:
        """Decide the layout of arrays in a ``Dataset`` by the first that can be read."""
        for index in range(len(self)):
            try:
                item = self._items[index]
            except UnreadableImageError:
                continue
            if kind_of(item, index) == "array":
                array = self._items.array(index)
                self._axis = channel_axis([array.shape], self._n_channels)
                if not has_own_scale(array.dtype):
                    return
            break
        self.largest_seen = 0.0

    def _values(self) -> Iterator[tuple[int, np.ndarray]]:
        """Yield the arrays one by one."""
        for index in range(len(self)):
            try:
                if kind_of(self._items[index], index) == "array":
                    yield index, self._items.array(index)[np.newaxis]
            except UnreadableImageError:
                continue

    def largest_value(self) -> float:
        """Return the largest value of arrays whose type says nothing of it, else 0.0. Reads a whole ``Dataset``."""
        if self.largest_seen is None:
            self.largest_seen = largest_value(self._values(), self._scale)
        return self.largest_seen

    def key(self, index: int) -> bytes:
        """Return 16 bytes that stand for one picture."""
        with naming(index, self.place(index)):
            item = self._items[index]
            kind = kind_of(item, index)
            if kind == "path":
                with saying_why():
                    return key_of_file(item)
            if kind == "bytes":
                return key_of_bytes(item)
            if kind == "picture":
                array, peak = self._decode_picture(item)
                return key_of_array(array, f"picture {peak}")
            return key_of_array(self._items.array(index), f"channels {self._axis}")

    def read(self, index: int, scale: Callable[[], float], side: int | None = None) -> tuple[np.ndarray, float]:
        """Return one picture (1, C, H, W) as uint8 or float32, and its value for full brightness.

        If the shorter side will be scaled to no less than ``side``, not every pixel need be decoded.
        """
        with naming(index, self.place(index)):
            array, peak = self.decode(index, scale, side)
        check_channels(len(array), self._n_channels, f"X[{index}]")
        return array[np.newaxis], peak

    def decode(self, index: int, scale: Callable[[], float], side: int | None = None) -> tuple[np.ndarray, float]:
        """Return one picture (C, H, W) whatever its channels are; an error does not name its place."""
        item = self._items[index]
        kind = kind_of(item, index)
        if kind == "picture":
            return self._decode_picture(item)
        if kind != "array":
            return decode(item, self._n_channels, self._max_pixels, side)
        array = self._items.array(index)[np.newaxis]
        axis = self._axis
        if self._items.is_dataset:
            found = channel_axis([array.shape[1:]], self._n_channels)
            axis = found if axis is None else axis
            largest_value([(index, array)], self._scale)
        pictures = channels_first(writable(array), axis)
        array, peak = to_peak(pictures, 0.0 if has_own_scale(array.dtype) else scale())
        return array[0], peak

    def _decode_picture(self, picture: Any) -> tuple[np.ndarray, float]:
        with saying_why():
            return picture_to_array(picture, self._n_channels)

    def place(self, index: int) -> str | os.PathLike | None:
        """Return the path of one picture, where it has one."""
        return self._items[index] if self._kind == "path" else None
