"""What a network takes in while it is trained, in batches."""

import dataclasses
from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch

__all__ = ["ArrayRows", "Rows", "StreamedRows"]


class Rows(Protocol):
    """Inputs that are read in batches."""

    def __len__(self) -> int: ...

    def batch(self, indices: np.ndarray) -> torch.Tensor:
        """Return the rows at ``indices`` as a new tensor (b, ...)."""
        ...


@dataclasses.dataclass(frozen=True)
class ArrayRows:
    """Rows of an array in memory."""

    array: np.ndarray

    def __len__(self) -> int:
        return len(self.array)

    def batch(self, indices: np.ndarray) -> torch.Tensor:
        """Return the rows at ``indices`` as a new tensor (b, ...)."""
        return torch.from_numpy(self.array[indices])


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
