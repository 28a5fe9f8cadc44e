"""Sharing among tasks that did not all come at once."""

from collections.abc import Sequence

from torch import nn

from sktl.sharing import JoinedModules, Sharing, fuse_heads

__all__ = ["GrownSharing"]


class GrownSharing(Sharing):
    """A scheme for the first tasks, and a head apart for each that was added to their trunk.

    Parameters
    ----------
    sharing : Sharing
        What the first tasks share: one trunk.
    n_first : int
        How many these are.

    Examples
    --------
    >>> from torch import nn
    >>> from sktl.heads import build_head
    >>> from sktl.sharing import HardSharing
    >>> from sktl.training._grown_sharing import GrownSharing
    >>> heads = [build_head(4, n_outputs) for n_outputs in (1, 3, 2)]
    >>> joined = GrownSharing(HardSharing(), n_first=2).join(nn.ModuleList(), heads, [])
    >>> [part.n_outputs for part in joined.head.parts]
    [4, 2]
    """

    def __init__(self, sharing, n_first):
        self.sharing = sharing
        self.n_first = n_first

    def join(self, stages: nn.ModuleList, heads: Sequence[nn.Sequential], stage_names: Sequence[str]) -> JoinedModules:
        """Return what the scheme makes of the first tasks, with the other heads beside theirs."""
        joined = self.sharing.join(stages, heads[: self.n_first], stage_names)
        head = joined.head
        for other in heads[self.n_first :]:
            head = head.grown(fuse_heads([other]))
        return JoinedModules(joined.stages, head, joined.has_towers, joined.tie)
