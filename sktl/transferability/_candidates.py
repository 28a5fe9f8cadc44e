"""The backbones that a ranking is asked for."""

import dataclasses
import os
from collections.abc import Mapping
from typing import Any

from torch import nn

from sktl.backbones import MLP, Backbone
from sktl.utils._names import nearest_names

__all__ = ["Candidate", "read_candidates"]


_NOT_GIVEN = object()


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A backbone and its weights, as the estimators take them, with a name to print."""

    name: str
    backbone: Any
    weights: Any

    @property
    def parameters(self) -> dict[str, Any]:
        """The two as parameters of an estimator."""
        return {"backbone": self.backbone, "weights": self.weights}


def read_candidates(backbones: Any, weights: Any) -> list[Candidate]:
    """Return the backbones with their weights: those of a pair, else those given for all or for each.

    Raises
    ------
    TypeError
        Where ``backbones`` is no list, tuple or dict, or one of them is nothing that the estimators take.
    ValueError
        Where there is none, or ``weights`` are not those of the backbones.
    """
    if isinstance(backbones, Mapping):
        given: list[tuple[str | None, Any]] = [(str(name), one) for name, one in backbones.items()]
    elif isinstance(backbones, list | tuple):
        given = [(None, one) for one in backbones]
    else:
        raise TypeError(f"backbones must be a list, or a dict of backbones by name, got {type(backbones).__name__}")
    if not given:
        raise ValueError("backbones is empty: give at least one")
    pairs = [(name, *_split(one)) for name, one in given]
    for _, one, _ in pairs:
        _check_kind(one)
    names = [_name_of(one) if name is None else name for name, one, _ in pairs]
    others = _weights_of_each(weights, names)
    return [
        Candidate(name, one, other if own is _NOT_GIVEN else own)
        for name, (_, one, own), other in zip(names, pairs, others, strict=True)
    ]


def _split(given: Any) -> tuple[Any, Any]:
    """Return a backbone and the weights in a pair with it."""
    if not isinstance(given, tuple):
        return given, _NOT_GIVEN
    if len(given) != 2:
        raise ValueError(f"a backbone may be given as a pair (backbone, weights), got a tuple of {len(given)}")
    return given


def _name_of(backbone: Any) -> str:
    if isinstance(backbone, str):
        return backbone
    if isinstance(backbone, Backbone):
        return backbone.name
    if isinstance(backbone, MLP):
        return "mlp"
    return type(backbone).__name__


def _check_kind(backbone: Any) -> None:
    if not isinstance(backbone, str | MLP | Backbone | nn.Module):
        raise TypeError(
            "each of backbones must be a name, an MLP, a torch.nn.Module or a Backbone, or a pair of one of these and "
            f"its weights, got {type(backbone).__name__}"
        )


def _weights_of_each(weights: Any, names: list[str]) -> list[Any]:
    """Return the weights of each backbone, as far as they are not in a pair with it."""
    if isinstance(weights, Mapping):
        unknown = [name for name in weights if name not in names]
        if unknown:
            near = nearest_names(str(unknown[0]), names) or names
            raise ValueError(
                f"weights are given for {unknown[0]!r}, but no backbone is called that; there are "
                f"{', '.join(map(repr, near))}"
            )
        return [weights.get(name, "default") for name in names]
    if isinstance(weights, list | tuple):
        if len(weights) != len(names):
            raise ValueError(f"weights is a list of {len(weights)}, but there are {len(names)} backbones")
        return list(weights)
    if weights is None or isinstance(weights, str | os.PathLike):
        return [weights] * len(names)
    raise TypeError(
        f"weights must be 'default', a version, a path or None for all backbones, a list with one for each, or a dict "
        f"of them by name, got {type(weights).__name__}"
    )
