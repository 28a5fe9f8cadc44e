"""Towers: stages of its own for each task."""

from collections.abc import Sequence

from torch import nn

from sktl.sharing._sharing import JoinedModules
from sktl.sharing._task_heads import StackedHeads, fuse_heads
from sktl.sharing._tower_stages import TowerStage

__all__ = ["build_towers"]


def build_towers(stages: nn.ModuleList, heads: Sequence[nn.Sequential]) -> JoinedModules:
    """Return towers that all start from the same stages; a single one is the stages themselves."""
    if len(heads) == 1 or not len(stages):
        return JoinedModules(stages, fuse_heads(heads))
    towers = nn.ModuleList(TowerStage(stage, len(heads), is_first=place == 0) for place, stage in enumerate(stages))
    return JoinedModules(towers, StackedHeads(heads), has_towers=True)
