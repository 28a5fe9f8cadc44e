"""Every container of samples as one of two: a dense array, or a sequence of items."""

import numbers
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.utils.data import Dataset, IterableDataset

from sktl.exceptions import UnreadableImageError
from sktl.inputs._kinds import describe

__all__ = ["Dense", "Items", "as_array", "unwrap"]

_CHUNK_BYTES = 2**24  # what a scan holds at once: small beside any network, large beside the cost of a call


def as_array(item: np.ndarray | torch.Tensor) -> np.ndarray:
    """Return ``item`` as a numpy array, a view where that is possible."""
    if isinstance(item, np.ndarray):
        return item
    tensor = item.detach().cpu()
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()


def _check_dtype(array: np.ndarray, name: str) -> None:
    if array.dtype.kind not in "buif":
        raise TypeError(f"{name} is {describe(array)}: expected booleans, integers or floats")


class Dense:
    """Samples of one shape in one array or tensor, never copied as a whole."""

    def __init__(self, data: np.ndarray | torch.Tensor):
        if data.ndim == 0:
            raise ValueError("X is a single number: expected an array whose first axis counts samples")
        on_cpu = isinstance(data, np.ndarray) or (
            data.device.type == "cpu" and data.layout == torch.strided and data.dtype != torch.bfloat16
        )
        self._data = as_array(data) if on_cpu else data
        self.shape = tuple(data.shape)
        _check_dtype(as_array(data[:0]), "X")
        if 0 in self.shape:
            raise ValueError(f"X is empty: its shape is {self.shape}. Give at least one sample and one value")

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def dtype(self) -> np.dtype:
        """The type of the values."""
        return as_array(self._data[:0]).dtype

    def take(self, indices: Sequence[int]) -> np.ndarray:
        """Return a copy of some samples."""
        return as_array(self._data[list(indices)])

    def chunks(self) -> Iterator[tuple[int, np.ndarray]]:
        """Yield the samples in parts, each with the index of its first sample."""
        step = max(1, _CHUNK_BYTES // (int(np.prod(self.shape[1:])) * self.dtype.itemsize))
        for start in range(0, len(self), step):
            yield start, as_array(self._data[start : start + step])


class Items:
    """Samples that are objects of their own: in a list, or in a torch ``Dataset``, which reads them when asked."""

    def __init__(self, sequence: Any):
        self._sequence = sequence
        self.is_dataset = isinstance(sequence, Dataset)
        self._pairs = not self.is_dataset and all(_is_labelled(item) for item in self._sequence)
        if len(self._sequence) == 0:
            raise ValueError("X is empty: give at least one sample")

    def __len__(self) -> int:
        return len(self._sequence)

    def __getitem__(self, index: int) -> Any:
        """Return the sample ``index`` without its label; an error does not name its place."""
        if not self.is_dataset:
            item = self._sequence[index]
            return item[0] if self._pairs else item
        try:
            item = self._sequence[index]
        except OSError as error:
            raise UnreadableImageError(f"the Dataset says: {error}") from error
        return item[0] if _is_labelled(item) or (isinstance(item, list) and item) else item

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self)))

    def array(self, index: int) -> np.ndarray:
        """Return the sample ``index``, an array or a tensor, as a numpy array."""
        array = as_array(self[index])
        _check_dtype(array, f"X[{index}]")
        if array.size == 0:
            raise ValueError(f"X[{index}] is empty: its shape is {array.shape}")
        return array


def _is_labelled(item: Any) -> bool:
    """Return whether ``item`` is a sample with its label, as a torch ``Dataset`` gives them."""
    return isinstance(item, tuple) and len(item) > 0 and not isinstance(item[0], numbers.Number)


def unwrap(X: Any) -> Dense | Items:
    """Return the samples in ``X``, whatever holds them, without copying them.

    Raises
    ------
    TypeError
        Where ``X`` is no container of samples.
    ValueError
        Where it holds none, or has more axes than columns of samples may have.
    """
    if isinstance(X, IterableDataset) or (isinstance(X, Dataset) and not hasattr(X, "__len__")):
        raise TypeError(f"X is {describe(X)}, which has no length: expected a Dataset with __len__ and __getitem__")
    if isinstance(X, Dataset):
        return Items(X)
    if hasattr(X, "to_numpy"):
        X = X.to_numpy()
    if isinstance(X, torch.Tensor):
        return Dense(X)
    if isinstance(X, np.ndarray):
        return _unwrap_array(X)
    if isinstance(X, (list, tuple)):
        return Items(X)
    if isinstance(X, (str, bytes, Image.Image)) or hasattr(X, "__fspath__"):
        raise TypeError(
            f"X is one {describe(X)}: expected many samples. Give a list, [X]; for a folder, "
            'the list of its files, e.g. sorted(pathlib.Path(folder).rglob("*.jpg"))'
        )
    raise TypeError(
        f"X is {describe(X)}: expected an array, a tensor, a list, a Series, a DataFrame or a torch Dataset"
    )


def _unwrap_array(X: np.ndarray) -> Dense | Items:
    """Return a numpy array as numbers, or as a column of objects."""
    if X.dtype.kind not in "OUT":
        return Dense(X)
    if X.ndim == 1 or (X.ndim == 2 and X.shape[1] == 1):
        return Items(X.reshape(-1))
    raise ValueError(
        f"X holds objects of dtype {X.dtype} in the shape {X.shape}: expected one column of samples, (n,) or "
        "(n, 1). Choose the column; turn numbers into an array of numbers with X.astype(float)."
    )
