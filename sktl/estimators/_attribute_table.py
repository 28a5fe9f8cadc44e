"""Which class has which attributes."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["AttributeTable", "read_attributes", "sorted_labels"]

N_SHOWN = 5


@dataclasses.dataclass(frozen=True)
class AttributeTable:
    """A row for each class, a column for each attribute.

    Parameters
    ----------
    classes : list
        The labels of the classes.
    values : ndarray of shape (n_classes, n_attributes)
        1 where a class has an attribute, 0 where it has not, NaN where nobody knows.
    names : ndarray of shape (n_attributes,)
        The names of the attributes.
    """

    classes: list[Any]
    values: np.ndarray
    names: np.ndarray

    def rows(self, labels: Sequence[Any] | np.ndarray, what: str) -> np.ndarray:
        """Return the rows (n_labels, n_attributes) of classes.

        Raises
        ------
        ValueError
            Where a class has no row.
        """
        places = {label: place for place, label in enumerate(self.classes)}
        absent = [label for label in dict.fromkeys(np.asarray(labels).tolist()) if label not in places]
        if absent:
            raise ValueError(
                f"{what} holds {_listed(absent)}, which attributes has no row for; it has rows for {_listed(places)}"
            )
        return self.values[[places[label] for label in np.asarray(labels).tolist()]]


def read_attributes(attributes: Any, classes: Any = None) -> AttributeTable:
    """Return the table of attributes that a user gives.

    Parameters
    ----------
    attributes : DataFrame, mapping or array-like of shape (n_classes, n_attributes)
        A DataFrame has the classes as its index, a mapping as its keys.
    classes : array-like of shape (n_classes,), default=None
        The classes of an array.

    Raises
    ------
    ValueError
        Where classes are not known, known twice, or repeat; where rows differ in length, there is no attribute, or a
        value is none of 0, 1 and missing.

    Examples
    --------
    >>> from sktl.estimators._attribute_table import read_attributes
    >>> table = read_attributes({"zebra": [1, 1], "horse": [0, 1], "unicorn": [None, 1]})
    >>> table.rows(["unicorn", "zebra"], "y")
    array([[nan,  1.],
           [ 1.,  1.]])
    """
    names = None
    if isinstance(attributes, Mapping) or hasattr(attributes, "iloc"):
        if classes is not None:
            raise ValueError(
                f"attributes names its classes itself, as a {type(attributes).__name__} does: leave classes=None"
            )
        if isinstance(attributes, Mapping):
            classes, rows = list(attributes), list(attributes.values())
        else:
            classes, rows = list(attributes.index), list(attributes.itertuples(index=False, name=None))
            names = np.asarray(attributes.columns, dtype=object)
    else:
        if classes is None:
            raise ValueError(
                "attributes is an array, which does not tell the classes of its rows: give them as classes, or give a "
                "DataFrame with the classes as index"
            )
        classes, rows = list(np.asarray(classes).tolist()), list(attributes)
        if len(classes) != len(rows):
            raise ValueError(f"attributes has {len(rows)} rows, and classes {len(classes)} labels: give one for each")
    repeated = [label for label in dict.fromkeys(classes) if classes.count(label) > 1]
    if repeated:
        raise ValueError(f"attributes has several rows for {_listed(repeated)}: give one for each class")
    values = _read_values(rows, classes)
    if names is None:
        names = np.array([f"attribute{number}" for number in range(values.shape[1])], dtype=object)
    return AttributeTable(classes, values, names)


def sorted_labels(labels: Sequence[Any]) -> np.ndarray:
    """Return labels as a sorted array, strings as objects.

    Raises
    ------
    ValueError
        Where some are strings and others are not.
    """
    n_strings = sum(isinstance(label, str) for label in labels)
    if 0 < n_strings < len(labels):
        raise ValueError(f"classes must be all strings or all numbers, got {_listed(labels)}")
    return np.unique(np.array(labels, dtype=object if n_strings else None))


def _read_values(rows: list[Any], classes: list[Any]) -> np.ndarray:
    """Return 0, 1 and NaN, (n_classes, n_attributes)."""
    lengths = {np.size(row) if np.ndim(row) == 1 else -1 for row in rows}
    if len(lengths) != 1 or lengths <= {-1, 0}:
        raise ValueError(
            "attributes must have a value for each class and attribute, with a class and an attribute at least, got "
            f"{len(rows)} rows of the lengths {sorted(max(length, 0) for length in lengths)}"
        )
    values = np.full((len(rows), lengths.pop()), np.nan)
    for number, (row, label) in enumerate(zip(rows, classes, strict=True)):
        for place, value in enumerate(row):
            if value is None or type(value).__name__ == "NAType" or bool(value != value):
                continue
            if isinstance(value, str) or value not in (0, 1):
                raise ValueError(
                    f"attributes of {label!r} hold {value!r}: expected 1 (present), 0 (absent) or NaN (unknown); cut "
                    "numbers at a threshold first"
                )
            values[number, place] = value
    return values


def _listed(labels: Any) -> str:
    """Return some labels in words."""
    shown = [repr(label) for label in labels]
    return ", ".join(shown[:N_SHOWN]) + (f" and {len(shown) - N_SHOWN} more" if len(shown) > N_SHOWN else "")
