"""A network per task."""

from collections.abc import Sequence

from torch import nn

from sktl.sharing._sharing import JoinedModules, Sharing
from sktl.sharing._towers import build_towers

__all__ = ["NoSharing"]


class NoSharing(Sharing):
    """A network per task, trained side by side but apart: what sharing has to beat.

    The frozen stages, which are alike, are still computed once for all.

    Examples
    --------
    >>> from sktl import MultiTaskClassifier
    >>> from sktl.sharing import NoSharing
    >>> MultiTaskClassifier("mlp", sharing=NoSharing())
    MultiTaskClassifier(backbone='mlp', sharing=NoSharing())
    """

    shares = False

    def join(self, stages: nn.ModuleList, heads: Sequence[nn.Sequential], stage_names: Sequence[str]) -> JoinedModules:
        """Return towers that know nothing of each other."""
        return build_towers(stages, heads)
