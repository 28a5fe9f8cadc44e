"""What a network is fitted to where samples have several views."""

import dataclasses

import numpy as np

from sktl.features import ArrayRows, FrozenActivations, Rows, ViewRows, stack_views

__all__ = ["ViewInputs"]


@dataclasses.dataclass(frozen=True)
class ViewInputs:
    """The activations of samples in one view or several.

    Parameters
    ----------
    plain : FrozenActivations
        Of the samples as they are.
    others : tuple of FrozenActivations, default=()
        Of further views of the same samples.
    fresh : Rows or None, default=None
        What the first stage takes, in a new view whenever it is read. None: the samples as they are.
    """

    plain: FrozenActivations
    others: tuple[FrozenActivations, ...] = ()
    fresh: Rows | None = None

    @property
    def n_views(self) -> int:
        """The number of views."""
        return 1 + len(self.others)

    def blocks(self, depths: tuple[int, ...]) -> list[np.ndarray]:
        """Return the features behind some depths, each of them (n_views * n, n_features), view after view."""
        of_views = [activations.stage_features(depths) for activations in (self.plain, *self.others)]
        return [stack_views(blocks)[0] if len(blocks) > 1 else blocks[0] for blocks in zip(*of_views, strict=True)]

    def vectors(self, blocks: list[np.ndarray]) -> tuple[Rows, Rows]:
        """Return the features as rows to train on, in random views, and as rows to validate on, as they are."""
        parts = np.split(np.concatenate(blocks, axis=1), self.n_views)
        plain = ArrayRows(parts[0])
        return (ViewRows([ArrayRows(part) for part in parts]) if self.others else plain), plain

    def rows(self, depth: int) -> tuple[Rows, Rows]:
        """Return what a network that is trained from stage ``depth`` on takes in: to train on, and to validate on."""
        plain = self.plain.rows(depth)
        if depth == 0:
            return (plain if self.fresh is None else self.fresh), plain
        return (ViewRows([plain, *(one.rows(depth) for one in self.others)]) if self.others else plain), plain
