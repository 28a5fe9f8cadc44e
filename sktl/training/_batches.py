"""Batches by slicing, without a DataLoader's overhead."""

import dataclasses
import functools
import itertools
from collections.abc import Iterator

import numpy as np
import torch

from sktl.features import Rows

__all__ = ["BatchIterator", "LabelledRows", "count_batches"]


def count_batches(n_rows: int, batch_size: int) -> int:
    """Return in how many batches rows are trained on: one that would be left by itself joins the last of them.

    There is no variance in one row, so that batch normalisation could not be trained on it.

    Examples
    --------
    >>> from sktl.training._batches import count_batches
    >>> [count_batches(n_rows, 32) for n_rows in (1, 32, 33, 34, 65)]
    [1, 1, 1, 2, 2]
    """
    n_full, rest = divmod(n_rows, batch_size)
    return n_full + (rest > min(n_full, 1))


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

    Where rows are shuffled, as they are for training, the last may have one more instead. The order is drawn from
    torch's global generator.
    """

    dataset: LabelledRows
    batch_size: int
    shuffle: bool = False

    def __len__(self) -> int:
        n, size = len(self.dataset), self.batch_size
        return count_batches(n, size) if self.shuffle else -(-n // size)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]]:
        n, size = len(self.dataset), self.batch_size
        if not self.shuffle:
            return self.dataset.batches(np.arange(n), size)
        order = torch.randperm(n).numpy()
        if len(self) * size >= n:
            return self.dataset.batches(order, size)
        before, last = order[: -size - 1], order[-size - 1 :]
        parts = [(before, size), (last, size + 1)] if len(before) else [(last, size + 1)]
        return itertools.chain.from_iterable(itertools.starmap(self.dataset.batches, parts))
