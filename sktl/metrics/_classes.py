"""Classes of tasks, and their numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["are_flat", "encode", "infer_classes", "is_of_one_class", "read_classes"]

MAX_SHOWN = 10  # labels that a message lists


def read_classes(classes: Any, names: Sequence[str]) -> list[list | None] | None:
    """Return the classes of each task, with None for a task of regression; None where they are not given.

    Raises
    ------
    ValueError
        Where they are given for another number of tasks.
    """
    if classes is None:
        return None
    if are_flat(classes):
        classes = [classes] * len(names)
    if len(classes) != len(names):
        raise ValueError(
            f"classes must hold the classes of each of the {len(names)} tasks ({', '.join(names)}), or None for a "
            f"regression task; got {len(classes)} entries"
        )
    return [None if one is None else np.asarray(one).tolist() for one in classes]


def are_flat(classes: Any) -> bool:
    """Return whether classes are labels, and not the classes of each task."""
    return len(classes) > 0 and all(one is not None and np.ndim(one) == 0 for one in classes)


def is_of_one_class(classes: list[list | None] | None) -> bool:
    """Return whether there is one task, and one class of it is known."""
    return classes is not None and len(classes) == 1 and classes[0] is not None and len(classes[0]) == 1


def infer_classes(name: str, y: np.ndarray, predicted: np.ndarray | None, n_columns: int | None) -> list:
    """Return the classes of a task as its labels show them: the labels in order, or 0 and 1 for but a 0 or but a 1.

    Parameters
    ----------
    name : str
        The task.
    y : ndarray of shape (n_labelled,)
        Its labels.
    predicted : ndarray of shape (n_predicted,) or None
        Labels that were predicted, if any were.
    n_columns : int or None
        The number of columns of probabilities, if there are any.

    Raises
    ------
    ValueError
        Where labels are of several kinds, or not as many as columns.
    """
    found = set(y.tolist()) | (set() if predicted is None else set(predicted.tolist()))
    if len({isinstance(label, str) for label in found}) > 1:
        raise ValueError(
            f"task {name!r} holds strings on one side and numbers on the other: give y and predictions the same labels"
        )
    classes = sorted(found)
    if len(classes) == 1 and classes[0] in (0, 1) and n_columns in (None, 2):
        return [0, 1]
    if n_columns not in (None, len(classes)):
        raise ValueError(
            f"task {name!r} has {n_columns} columns of probabilities, and its labels are {show(classes)}: give "
            "classes=, as the estimator's classes_, to say which column is which"
        )
    return classes


def encode(labels: np.ndarray, classes: list, name: str, where: str) -> np.ndarray:
    """Return the numbers of labels in the list of their classes.

    Raises
    ------
    ValueError
        Where a label is none of the classes.
    """
    numbers = {label: number for number, label in enumerate(classes)}
    encoded = np.array([numbers.get(label, -1) for label in labels.tolist()], dtype=int)
    unknown = sorted(set(labels[encoded < 0].tolist()))
    if unknown:
        raise ValueError(
            f"task {name!r} of {where} holds {show(unknown)}, not among its classes {show(classes)}: fit on data that "
            "hold every label, or name the classes to the estimator beforehand"
        )
    return encoded


def show(labels: list) -> str:
    """Return labels in words, a long list cut."""
    words = ", ".join(repr(label) for label in labels[:MAX_SHOWN])
    return words + (f" and {len(labels) - MAX_SHOWN} more" if len(labels) > MAX_SHOWN else "")
