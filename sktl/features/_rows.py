"""What a network takes in while it is trained, in batches."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np
import torch

__all__ = ["ArrayRows", "Rows", "StreamedRows", "batch_by_batch"]

# Of an array, this many bytes are copied at once: enough that short rows do not cost a call for each batch, and few
# enough that they lie in a processor's cache until they are used.
COPIED_AT_ONCE = 2**20


class Rows(Protocol):
    """Inputs that are read in batches."""

    def __len__(self) -> int: ...

    def batch(self, indices: np.ndarray) -> torch.Tensor:
        """Return the rows at ``indices`` as a new tensor (b, ...)."""
        ...

    def batches(self, indices: np.ndarray, batch_size: int) -> Iterator[torch.Tensor]:
        """Yield the rows at ``indices`` in tensors of ``batch_size`` rows; the last may be shorter."""
        ...


def batch_by_batch(rows: Rows, indices: np.ndarray, batch_size: int) -> Iterator[torch.Tensor]:
    """Yield rows in batches that are read when they are asked for, each by itself."""
    for start in range(0, len(indices), batch_size):
        yield rows.batch(indices[start : start + batch_size])


@dataclasses.dataclass(frozen=True)
class ArrayRows:
    """Rows of an array in memory."""

    array: np.ndarray

    def __len__(self) -> int:
        return len(self.array)

    def batch(self, indices: np.ndarray) -> torch.Tensor:
        """Return the rows at ``indices`` as a new tensor (b, ...)."""
        return torch.from_numpy(self.array).index_select(0, torch.from_numpy(indices))  # half of the time of numpy's

    def batches(self, indices: np.ndarray, batch_size: int) -> Iterator[torch.Tensor]:
        """Yield the rows at ``indices`` in tensors of ``batch_size`` rows; the last may be shorter."""
        batch_bytes = batch_size * max(1, self.array[:1].nbytes)
        for several in batch_by_batch(self, indices, batch_size * max(1, COPIED_AT_ONCE // batch_bytes)):
            yield from several.split(batch_size)


@dataclasses.dataclass(frozen=True)
class StreamedRows:
    """Rows that are loaded or computed when they are asked for."""

    n_rows: int
    load: Callable[[np.ndarray], torch.Tensor]

    def __len__(self) -> int:
        return self.n_rows

    def batch(self, indices: np.ndarray) -> torch.Tensor:
        """Return the rows at ``indices`` as a new tensor (b, ...)."""
        return self.load(indices)

    def batches(self, indices: np.ndarray, batch_size: int) -> Iterator[torch.Tensor]:
        """Yield the rows at ``indices`` in tensors of ``batch_size`` rows; the last may be shorter."""
        return batch_by_batch(self, indices, batch_size)
