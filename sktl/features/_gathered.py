"""Rows that come in parts."""

from collections.abc import Sequence

import numpy as np

from sktl.utils._memory import available_memory

__all__ = ["GatheredRows", "may_gather", "without_repeats"]

# Rows for training are gathered in memory where they take up less than this share of what is free.
GATHERED_SHARE = 0.25


class GatheredRows:
    """Rows of all samples in one array, made when the first come in, so that parts need not be kept beside it.

    Parameters
    ----------
    n_samples : int
        How many rows there will be.
    """

    rows: np.ndarray

    def __init__(self, n_samples: int):
        self.n_samples = n_samples

    def add(self, positions: np.ndarray, rows: np.ndarray) -> None:
        """Put some rows at their positions."""
        if not hasattr(self, "rows"):
            self.rows = np.empty((self.n_samples, *rows.shape[1:]), dtype=rows.dtype)
        self.rows[positions] = rows


def may_gather(row: np.ndarray, n_rows: int) -> bool:
    """Return whether so many rows like one may be held in memory."""
    return row.nbytes * n_rows < GATHERED_SHARE * available_memory()


def without_repeats(positions: np.ndarray, keys: Sequence[bytes]) -> tuple[np.ndarray, np.ndarray]:
    """Split positions into the first of each sample and its repeats.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.features._gathered import without_repeats
    >>> without_repeats(np.array([1, 2, 3]), [b"a", b"b", b"c", b"b"])
    (array([1, 2]), array([3]))
    """
    first = {keys[i]: i for i in reversed(positions)}
    is_first = np.array([first[keys[i]] == i for i in positions], dtype=bool)
    return positions[is_first], positions[~is_first]
