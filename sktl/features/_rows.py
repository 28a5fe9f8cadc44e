"""What a network takes in while it is trained, in batches."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np
import torch

from sktl.utils._device import free_memory

__all__ = ["ArrayRows", "DeviceRows", "Rows", "StreamedRows", "batch_by_batch"]

# Of an array, this many bytes are copied at once: enough that short rows do not cost a call for each batch, and few
# enough that they lie in a processor's cache until they are used.
COPIED_AT_ONCE = 2**20
# Rows are brought to a device as a whole where they take up less than this share of what is free there: the rest is for
# the network, its gradients and what it keeps for them.
DEVICE_SHARE = 0.25


class Rows(Protocol):
    """Inputs that are read in batches."""

    def __len__(self) -> int: ...

    def batch(self, indices: np.ndarray) -> torch.Tensor:
        """Return the rows at ``indices`` as a new tensor (b, ...)."""
        ...

    def batches(self, indices: np.ndarray, batch_size: int) -> Iterator[torch.Tensor]:
        """Yield the rows at ``indices`` in tensors of ``batch_size`` rows; the last may be shorter."""
        ...

    def on(self, device: torch.device) -> "Rows":
        """Return the rows on a device, if they are held as a whole and it has room to spare; else these."""
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

    def on(self, device: torch.device) -> Rows:
        """Return the rows on a device, if it has room to spare for them; else these."""
        if self.array.nbytes > DEVICE_SHARE * free_memory(device):
            return self
        return DeviceRows(torch.from_numpy(self.array).to(device))


@dataclasses.dataclass(frozen=True)
class DeviceRows:
    """Rows of a tensor on a device, from which no batch has to be sent."""

    tensor: torch.Tensor

    def __len__(self) -> int:
        return len(self.tensor)

    def batch(self, indices: np.ndarray) -> torch.Tensor:
        """Return the rows at ``indices`` as a new tensor (b, ...)."""
        return self.tensor.index_select(0, torch.from_numpy(indices).to(self.tensor.device))

    def batches(self, indices: np.ndarray, batch_size: int) -> Iterator[torch.Tensor]:
        """Yield the rows at ``indices`` in tensors of ``batch_size`` rows; the last may be shorter."""
        return batch_by_batch(self, indices, batch_size)

    def on(self, device: torch.device) -> Rows:
        """Return these rows."""
        return self


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

    def on(self, device: torch.device) -> Rows:
        """Return these rows: they are not held."""
        return self
