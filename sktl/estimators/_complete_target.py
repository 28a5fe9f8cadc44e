"""The target of an estimator of one task, for which no label may be missing."""

from typing import Any

import numpy as np
from sklearn.utils.validation import check_array, column_or_1d

from sktl.utils._labels import read_labels

__all__ = ["check_complete_target"]


def check_complete_target(estimator: Any, y: Any, takes_holes: str, *, multi_output: bool = False) -> Any:
    """Return y as scikit-learn checks it; where a label is missing, say which, and what to do.

    Nothing is kept, unlike by ``validate_data``, which would forget the names of columns.

    Parameters
    ----------
    estimator : object
        Whose target it is.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The target.
    takes_holes : str
        The name of the estimator that goes on without the labels that are missing.
    multi_output : bool, default=False
        Whether y may have several columns.

    Raises
    ------
    ValueError
        Where y is None or empty, holds infinity, or lacks a label.
    """
    if y is None:
        raise ValueError(f"{type(estimator).__name__} requires y to be passed, but the target y is None")
    try:
        checked = check_array(y, ensure_2d=False, dtype=None, input_name="y", estimator=estimator)
    except ValueError as error:
        if "NaN" not in str(error):
            raise
        raise ValueError(f"{error} {_advice(y, takes_holes)}") from error
    if checked.dtype.kind == "O" and not read_labels(checked).labelled.all():  # None among strings
        raise ValueError(f"Input y contains None. {_advice(y, takes_holes)}")
    return checked if multi_output else column_or_1d(checked, warn=True)


def _advice(y: Any, takes_holes: str) -> str:
    """Return which labels are missing, and what to do."""
    holes = np.flatnonzero(~read_labels(y).labelled.all(axis=1))
    return (
        f"{len(holes)} of {len(y)} labels are missing, the first of them y[{holes[0]}]: leave such samples out, or "
        f"take {takes_holes}, which learns from the labels there are"
    )
