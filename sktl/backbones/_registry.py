"""The backbones that go by a name."""

import os
from collections.abc import Callable
from typing import Literal

from sktl.backbones._all_minilm_l6_v2 import AllMiniLML6V2Family
from sktl.backbones._backbone import Backbone
from sktl.backbones._efficientnet_lite0 import EfficientNetLite0Family
from sktl.backbones._family import BackboneFamily
from sktl.backbones._timm import TimmFamily
from sktl.backbones._torchvision import TorchvisionFamily
from sktl.exceptions import UnknownBackboneError
from sktl.utils._names import nearest_names

__all__ = ["get_backbone", "input_kind_of", "list_backbones", "list_weights", "register_backbone"]

# One line a family; a name goes to the first that knows it.
FAMILIES: tuple[BackboneFamily, ...] = (
    TorchvisionFamily(),
    EfficientNetLite0Family(),
    AllMiniLML6V2Family(),
    TimmFamily(),
)

InputKind = Literal["image", "table", "tensor"]

_registered: dict[str, Callable[[str | None], Backbone]] = {}
_input_kinds: dict[str, InputKind] = {}


def list_backbones() -> list[str]:
    """Return the names that ``get_backbone`` takes, beside ``"timm:<name>"`` for the models of timm.

    Examples
    --------
    >>> from sktl.backbones import list_backbones
    >>> "resnet50" in list_backbones()
    True
    """
    return sorted({*(name for family in FAMILIES for name in family.names()), *_registered})


def list_weights(name: str) -> list[str]:
    """Return the versions of pretrained weights that are known for a backbone, best first.

    Parameters
    ----------
    name : str
        As for ``get_backbone``.

    Examples
    --------
    >>> from sktl.backbones import list_weights
    >>> list_weights("resnet50")
    ['IMAGENET1K_V2', 'IMAGENET1K_V1']
    """
    return _family_of(name).weight_names(name)


def get_backbone(name: str, weights: str | os.PathLike | None = "default", *, in_channels: int = 3) -> Backbone:
    """Return a network by name, cut into stages.

    Parameters
    ----------
    name : str
        One of ``list_backbones()``, or ``"timm:<name>"`` for a model of timm.
    weights : str, path-like or None, default="default"
        ``"default"`` (the best version there is), one of ``list_weights(name)``, a path to a state dict, or None
        for random weights, drawn from torch's global generator.
    in_channels : int, default=3
        Channels of the pictures. For another number than 3 the first layer is adapted.

    Returns
    -------
    Backbone

    Raises
    ------
    UnknownBackboneError
        Where no backbone, or no version of its weights, has the name; the message lists the nearest names.
    WeightsNotFoundError
        Where the weights are neither in the cache folder nor to be fetched; the message names the file and the folder.
    StateDictMismatchError
        Where the state dict is another network's.
    CutError
        Where a model of timm cannot be cut into stages.
    TypeError
        Where the function that is registered by the name returns no ``Backbone``.

    Examples
    --------
    >>> from sktl.backbones import get_backbone
    >>> get_backbone("resnet18", weights=None).stage_names
    ('stem', 'layer1', 'layer2', 'layer3', 'layer4')
    """
    weights = os.fspath(weights) if isinstance(weights, os.PathLike) else weights
    if name in _registered:
        return _built(name, weights)
    return _family_of(name).build(name, weights, in_channels)


def input_kind_of(name: str) -> InputKind:
    """Return what a backbone that goes by a name takes, without building it.

    Parameters
    ----------
    name : str
        As for ``get_backbone``.

    Returns
    -------
    {"image", "table", "tensor"}
        Pictures, rows of a table, or anything else whose first axis counts samples.

    Raises
    ------
    UnknownBackboneError
        Where no backbone has the name.

    Examples
    --------
    >>> from sktl.backbones import input_kind_of
    >>> input_kind_of("resnet50"), input_kind_of("all_minilm_l6_v2")
    ('image', 'tensor')
    """
    if name in _registered:
        return _input_kinds.get(name, "image")
    return _family_of(name).input_kind


def register_backbone(name: str, builder: Callable[[str | None], Backbone], *, input_kind: InputKind = "image") -> None:
    """Make a backbone of one's own known by a name.

    Parameters
    ----------
    name : str
        A name that is not taken.
    builder : callable
        Called with ``weights``; returns a ``Backbone``.
    input_kind : {"image", "table", "tensor"}, default="image"
        What that takes.

    Raises
    ------
    ValueError
        Where the name is taken.

    Examples
    --------
    >>> from torch import nn
    >>> from sktl.backbones import Backbone, get_backbone, register_backbone
    >>> def two_layers(weights):
    ...     return Backbone(stages=[("one", nn.Linear(4, 3)), ("two", nn.Linear(3, 2))])
    >>> register_backbone("two_layers", two_layers, input_kind="tensor")
    >>> get_backbone("two_layers", weights=None).n_stages
    2
    """
    if name in _registered or any(family.knows(name) for family in FAMILIES):
        raise ValueError(f"the name {name!r} is taken; choose another for this backbone")
    _registered[name], _input_kinds[name] = builder, input_kind


def _built(name: str, weights: str | None) -> Backbone:
    backbone = _registered[name](weights)
    if not isinstance(backbone, Backbone):
        raise TypeError(
            f"the function registered as {name!r} returned {type(backbone).__name__}: it must return a Backbone, such "
            "as backbone_from_module(module)"
        )
    return backbone


def _family_of(name: str) -> BackboneFamily:
    for family in FAMILIES:
        if family.knows(name):
            return family
    near = nearest_names(name, list_backbones())
    hint = f"Did you mean {', '.join(map(repr, near))}?" if near else "list_backbones() tells the names."
    raise UnknownBackboneError(f"there is no backbone {name!r}. {hint}")
