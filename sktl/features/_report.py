"""What a cache did for a fit."""

import dataclasses

__all__ = ["CacheReport"]


@dataclasses.dataclass
class CacheReport:
    """How many rows of activations were found, computed and kept.

    Attributes
    ----------
    n_reused : int
        Rows that were in the cache.
    n_computed : int
        Rows that were computed, from the inputs or from rows of an earlier stage.
    n_stored : int
        Rows among the computed ones that the cache now holds.
    n_not_stored : int
        Rows that it has no room for; they are computed anew whenever they are needed.
    """

    n_reused: int = 0
    n_computed: int = 0
    n_stored: int = 0
    n_not_stored: int = 0

    def __str__(self) -> str:
        text = f"{self.n_reused} rows reused, {self.n_computed} computed, {self.n_stored} stored"
        return f"{text}, {self.n_not_stored} without room in the cache" if self.n_not_stored else text
