"""Batches by slicing, without a DataLoader's overhead."""

import dataclasses
import functools
from collections.abc import Iterator

import numpy as np
import torch

from sktl.features import Rows

__all__ = ["BatchIterator", "LabelledRows"]


@dataclasses.dataclass(frozen=True)
class LabelledRows(torch.utils.data.Dataset):
    """Rows with targets and weights, a subset of them if indices are given.

    Parameters
    ----------
    rows : Rows
        What the network takes in.
    targets : torch.Tensor of shape (n, n_tasks)
        As the loss takes them.
    weights : torch.Tensor of shape (n, n_tasks)
        Of each target; 0 where one is missing.
    indices : ndarray of int
        The rows that belong to the set.
    """

    rows: Rows
    targets: torch.Tensor
    weights: torch.Tensor
    indices: np.ndarray

    def __len__(self) -> int:
        return len(self.indices)

    @functools.cached_property
    def all_labelled(self) -> bool:
        """Whether each row has a label, so that each batch has."""
        return bool((self.weights[torch.from_numpy(self.indices)] != 0).any(dim=1).all())

    def batches(
        self, positions: np.ndarray, batch_size: int
    ) -> Iterator[tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]]:
        """Yield inputs, and targets with weights, at positions within the set, in batches."""
        indices = self.indices[positions]
        at = torch.from_numpy(indices)
        labels = zip(self.targets[at].split(batch_size), self.weights[at].split(batch_size), strict=True)
        yield from zip(self.rows.batches(indices, batch_size), labels, strict=True)


@dataclasses.dataclass(frozen=True)
class BatchIterator:
    """Iterates over a set of labelled rows in batches of one size; the last may be smaller.

    The order is drawn from torch's global generator.
    """

    dataset: LabelledRows
    batch_size: int
    shuffle: bool = False

    def __len__(self) -> int:
        return -(-len(self.dataset) // self.batch_size)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]]:
        n = len(self.dataset)
        order = torch.randperm(n).numpy() if self.shuffle else np.arange(n)
        return self.dataset.batches(order, self.batch_size)
