"""What a network takes in, by index."""

import dataclasses
from collections.abc import Callable, Sequence

import torch

__all__ = ["Samples"]


@dataclasses.dataclass(frozen=True)
class Samples:
    """The inputs of a network, loaded by index, with what tells them apart.

    Parameters
    ----------
    n_samples : int
        How many there are.
    load : callable
        Takes indices, returns the tensor (b, ...) that the first stage takes.
    keys : callable
        Takes indices, returns 16 bytes for each that stand for the sample as it was given.
    view : str
        All that is done to a sample before the first stage.
    """

    n_samples: int
    load: Callable[[Sequence[int]], torch.Tensor]
    keys: Callable[[Sequence[int]], list[bytes]]
    view: str

    def __len__(self) -> int:
        return self.n_samples

    def subset(self, indices: Sequence[int]) -> "Samples":
        """Return the samples at ``indices``, as samples of their own."""
        chosen = list(indices)
        return Samples(
            n_samples=len(chosen),
            load=lambda some: self.load([chosen[i] for i in some]),
            keys=lambda some: self.keys([chosen[i] for i in some]),
            view=self.view,
        )
