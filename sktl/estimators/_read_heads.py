"""The meaning of the parameter ``heads``."""

import dataclasses
import numbers
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from sktl.utils._labels import LabelTable, is_missing

__all__ = ["REGRESSION", "read_classes", "read_heads", "tells_classes"]

# What stands for a task with numbers.
REGRESSION = "regression"


def read_heads(heads: Any, labels: LabelTable) -> tuple[LabelTable, list[Any]]:
    """Return the labels with the names of their tasks, and what is said of each task's head.

    Parameters
    ----------
    heads : None, int, sequence or mapping
        As users give it.
    labels : LabelTable
        The labels.

    Returns
    -------
    labels : LabelTable
        With the names that a mapping gives, if they came without.
    heads : list
        For each task a count of classes, an array of its labels, "regression", or None: to be read from its labels.

    Raises
    ------
    ValueError
        Where heads and labels differ in number or in names, or an entry has no meaning.
    """
    if heads is None:
        return labels, [None] * labels.n_tasks
    if isinstance(heads, numbers.Integral) and not isinstance(heads, bool):
        heads = [2] * int(heads)
    named = isinstance(heads, Mapping)
    if not named and (isinstance(heads, str) or not np.iterable(heads)):
        raise ValueError(
            f"heads must be None, a number of tasks of two classes, a list of class counts, or a dict of these by the "
            f"names of tasks, got {heads!r}"
        )
    if len(heads) != labels.n_tasks:
        listed = f" ({', '.join(map(str, heads))})" if named else ""
        raise ValueError(
            f"heads describes {len(heads)} tasks{listed}, but y has {labels.n_tasks} columns"
            f"{_listed(labels)}: give one for each"
        )
    if named:
        given = tuple(str(name) for name in heads)
        if not labels.named:
            labels = dataclasses.replace(labels, names=given, named=True)
        elif set(given) != set(labels.names):
            unknown, absent = sorted(set(given) - set(labels.names)), sorted(set(labels.names) - set(given))
            raise ValueError(f"heads names {unknown}, which y has no column for, and lacks its columns {absent}")
        by_name = dict(zip(given, heads.values(), strict=True))
        heads = [by_name[name] for name in labels.names]
    return labels, [_read_one(head, name) for head, name in zip(heads, labels.names, strict=True)]


def read_classes(labels: Iterable[Any]) -> np.ndarray:
    """Return classes, sorted, for labels among which some may be missing.

    Examples
    --------
    >>> from sktl.estimators._read_heads import read_classes
    >>> read_classes(["white", None, "blue", "white"]).tolist()
    ['blue', 'white']
    """
    return np.unique(np.asarray([label for label in labels if not is_missing(label)]))


def tells_classes(head: Any) -> bool:
    """Return whether what ``heads`` says of a task tells its classes or their number."""
    return head is not None and not isinstance(head, str)


def _read_one(head: Any, name: str) -> Any:
    """Return what is said of one head: a count, an array of labels, "regression" or None."""
    if head is None or (isinstance(head, str) and head == REGRESSION):
        return head
    if isinstance(head, numbers.Integral) and not isinstance(head, bool):
        if head < 2:
            raise ValueError(f"heads gives task {name!r} {head} classes: two is the least, or 'regression' for numbers")
        return int(head)
    if not isinstance(head, str) and np.iterable(head):
        known = read_classes(head)
        if len(known) < 2:
            raise ValueError(f"heads gives task {name!r} the labels {known.tolist()}: two is the least")
        return known
    raise ValueError(
        f"heads gives task {name!r} {head!r}: expected a count of classes, a list of its labels, 'regression', or None"
    )


def _listed(labels: LabelTable) -> str:
    return f" ({', '.join(labels.names)})" if labels.named else ""
