"""Scores that labels alone leave undefined."""

import numpy as np

__all__ = ["why_undefined"]


def why_undefined(needs: str, y: np.ndarray, n_classes: int) -> str | None:
    """Return why a metric is not defined for these labels, in words; None where it is.

    It goes by the labels and not by what was predicted, so that all candidates of a search are judged on the same
    tasks.

    Parameters
    ----------
    needs : {"label", "two classes", "positive", "spread"}
        As in :class:`~sktl.metrics._metric.Metric`.
    y : ndarray of shape (n_labelled,)
        The classes' numbers, or numbers.
    n_classes : int
        The number of classes; 0 for numbers.
    """
    if len(y) == 0:
        return "it has no label here"
    if needs == "two classes" and (y == y[0]).all():
        return "its labels are all of one class"
    if needs == "positive" and n_classes <= 2 and not (y == 1).any():
        return "none of its labels is positive"
    if needs == "spread" and len(y) == 1:
        return "it has one label only"
    if needs == "spread" and (y == y[0]).all():
        return "its labels are all the same number"
    return None
