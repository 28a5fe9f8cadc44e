"""What is known of a set of weights, as data."""

import dataclasses

from sktl.utils._preprocessing import Preprocessing

__all__ = ["WeightsInfo"]


@dataclasses.dataclass(frozen=True)
class WeightsInfo:
    """Where weights come from, and what goes with them.

    Parameters
    ----------
    name : str
        Name of this version, as ``weights=`` takes it.
    source : str
        Address, package or path of the file.
    licence : str
        As stated at the source, or "not stated".
    sha256 : str
        The first digits, eight or more, of the file's SHA-256; empty where none is published.
    preprocessing : Preprocessing or None
        What the weights expect of a picture.
    categories : tuple of str
        Names of the outputs of the network's own output layer.
    columns : tuple of str
        Names of the columns of the table that a network was fitted to; empty where they have none.
    sample_shape : tuple of int or None
        The shape of the samples that a network was fitted to, where they are no pictures and all have one.
    sample_type : str
        "floats" or "whole numbers", where samples are no pictures.
    """

    name: str
    source: str
    licence: str = "not stated"
    sha256: str = ""
    preprocessing: Preprocessing | None = None
    categories: tuple[str, ...] = dataclasses.field(default=(), repr=False)
    columns: tuple[str, ...] = dataclasses.field(default=(), repr=False)
    sample_shape: tuple[int, ...] | None = dataclasses.field(default=None, repr=False)
    sample_type: str = dataclasses.field(default="", repr=False)
