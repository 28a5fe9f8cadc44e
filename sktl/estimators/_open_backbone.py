"""From the parameters ``backbone`` and ``weights`` to a network."""

import copy
import dataclasses
import functools
import os
from typing import Any

import torch
from sklearn.base import BaseEstimator
from torch import nn

from sktl.backbones import MLP, Backbone, backbone_from_module, get_backbone, input_kind_of
from sktl.utils._seeds import seeded

__all__ = ["describe_backbone", "dtype_of", "open_backbone"]

# Candidates of a search ask for the same network again and again; two are held, for searches over two networks.
N_HELD = 2
TOKEN_STD = 0.02  # what vision transformers draw their tokens and positions with


def describe_backbone(backbone: Any) -> tuple[Any, str]:
    """Return what can be built later, and the kind of its input: "image", "table" or "tensor".

    Parameters
    ----------
    backbone : str, MLP, Backbone or torch.nn.Module
        As users give it.

    Raises
    ------
    TypeError
        Where it is none of these.
    """
    if isinstance(backbone, str):
        return (MLP(), "table") if backbone == "mlp" else (backbone, input_kind_of(backbone))
    if isinstance(backbone, MLP):
        return backbone, "table"
    if isinstance(backbone, nn.Module):
        backbone = backbone_from_module(backbone)
    if isinstance(backbone, Backbone):
        return backbone, backbone.input_kind
    if isinstance(backbone, BaseEstimator):
        name = type(backbone).__name__
        raise TypeError(
            f"backbone is an estimator, {name}(...), which a clone would forget the fit of: give its network, "
            "backbone=estimator.backbone_"
        )
    raise TypeError(
        "backbone must be a name, an MLP, a torch.nn.Module or a Backbone (such as the backbone_ of a fitted "
        f"estimator), got {type(backbone).__name__}"
    )


def dtype_of(backbone: Backbone) -> torch.dtype:
    """Return the type of a backbone's weights; float32 where it has none."""
    for _, module in backbone.stages:
        for parameter in module.parameters():
            if parameter.is_floating_point():
                return parameter.dtype
    return torch.float32


def open_backbone(
    description: Any, weights: str | os.PathLike | None, n_channels: int, seed: int, dtype: torch.dtype = torch.float32
) -> Backbone:
    """Return the network that was described.

    Parameters
    ----------
    description : str, MLP or Backbone
        What ``describe_backbone`` returns.
    weights : str, path-like or None
        "default", a version, a path, or None for random weights.
    n_channels : int
        Channels of pictures, columns of tables.
    seed : int
        Of random weights.
    dtype : torch.dtype, default=torch.float32
        Of the weights of an MLP.
    """
    if isinstance(weights, os.PathLike):
        weights = os.fspath(weights)
    if isinstance(description, Backbone):
        if weights not in ("default", None):
            raise ValueError(
                f"weights={weights!r} is for backbones that go by a name, but {description.name!r} was given with its "
                "weights. Load them before, and leave weights='default'"
            )
        return description if weights == "default" else _reset(description, seed)
    with seeded(seed):
        if isinstance(description, MLP):
            if weights not in ("default", None):
                raise ValueError(f"an MLP has no weights to load, got weights={weights!r}; leave weights='default'")
            return _in_dtype(description.build(n_channels), dtype)
        if weights is None:
            return get_backbone(description, None, in_channels=n_channels)
    changed = os.path.getmtime(weights) if os.path.isfile(weights) else 0.0
    return _held_backbone(description, weights, n_channels, changed)


@functools.lru_cache(maxsize=N_HELD)
def _held_backbone(name: str, weights: str, n_channels: int, changed: float) -> Backbone:
    """Return a pretrained network, loaded once as long as its file does not change."""
    return get_backbone(name, weights, in_channels=n_channels)


def _in_dtype(backbone: Backbone, dtype: torch.dtype) -> Backbone:
    """Return a backbone that was just built with weights of another type."""
    return dataclasses.replace(backbone, stages=tuple((name, module.to(dtype)) for name, module in backbone.stages))


def _reset(backbone: Backbone, seed: int) -> Backbone:
    """Return a backbone with random weights in place of those it has."""
    stages = copy.deepcopy(tuple(backbone.stages))
    with seeded(seed), torch.no_grad():
        for _, stage in stages:
            learned = {parameter: parameter._version for parameter in stage.parameters()}
            for module in stage.modules():
                for name in ("reset_parameters", "_reset_parameters"):
                    getattr(module, name, _nothing)()
            for parameter, version in learned.items():
                if parameter._version == version:  # tokens, positions and scales, which no module draws anew
                    nn.init.trunc_normal_(parameter, std=TOKEN_STD)
    return dataclasses.replace(backbone, stages=stages, output_layer=None, weights=None, rebuild=None)


def _nothing() -> None:
    """Do nothing."""
