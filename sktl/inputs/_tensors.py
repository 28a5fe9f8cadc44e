"""Samples that are tensors already."""

import numbers
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch

from sktl.exceptions import UnreadableImageError
from sktl.inputs._containers import Dense, Items, unwrap
from sktl.inputs._keys import key_of_array
from sktl.inputs._kinds import kind_of
from sktl.inputs._naming import naming
from sktl.inputs._values import check_finite
from sktl.inputs._views import Alter, drawing_view

__all__ = ["Tensors", "open_tensors"]


def open_tensors(X: Any) -> "Tensors":
    """Return the samples in ``X`` for a network that takes tensors as they are.

    Parameters
    ----------
    X : array-like of shape (n_samples, ...), list of arrays or tensors of one shape, or torch Dataset
        The samples. Floats keep their type, integers become int64, booleans float32. They are not copied as a whole.

    Returns
    -------
    Tensors
        The samples, to be loaded in batches.

    Raises
    ------
    TypeError
        Where ``X`` holds something other than numbers.
    ValueError
        Where it is empty, has one axis only, holds NaN or infinity, or its samples differ in shape.

    Examples
    --------
    >>> from sktl.inputs import open_tensors
    >>> samples = open_tensors([[1.0, 2.0], [3.0, 4.0]])
    >>> samples.load([1])
    tensor([[3., 4.]], dtype=torch.float64)
    """
    return Tensors(unwrap(_numbers_as_array(X)))


class Tensors:
    """Samples that are tensors already, loaded in batches; ``open_tensors`` makes it.

    Attributes
    ----------
    n_samples : int
        The number of samples.
    shape : tuple of int or None
        The shape of one sample. None for a torch ``Dataset``.
    """

    def __init__(self, source: Dense | Items):
        self._source = source
        self._keys: dict[int, bytes] = {}
        self.n_samples = len(source)
        self.shape: tuple[int, ...] | None = None
        if isinstance(source, Dense):
            if len(source.shape) < 2:
                raise ValueError(
                    f"X has the shape {source.shape}: expected (n_samples, ...) with at least two axes. "
                    "For one number per sample, give X.reshape(-1, 1)."
                )
            self.shape = source.shape[1:]
            for start, chunk in source.chunks():
                check_finite(start, chunk)
        elif not source.is_dataset:
            self.shape = self._sample(0).shape
            for index in range(1, len(source)):
                self._check_shape(self._sample(index), index, self.shape, 0)

    def __len__(self) -> int:
        return self.n_samples

    def keys(self, indices: Iterable[int]) -> list[bytes]:
        """Return 16 bytes for each of some samples that stand for its values, type and shape."""
        indices = [int(index) for index in indices]
        for index in indices:
            if index not in self._keys:
                with naming(index):
                    self._keys[index] = key_of_array(self._sample(index), "")
        return [self._keys[index] for index in indices]

    def load(
        self, indices: Iterable[int], dtype: torch.dtype | None = None, alter: Alter | None = None
    ) -> torch.Tensor:
        """Return some samples as one tensor (b, ...).

        Parameters
        ----------
        indices : iterable of int
            Which.
        dtype : torch.dtype or None, default=None
            What floats become. None: nothing else.
        alter : callable or None, default=None
            Makes a view of each sample then. It takes the place among ``indices`` and the sample, and returns a tensor
            of the same shape and type.

        Returns
        -------
        Tensor of shape (b, ...)
            The samples.

        Raises
        ------
        ValueError
            Where samples of a ``Dataset`` differ in shape, or one holds NaN or infinity.
        UnreadableImageError
            Where a ``Dataset`` cannot read one.
        """
        indices = [int(index) for index in indices]
        if not indices:
            raise ValueError("no index given: expected at least one sample to load")
        batch = self._load(indices)
        if dtype is not None and batch.is_floating_point():
            batch = batch.to(dtype)
        if alter is None:
            return batch
        views = []
        for position, (index, sample) in enumerate(zip(indices, batch, strict=True)):
            with drawing_view(index):
                views.append(alter(position, sample))
        return torch.stack(views)

    def _load(self, indices: list[int]) -> torch.Tensor:
        if isinstance(self._source, Dense):
            return _to_tensor(self._source.take(indices))
        samples: list[np.ndarray] = []
        for index in indices:
            with naming(index):
                samples.append(self._sample(index))
            self._check_shape(samples[-1], index, samples[0].shape, indices[0])
        return _to_tensor(np.stack(samples))

    def unreadable(self) -> dict[int, str]:
        """Return, by index, a sentence on why samples of a ``Dataset`` cannot be read."""
        reasons: dict[int, str] = {}
        if isinstance(self._source, Items) and self._source.is_dataset:
            for index in range(self.n_samples):
                try:
                    with naming(index):
                        self._sample(index)
                except UnreadableImageError as error:
                    reasons[index] = str(error)
        return reasons

    def _sample(self, index: int) -> np.ndarray:
        """Return one sample as an array."""
        if isinstance(self._source, Dense):
            return self._source.take([index])[0]
        item = self._source[index]
        if kind_of(item, index) != "array":
            raise TypeError(f"X[{index}] is {type(item).__name__}: the network takes arrays or tensors")
        sample = self._source.array(index)
        check_finite(index, sample[np.newaxis])
        return sample

    @staticmethod
    def _check_shape(sample: np.ndarray, index: int, expected: tuple[int, ...], other: int) -> None:
        if sample.shape != expected:
            raise ValueError(
                f"X[{index}] has the shape {sample.shape} and X[{other}] {expected}: expected one shape. "
                "Pad or cut the samples."
            )


def _to_tensor(array: np.ndarray) -> torch.Tensor:
    """Return an array that is ours as a tensor of a type that networks take."""
    if array.dtype.kind in "ui":
        array = array.astype(np.int64)
    elif array.dtype.kind == "b":
        array = array.astype(np.float32)
    return torch.from_numpy(np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("=")))


def _numbers_as_array(X: Any) -> Any:
    """Return nested lists of numbers as an array, and anything else as it is."""
    if not isinstance(X, (list, tuple)) or not X:
        return X
    innermost = X[0]
    while isinstance(innermost, (list, tuple)) and innermost:
        innermost = innermost[0]
    if not isinstance(innermost, numbers.Number):
        return X
    try:
        return np.asarray(X)
    except ValueError as error:
        raise ValueError("the lists of numbers in X differ in length: expected one shape for all") from error
