"""A network per task, held together by a penalty."""

import dataclasses
import numbers
from collections.abc import Sequence

import torch
from torch import nn

from sktl.sharing._anchored_stage import AnchoredStage
from sktl.sharing._sharing import JoinedModules, Sharing
from sktl.sharing._towers import build_towers
from sktl.sharing._trace_norms import TRACE_NORMS

__all__ = ["SoftSharing"]

PENALTIES = ("l2", *TRACE_NORMS)


class SoftSharing(Sharing):
    """Soft parameter sharing: a network per task, whose weights are drawn together.

    After each step of the optimiser the towers take the proximal step of lr · strength · penalty. So the penalty stands
    apart from the optimiser's own scaling of gradients, as weight decay does in AdamW, and no strength is too large:
    with an endless one the towers are equal, with 0 they are those of ``sharing="none"``.

    Parameters
    ----------
    penalty : {"l2", "trace", "trace_tucker", "trace_tt"}, default="l2"
        ``"l2"``: Σ_t ‖θ_t − θ̄‖², the distance to what the towers have in common. θ_t is an anchor θ̄ plus an offset, and
        both are trained, so that with an endless strength the anchor is trained as one network is (Evgeniou and Pontil,
        2004). The others are trace norms of the towers' weights stacked along one more axis, which favour few common
        directions: of the matrix with a row per tower, of all unfoldings, or of all splits of the axes (Yang and
        Hospedales, 2017). The last two take a decomposition for each axis of each layer and step: they are for small
        layers. An endless trace norm leaves no weight at all.
    strength : float, default=100.0
        The factor of the penalty, 0 or more. With l2 an offset is halved in about .35 / (lr · strength) steps.
        At the default, tasks that have much in common do as well as with ``"hard"``.
    stages : sequence of str or None, default=None
        The names of the stages that are held together. None: all that are not frozen. Heads never are.

    Examples
    --------
    >>> from sktl import MultiTaskClassifier
    >>> from sktl.sharing import SoftSharing
    >>> classifier = MultiTaskClassifier("mlp", sharing=SoftSharing(penalty="trace", strength=0.1))
    >>> classifier.get_params()["sharing__strength"]
    0.1
    """

    def __init__(self, penalty="l2", strength=100.0, stages=None):
        self.penalty = penalty
        self.strength = strength
        self.stages = stages

    def join(self, stages: nn.ModuleList, heads: Sequence[nn.Sequential], stage_names: Sequence[str]) -> JoinedModules:
        """Return towers, and what draws them together.

        Raises
        ------
        ValueError
            Where the penalty is not known, the strength is negative or no number, or a stage is not there or frozen.
        """
        if self.penalty not in PENALTIES:
            raise ValueError(f"penalty of SoftSharing must be one of {list(PENALTIES)}, got {self.penalty!r}")
        is_number = isinstance(self.strength, numbers.Real) and not isinstance(self.strength, bool)
        if not (is_number and self.strength >= 0):
            raise ValueError(f"strength of SoftSharing must be a number of 0 or more, got {self.strength!r}")
        if isinstance(self.stages, str):
            raise ValueError(
                f"stages of SoftSharing must be a list of names of stages, got {self.stages!r}: give [{self.stages!r}]"
            )
        held = list(stage_names) if self.stages is None else list(self.stages)
        unknown = [name for name in held if name not in stage_names]
        if unknown:
            raise ValueError(
                f"stages of SoftSharing names {unknown}, but the stages that are not frozen are {list(stage_names)}"
            )
        joined = build_towers(stages, heads)
        places = [place for place, name in enumerate(stage_names) if name in held]
        if not joined.has_towers or self.strength == 0:
            return joined
        if self.penalty != "l2":
            return dataclasses.replace(joined, tie=_TraceTie(self.penalty, float(self.strength), places))
        for place in places:
            joined.stages[place] = AnchoredStage(joined.stages[place])  # type: ignore[arg-type]
        return dataclasses.replace(joined, tie=_AnchorTie(float(self.strength), places))


class _AnchorTie:
    """Draws offsets to 0 after each step of the optimiser."""

    def __init__(self, strength: float, places: Sequence[int]):
        self.strength = strength
        self.places = places

    def __call__(self, stages: nn.ModuleList, lr: float, lr_decay: float) -> None:
        """Shrink the offsets of the held stages."""
        for place in self.places:
            stages[place].shrink(self.strength * lr * lr_decay ** (len(stages) - place))  # type: ignore[operator]


class _TraceTie:
    """The proximal step of a trace norm after each step of the optimiser."""

    def __init__(self, penalty: str, strength: float, places: Sequence[int]):
        self.penalty = penalty
        self.strength = strength
        self.places = places

    @torch.no_grad()
    def __call__(self, stages: nn.ModuleList, lr: float, lr_decay: float) -> None:
        """Shrink the singular values of the held stages."""
        for place in self.places:
            amount = self.strength * lr * lr_decay ** (len(stages) - place)
            for alike in stages[place].tied():  # type: ignore[operator]
                if len(alike) == 1:
                    alike[0].copy_(TRACE_NORMS[self.penalty](alike[0], amount))
                    continue
                towers = torch.stack([parameter if parameter.ndim else parameter.reshape(1) for parameter in alike])
                for parameter, value in zip(alike, TRACE_NORMS[self.penalty](towers, amount), strict=True):
                    parameter.copy_(value.view_as(parameter))
