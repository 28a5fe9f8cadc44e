"""Towers that exchange what they see."""

import numbers
from collections.abc import Sequence

from torch import nn

from sktl.sharing._sharing import JoinedModules, Sharing
from sktl.sharing._tower_stages import StitchedStage
from sktl.sharing._towers import build_towers

__all__ = ["CrossStitch"]


class CrossStitch(Sharing):
    """A network per task; after each stage every tower goes on with a learned mixture of all towers.

    Source: Misra et al., "Cross-stitch Networks for Multi-task Learning", CVPR 2016. The mixtures are trained at ten
    times the rate of the head.

    Parameters
    ----------
    own_share : float, default=0.9
        The share of itself that a tower starts with, in [0, 1]; the others have equal parts of the rest.

    Examples
    --------
    >>> from sktl import MultiTaskClassifier
    >>> from sktl.sharing import CrossStitch
    >>> MultiTaskClassifier("mlp", sharing=CrossStitch(own_share=0.8))
    MultiTaskClassifier(backbone='mlp', sharing=CrossStitch(own_share=0.8))
    """

    def __init__(self, own_share=0.9):
        self.own_share = own_share

    def join(self, stages: nn.ModuleList, heads: Sequence[nn.Sequential], stage_names: Sequence[str]) -> JoinedModules:
        """Return towers with a mixture behind each stage.

        Raises
        ------
        ValueError
            Where the share is no number in [0, 1].
        """
        is_number = isinstance(self.own_share, numbers.Real) and not isinstance(self.own_share, bool)
        if not (is_number and 0 <= self.own_share <= 1):
            raise ValueError(f"own_share of CrossStitch must be a number in [0, 1], got {self.own_share!r}")
        joined = build_towers(stages, heads)
        if not joined.has_towers:
            return joined
        stitched = nn.ModuleList(StitchedStage(stage, self.own_share) for stage in joined.stages)  # type: ignore[arg-type]
        return JoinedModules(stitched, joined.head, has_towers=True)
