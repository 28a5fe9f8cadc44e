"""What a network takes in, by index."""

import dataclasses
import functools
from collections.abc import Callable

import numpy as np
import torch

from sktl.utils._device import Send

__all__ = ["Samples"]


@dataclasses.dataclass(frozen=True)
class Samples:
    """The inputs of a network, loaded by index, with what tells them apart.

    Parameters
    ----------
    n_samples : int
        How many there are.
    load : callable
        Takes indices, returns the tensor (b, ...) that the first stage takes. Where rows are cached, a sample has the
        same bits whenever it is loaded.
    keys : callable
        Takes indices, returns 16 bytes for each that stand for the sample as it was given.
    view : str
        All that is done to a sample before the first stage, with the transform, number and seed of a view that is not
        the plain sample. Samples of two views share no row.
    load_sent : callable or None, default=None
        Takes indices and what brings a tensor to a device, and returns what ``load`` does, on that device: for samples
        that are smaller before the last steps, which are done there. None: what ``load`` returns is brought there.
    shape : tuple of int or None, default=None
        The shape of a sample as ``load`` returns it, where the view settles it. None: that of the first one, which is
        loaded to learn it where rows are cached. Samples of two shapes share no row.
    in_memory : bool, default=False
        Whether the samples were given as arrays. Only then may all of them be held ready for the first stage.
    """

    n_samples: int
    load: Callable[[np.ndarray], torch.Tensor]
    keys: Callable[[np.ndarray], list[bytes]]
    view: str
    load_sent: Callable[[np.ndarray, Send], torch.Tensor] | None = None
    shape: tuple[int, ...] | None = None
    in_memory: bool = False

    def __len__(self) -> int:
        return self.n_samples

    @functools.cached_property
    def known_shape(self) -> tuple[int, ...]:
        """The shape of a sample, for which the first is loaded where the view does not settle it."""
        return tuple(self.load(np.arange(1)).shape[1:]) if self.shape is None else self.shape

    def subset(self, indices: np.ndarray) -> "Samples":
        """Return the samples at ``indices``, as samples of their own."""
        sent = self.load_sent
        return Samples(
            n_samples=len(indices),
            load=lambda some: self.load(indices[some]),
            keys=lambda some: self.keys(indices[some]),
            view=self.view,
            load_sent=None if sent is None else lambda some, send: sent(indices[some], send),
            shape=self.shape,
            in_memory=self.in_memory,
        )
