"""What every family of backbones offers."""

import abc
from typing import Literal

from sktl.backbones._backbone import Backbone

__all__ = ["BackboneFamily"]


class BackboneFamily(abc.ABC):
    """A family of networks that are built by name.

    To add one, write a subclass in a file of its own and name it once in ``_registry.FAMILIES``; the contract tests
    take it up from there.

    Attributes
    ----------
    input_kind : {"image", "table", "tensor"}
        What the networks of the family take.
    """

    input_kind: Literal["image", "table", "tensor"] = "image"

    @abc.abstractmethod
    def names(self) -> list[str]:
        """Return the names of the networks that can be built here."""

    @abc.abstractmethod
    def weight_names(self, name: str) -> list[str]:
        """Return the versions of weights that are known for a network, best first."""

    @abc.abstractmethod
    def build(self, name: str, weights: str | None, in_channels: int) -> Backbone:
        """Return the network ``name`` as a backbone.

        Parameters
        ----------
        name : str
            One that ``knows`` accepts.
        weights : str or None
            ``"default"``, one of ``weight_names(name)``, a path to a state dict, or None for random weights
            from torch's global generator.
        in_channels : int
            Channels of the pictures.
        """

    def knows(self, name: str) -> bool:
        """Whether ``name`` belongs to this family."""
        return name in self.names()
