"""What of a pass through the network is kept."""

import numpy as np

from sktl.features._cache import ActivationCache
from sktl.features._cut import Cut

__all__ = ["StoragePlan"]

# The rows that were asked for come first. Rows of the stages before them, which another candidate of a search may ask
# for, get this share of the room that is left, the deepest (and smallest) stages first.
SPARE_SHARE = 0.5


class StoragePlan:
    """Puts the rows of one request into a cache: those asked for, and others as far as there is room to spare.

    Parameters
    ----------
    cache : ActivationCache
        Where the rows go.
    n_rows : int
        Rows that will be computed.
    """

    def __init__(self, cache: ActivationCache, n_rows: int):
        self._cache = cache
        self._n_rows = n_rows
        self._kept: set[Cut] | None = None

    def store(self, wanted: Cut, spaces: dict[Cut, bytes], rows: dict[Cut, np.ndarray], keys: list[bytes]) -> int:
        """Put a batch of rows into the cache; return how many of those asked for it has taken."""
        n_stored = self._cache.write(spaces[wanted], keys, rows[wanted])
        for cut in self._chosen(wanted, spaces, rows, keys) & rows.keys():  # rows from a later stage pass fewer cuts
            self._cache.write(spaces[cut], keys, rows[cut], priority=0)
        return n_stored

    def _chosen(
        self, wanted: Cut, spaces: dict[Cut, bytes], rows: dict[Cut, np.ndarray], keys: list[bytes]
    ) -> set[Cut]:
        """Return the cuts beside the wanted one that are kept, chosen when the size of the first batch is known."""
        if self._kept is None:
            n_bytes = {cut: found.nbytes * self._n_rows / len(keys) for cut, found in rows.items()}
            room = self._cache.room(spaces[wanted], keys) - n_bytes.pop(wanted)
            self._kept = set()
            spare = SPARE_SHARE * room
            for cut in sorted(n_bytes, key=lambda cut: -cut.depth):
                if n_bytes[cut] <= spare:
                    self._kept.add(cut)
                    spare -= n_bytes[cut]
        return self._kept
