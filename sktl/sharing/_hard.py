"""One trunk, a head per task."""

from collections.abc import Sequence

from torch import nn

from sktl.sharing._sharing import JoinedModules, Sharing
from sktl.sharing._task_heads import fuse_heads

__all__ = ["HardSharing"]


class HardSharing(Sharing):
    """Hard parameter sharing: all tasks share every stage, and have a head of their own (Caruana, 1997).

    Examples
    --------
    >>> from sktl import MultiTaskClassifier
    >>> from sktl.sharing import HardSharing
    >>> MultiTaskClassifier("mlp", sharing=HardSharing())
    MultiTaskClassifier(backbone='mlp', sharing=HardSharing())
    """

    def join(self, stages: nn.ModuleList, heads: Sequence[nn.Sequential], stage_names: Sequence[str]) -> JoinedModules:
        """Return the stages as they are, with the heads side by side."""
        return JoinedModules(stages, fuse_heads(heads))
