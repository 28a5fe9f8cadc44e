"""Predictions of several tasks in one table."""

from collections.abc import Sequence

import numpy as np

__all__ = ["side_by_side"]


def side_by_side(columns: Sequence[np.ndarray]) -> np.ndarray:
    """Return predictions (n_samples, n_tasks), of type object where strings stand beside other labels."""
    kinds = {column.dtype.kind in "OU" for column in columns}
    if len(kinds) == 1 and kinds != {True}:
        return np.column_stack(columns)
    table = np.empty((len(columns[0]), len(columns)), dtype=object)
    for number, column in enumerate(columns):
        table[:, number] = column
    return table
