"""Tables of labels with holes, whatever they come in."""

import dataclasses
import numbers
from typing import Any

import numpy as np
from scipy import sparse

__all__ = ["LabelTable", "complete_labels", "is_missing", "read_labels"]


@dataclasses.dataclass(frozen=True)
class LabelTable:
    """Labels of several tasks, each in an array of its own, with what is missing marked apart.

    Parameters
    ----------
    columns : tuple of ndarray of shape (n_samples,)
        The labels of each task: booleans, integers, floats or strings. Where one is missing, any value stands.
    labelled : ndarray of bool of shape (n_samples, n_tasks)
        Which labels are there.
    names : tuple of str
        The names of the tasks: those of the columns, else "task0", "task1" and so on.
    named : bool
        Whether the names came with the labels.
    is_1d : bool
        Whether the labels came as (n_samples,), which makes one task.
    """

    columns: tuple[np.ndarray, ...]
    labelled: np.ndarray
    names: tuple[str, ...]
    named: bool
    is_1d: bool

    def __len__(self) -> int:
        return len(self.labelled)

    @property
    def n_tasks(self) -> int:
        """The number of tasks."""
        return len(self.columns)

    def of(self, task: int) -> np.ndarray:
        """Return the labels of a task that are there (n_labelled,)."""
        return self.columns[task][self.labelled[:, task]]

    def subset(self, indices: np.ndarray) -> "LabelTable":
        """Return the labels of the samples at ``indices``."""
        columns = tuple(column[indices] for column in self.columns)
        return dataclasses.replace(self, columns=columns, labelled=self.labelled[indices])


def read_labels(y: Any, what: str = "y") -> LabelTable:
    """Return a table of labels, with NaN, None and pandas.NA read as missing.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_tasks)
        An array, a masked array, a DataFrame or Series (of nullable types too), or a list of rows.
    what : str, default="y"
        What messages call it.

    Raises
    ------
    ValueError
        Where there is no column, rows differ in length, two columns bear one name, a task holds infinity, or a task
        holds both strings and numbers.

    Examples
    --------
    >>> from sktl.utils._labels import read_labels
    >>> table = read_labels([[1, "a"], [None, "b"], [0, None]])
    >>> table.labelled.sum(axis=0)
    array([2, 2])
    >>> table.of(0), table.of(1)
    (array([1, 0]), array(['a', 'b'], dtype=object))
    """
    raw, names, is_1d = _split(y, what)
    named = names is not None
    names = tuple(f"task{number}" for number in range(len(raw))) if names is None else names
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"{what} has two columns of one name, {', '.join(map(repr, repeated))}: rename one of them")
    read = [_read_column(column, name, what) for column, name in zip(raw, names, strict=True)]
    labelled = np.column_stack([there for _, there in read])
    return LabelTable(tuple(values for values, _ in read), labelled, names, named, is_1d)


def complete_labels(y: np.ndarray) -> LabelTable:
    """Return a table of labels (n_samples,) or (n_samples, n_tasks) that are checked already, none of them missing."""
    columns = tuple(y.reshape(len(y), -1).T)
    names = tuple(f"task{number}" for number in range(len(columns)))
    return LabelTable(columns, np.ones((len(y), len(columns)), dtype=bool), names, False, y.ndim == 1)


def _split(y: Any, what: str) -> tuple[list[np.ndarray], tuple[str, ...] | None, bool]:
    """Return the columns of y as they come, their names if they have some, and whether y has one axis."""
    if sparse.issparse(y):
        raise ValueError(f"{what} is sparse, where nothing tells a 0 from what is missing: give {what}.toarray()")
    if hasattr(y, "columns"):
        names = tuple(str(name) for name in y.columns)
        if not names:
            raise ValueError(f"{what} has no column: give one for each task")
        by_place = [y.iloc[:, i] for i in range(len(names))] if hasattr(y, "iloc") else [y[name] for name in y.columns]
        return [_to_numpy(column) for column in by_place], names, False
    if hasattr(y, "to_numpy"):
        return [_to_numpy(y)], None, True
    table = y if isinstance(y, np.ma.MaskedArray) else _as_array(y, what)
    if table.ndim == 1:
        return [table], None, True
    if table.ndim != 2 or table.shape[1] == 0:
        raise ValueError(
            f"{what} must be of shape (n_samples,) or (n_samples, n_tasks), with a task at least, got {table.shape}"
        )
    return list(table.T), None, False


def _to_numpy(column: Any) -> np.ndarray:
    """Return a column of a DataFrame as plain numbers, or as objects where its type is none of numpy's."""
    plain = isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf"
    return np.asarray(column) if plain else np.array(list(column), dtype=object)


def _as_array(y: Any, what: str) -> np.ndarray:
    """Return an array of y, of objects if y is a list; rows of a list must be of one length."""
    if hasattr(y, "__array__") or not isinstance(y, list | tuple):
        return np.asarray(y)
    if not y or np.ndim(y[0]) == 0:
        flat = np.empty(len(y), dtype=object)
        flat[:] = list(y)
        return flat
    lengths = {len(row) if np.ndim(row) else 1 for row in y}
    if len(lengths) > 1:
        raise ValueError(f"the rows of {what} must be of one length, got rows of {sorted(lengths)} labels")
    table = np.empty((len(y), lengths.pop()), dtype=object)
    for number, row in enumerate(y):
        table[number] = list(row)
    return table


def _read_column(column: np.ndarray, name: str, what: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the labels of a task, and which of them are there."""
    masked = np.ma.getmaskarray(column)
    values = np.ma.getdata(column)
    if values.dtype.kind == "U" and (values == "nan").any():
        raise ValueError(
            f"task {name!r} of {what} holds the text 'nan', which numpy makes of NaN among strings: give an array of "
            "dtype=object, or a DataFrame"
        )
    there = ~masked & ~_is_missing(values)
    if values.dtype.kind not in "biufU":
        values = _plain(values, there, name, what)
    if values.dtype.kind == "f" and np.isinf(values[there]).any():
        # The first words are scikit-learn's own.
        raise ValueError(
            f"Input {what} contains infinity or a value too large for {values.dtype!r}: see task {name!r}, sample "
            f"{int(np.flatnonzero(there & np.isinf(values))[0])}"
        )
    return values, there


def _is_missing(values: np.ndarray) -> np.ndarray:
    """Return where NaN, None, NaT or pandas.NA stands."""
    if values.dtype.kind == "f":
        return np.isnan(values)
    if values.dtype.kind != "O":
        return np.zeros(len(values), dtype=bool)
    return np.array([is_missing(value) for value in values], dtype=bool)


def is_missing(value: Any) -> bool:
    """Return whether a value stands for a label that is missing: NaN, None, NaT or pandas.NA."""
    # pandas.NA is unequal to nothing, so that it is known by its type; NaN and NaT are unequal to themselves.
    return value is None or type(value).__name__ == "NAType" or (not isinstance(value, str) and bool(value != value))


def _plain(values: np.ndarray, there: np.ndarray, name: str, what: str) -> np.ndarray:
    """Return objects as booleans, integers, floats or strings, whichever holds all that are there."""
    labels = list(values[there])
    for kind, dtype in ((bool | np.bool_, bool), (numbers.Integral, np.int64), (numbers.Real, np.float64)):
        if all(isinstance(label, kind) and (dtype is bool or not isinstance(label, bool)) for label in labels):
            plain = np.zeros(len(values), dtype=dtype if labels else np.float64)
            plain[there] = labels
            return plain
    if any(isinstance(label, numbers.Complex) and not isinstance(label, numbers.Real) for label in labels):
        raise ValueError(f"Complex data not supported: task {name!r} of {what} holds complex numbers")
    kinds = {type(label).__name__ for label in labels}
    if labels and not any(isinstance(label, str | numbers.Real | np.bool_) for label in labels):
        raise ValueError(
            f"task {name!r} of {what} holds labels of a kind that is not supported ({', '.join(sorted(kinds))}): give "
            "numbers, booleans or strings"
        )
    if not all(isinstance(label, str) for label in labels):
        raise ValueError(
            f"task {name!r} of {what} holds labels of several kinds ({', '.join(sorted(kinds))}): give numbers only, "
            "or strings only"
        )
    plain = np.full(len(values), "", dtype=object)
    plain[there] = [str(label) for label in labels]
    return plain
