"""From the labels of a task to the task."""

from typing import Any

import numpy as np
from sklearn.utils.multiclass import type_of_target

from sktl.estimators._by_task import show
from sktl.exceptions import UntrainableTaskWarning
from sktl.tasks import ClassificationTask, ConstantTask, RegressionTask, Task
from sktl.utils._warn import warn_user

__all__ = ["classes_of", "make_classification", "make_regression", "make_either"]


def make_classification(
    name: str, labels: np.ndarray, head: Any, on_untrainable: str, nothing: str = "no label"
) -> Task:
    """Return the task of telling classes apart.

    Parameters
    ----------
    name : str
        What messages call it.
    labels : ndarray of shape (n_labelled,)
        The labels that are there.
    head : int, ndarray, "regression" or None
        What ``heads`` says.
    on_untrainable : {"raise", "warn", "ignore"}
        What becomes of a task with labels of one class only, or none.
    nothing : str, default="no label"
        What messages say it has if there is none.

    Raises
    ------
    ValueError
        Where the labels are numbers that are no classes, contradict ``heads``, or teach nothing.
    """
    if isinstance(head, str):
        raise ValueError(f"heads makes task {name!r} one of regression: use MultiTaskRegressor or MultiTaskEstimator")
    fractions = labels[labels != np.floor(labels)] if labels.dtype.kind == "f" else labels[:0]
    if len(fractions):
        raise ValueError(
            f"Unknown label type: task {name!r} holds fractions such as {fractions[0]:g}, which are no classes. Use "
            "MultiTaskRegressor, or MultiTaskEstimator for tasks of both kinds"
        )
    found = np.unique(labels)
    classes = classes_of(name, found, head)
    if len(found) < 2:
        seen = None if len(found) == 0 else found[0]
        _complain(name, nothing if seen is None else f"labels of one class only, {show(seen)}", on_untrainable)
        return ConstantTask(classes, seen)
    return ClassificationTask(classes)


def make_regression(
    name: str,
    labels: np.ndarray,
    weights: np.ndarray,
    head: Any,
    on_untrainable: str,
    loss: str,
    nothing: str = "no label",
) -> Task:
    """Return the task of predicting numbers; parameters as above, with the labels' weights and the name of the loss.

    Raises
    ------
    ValueError
        Where the labels are no numbers, ``heads`` speaks of classes, or no label is there.
    """
    if head is not None and not isinstance(head, str):
        raise ValueError(f"heads gives task {name!r} classes, but it is one of regression: leave it None")
    if labels.dtype.kind not in "biuf":
        raise ValueError(f"task {name!r} holds labels such as {show(labels[0])}, which are no numbers to predict")
    if len(labels) == 0:
        _complain(name, nothing, on_untrainable)
        return ConstantTask(None, None)
    return RegressionTask.of(labels.astype(float), weights, loss)


def make_either(
    name: str,
    labels: np.ndarray,
    weights: np.ndarray,
    head: Any,
    on_untrainable: str,
    loss: str,
    nothing: str = "no label",
) -> Task:
    """Return a task of the kind that ``heads`` says, or that the labels look like: fractions are numbers to predict."""
    if isinstance(head, str) or (head is None and len(labels) and type_of_target(labels) == "continuous"):
        return make_regression(name, labels, weights, head, on_untrainable, loss, nothing)
    return make_classification(name, labels, head, on_untrainable, nothing)


def classes_of(name: str, found: np.ndarray, head: Any) -> np.ndarray:
    """Return all classes of a task, of which some may not have been found."""
    if head is None:
        # A lone 0 or 1 is half of what marks whether something is there.
        is_mark = len(found) == 1 and found.dtype.kind in "biuf" and found[0] in (0, 1)
        return np.array([0, 1]).astype(found.dtype) if is_mark else found
    if isinstance(head, np.ndarray):
        unknown = [label for label in found.tolist() if label not in head.tolist()]
        if unknown:
            raise ValueError(f"task {name!r} holds the labels {unknown}, but heads gives it {head.tolist()} only")
        return head.astype(np.result_type(head, found)) if len(found) else head
    if len(found) > head:
        raise ValueError(f"task {name!r} holds {len(found)} classes, {found.tolist()[:10]}, but heads gives it {head}")
    numbers = np.arange(head)
    if found.dtype.kind in "iuf":
        numbers = numbers.astype(np.result_type(found, np.min_scalar_type(head - 1)))
    elif found.dtype.kind == "b" and head == 2:
        numbers = numbers.astype(bool)
    if len(found) == 0 or (found.dtype.kind in "biuf" and np.isin(found, numbers).all()):
        return numbers
    if len(found) == head:
        return found
    raise ValueError(
        f"heads gives task {name!r} {head} classes, but y holds {found.tolist()} only, and nothing tells the others: "
        f"give all its labels, heads={{{name!r}: [...]}}"
    )


def _complain(name: str, what: str, on_untrainable: str) -> None:
    """Say that a task teaches nothing."""
    message = f"task {name!r} has {what}, and a classifier or regressor learns nothing from that"
    if on_untrainable == "raise":
        raise ValueError(
            f"{message}: leave the task out, give it other samples, or go on without it by on_untrainable='warn'"
        )
    if on_untrainable == "warn":
        warn_user(f"{message}; it is left out of the training", UntrainableTaskWarning)
