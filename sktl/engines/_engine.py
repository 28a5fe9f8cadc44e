"""What runs the frozen stages of a backbone."""

import abc
import functools
from collections.abc import Callable
from typing import ClassVar

import numpy as np
import torch

from sktl.backbones import Backbone
from sktl.utils._device import Send

__all__ = ["Engine", "Offer"]

# Takes a depth, whether rows are averaged to vectors, and a function that returns the rows behind that many stages.
Offer = Callable[[int, bool, Callable[[], np.ndarray]], None]


class Engine(abc.ABC):
    """Runs frozen stages on batches, on one kind of hardware and in one precision.

    What comes out for a sample does not depend on what else is asked for in the same pass.

    Parameters
    ----------
    backbone : Backbone
        The network; nothing of it is changed.
    precision : str, default="float32"
        The type in which products are computed. What comes out is float32, or what the weights are if this is.
    device : torch.device or None, default=None
        Where to compute; None: on the CPU.

    Attributes
    ----------
    name : str
        What users call it.
    resumes : bool
        Whether a pass that goes on from what an earlier one returned has the bits of one pass. Else every pass begins
        at the input.
    """

    name: ClassVar[str]
    resumes: ClassVar[bool]

    def __init__(self, backbone: Backbone, precision: str = "float32", device: torch.device | None = None):
        self.backbone = backbone
        self.precision = precision
        self.device = torch.device("cpu") if device is None else device

    @classmethod
    @abc.abstractmethod
    def precisions(cls, device: str) -> tuple[str, ...]:
        """Return the precisions that it knows on a type of device; none where it does not compute there."""

    @classmethod
    def natural_precision(cls, device: torch.device, backbone: Backbone, example: Callable[[], torch.Tensor]) -> str:
        """Return what suits hardware, network and samples; float32 where another would be no gain, or is not known.

        Parameters
        ----------
        device : torch.device
            Where to compute.
        backbone : Backbone
            The network.
        example : callable
            Returns a sample as the first stage takes it (1, ...).
        """
        return "float32"

    @functools.cached_property
    def fingerprints(self) -> tuple[bytes, ...]:
        """What stands for the first 0, 1, 2, ... stages, as they were when it was first asked for."""
        return self.backbone.fingerprints()

    @property
    @abc.abstractmethod
    def tag(self) -> str:
        """All that the bits of a result depend on beside weights and input."""

    def ahead(self, load: Callable[[Send | None], torch.Tensor]) -> torch.Tensor:
        """Return a batch as `run` takes it soonest; a thread may ask for it while the one before is run.

        Parameters
        ----------
        load : callable
            Returns the batch on the CPU for None; else takes what brings tensors to a device, and returns it there.
        """
        return load(None)

    @abc.abstractmethod
    def run(self, x: torch.Tensor, start: int, stop: int, pooled: bool, offer: Offer | None = None) -> np.ndarray:
        """Return what the stages from ``start`` up to, not including, ``stop`` make of a batch.

        Parameters
        ----------
        x : tensor of shape (b, ...)
            What the stage ``start`` takes. It may be written to.
        start, stop : int
            The stages, as in a slice.
        pooled : bool
            Whether the result is averaged to a vector per sample.
        offer : callable or None, default=None
            Is told of rows on the way, and may take them. Where the result is averaged, an engine offers the averages
            behind each stage before; it need not offer more.

        Returns
        -------
        ndarray of shape (b, ...)
            A new array, or one that nobody writes to.
        """
