"""What of a pass through the network is kept."""

import numpy as np

from sktl.features._cache import ActivationCache
from sktl.features._cut import Cut

__all__ = ["StoragePlan"]

# The rows that were asked for come first. Rows of the stages before them, which another candidate of a search may ask
# for, get this share of the room that is left: averages first, then the deepest (and smallest) stages.
SPARE_SHARE = 0.5


class StoragePlan:
    """Puts the rows of one request into a cache: those asked for, and others as far as there is room to spare.

    Parameters
    ----------
    cache : ActivationCache
        Where the rows go.
    n_rows : int
        Rows that will be computed.
    keeps_pooled : bool, default=False
        Whether the averages of the stages on the way are wanted too.
    keeps_rows : bool, default=True
        Whether their rows are.
    """

    def __init__(self, cache: ActivationCache, n_rows: int, keeps_pooled: bool = False, keeps_rows: bool = True):
        self._keeps_pooled, self._keeps_rows = keeps_pooled, keeps_rows
        self._cache = cache
        self._n_rows = n_rows
        self._kept: set[Cut] | None = None
        self._waiting: dict[Cut, tuple[bytes, np.ndarray]] = {}

    def wants(self, pooled: bool) -> bool:
        """Return whether rows on the way are taken, averages or rows as they are."""
        return self._keeps_pooled if pooled else self._keeps_rows

    def offer(self, cut: Cut, space: bytes, keys: list[bytes], rows: np.ndarray) -> None:
        """Put rows that nobody asked for into the cache, if there is room to spare; the next stage may spoil them."""
        if self._kept is None:
            self._waiting[cut] = (space, rows.copy())
        elif cut in self._kept:
            self._cache.write(space, keys, rows, priority=0)

    def store(self, space: bytes, keys: list[bytes], rows: np.ndarray) -> int:
        """Put a batch of the rows that were asked for into the cache; return how many it has taken."""
        n_stored = self._cache.write(space, keys, rows)
        if self._kept is None:
            n_batches = self._n_rows / len(keys)
            self._kept = self._choose(self._cache.room(space, keys) - rows.nbytes * n_batches, n_batches)
            for cut in self._kept:
                self._cache.write(self._waiting[cut][0], keys, self._waiting[cut][1], priority=0)
            self._waiting.clear()
        return n_stored

    def _choose(self, room: float, n_batches: float) -> set[Cut]:
        """Return the cuts that are kept beside the one asked for; the first batch tells how large they are."""
        kept, spare = set(), SPARE_SHARE * room
        for cut in sorted(self._waiting, key=lambda cut: (not cut.pooled, -cut.depth)):
            n_bytes = self._waiting[cut][1].nbytes * n_batches
            if n_bytes <= spare:
                kept.add(cut)
                spare -= n_bytes
        return kept
