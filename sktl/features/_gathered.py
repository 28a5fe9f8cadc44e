"""Rows that come in parts."""

import numpy as np

__all__ = ["GatheredRows"]


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
