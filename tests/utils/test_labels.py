import collections
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse

from sktl.utils._labels import complete_labels, read_labels

NAN = float("nan")
MARKS = [[1, 0], [0, None], [1, 1]]  # two tasks, one label missing


def as_table(rows, hole=NAN):
    return [[hole if value is None else value for value in row] for row in rows]


class FrameOfAnotherKind:
    """A table with columns by name and no ``iloc``, as polars has them."""

    def __init__(self, columns):
        self._columns = columns
        self.columns = list(columns)

    def __getitem__(self, name):
        return pd.Series(self._columns[name], dtype=object)


TABLES = {
    "array of floats": lambda: np.array(as_table(MARKS)),
    "array of float32": lambda: np.array(as_table(MARKS), dtype=np.float32),
    "array of objects": lambda: np.array(MARKS, dtype=object),
    "array of objects with NaN": lambda: np.array(as_table(MARKS), dtype=object),
    "array of objects with NA": lambda: np.array(as_table(MARKS, pd.NA), dtype=object),
    "array of objects with NaT": lambda: np.array(as_table(MARKS, pd.NaT), dtype=object),
    "list of lists": lambda: MARKS,
    "list of lists with NaN": lambda: as_table(MARKS),
    "list of tuples": lambda: [tuple(row) for row in MARKS],
    "tuple of lists": lambda: tuple(MARKS),
    "list of arrays": lambda: [np.array(row, dtype=float) for row in as_table(MARKS)],
    "masked array": lambda: np.ma.array([[1, 0], [0, 7], [1, 1]], mask=[[0, 0], [0, 1], [0, 0]]),
    "masked array with NaN": lambda: np.ma.array(as_table(MARKS), mask=False),
    "tensor": lambda: torch.tensor(as_table(MARKS)),
    "frame": lambda: pd.DataFrame(as_table(MARKS)),
    "frame of Int64": lambda: pd.DataFrame(MARKS).astype("Int64"),
    "frame of Float64": lambda: pd.DataFrame(MARKS).astype("Float64"),
    "frame of category": lambda: pd.DataFrame(MARKS).astype("category"),
    "frame of object": lambda: pd.DataFrame(MARKS, dtype=object),
    "frame of another kind": lambda: FrameOfAnotherKind({"0": [1, 0, 1], "1": [0, None, 1]}),
}
COLUMNS = {
    "array": lambda: np.array([1.0, NAN, 0.0]),
    "list": lambda: [1, None, 0],
    "tuple": lambda: (1, NAN, 0),
    "series": lambda: pd.Series([1, None, 0]),
    "series of Int64": lambda: pd.Series([1, None, 0], dtype="Int64"),
    "series of boolean": lambda: pd.Series([True, None, False], dtype="boolean"),
    "index": lambda: pd.Index([1, NAN, 0]),
    "masked array": lambda: np.ma.array([1, 5, 0], mask=[0, 1, 0]),
    "tensor": lambda: torch.tensor([1, NAN, 0]),
}


@pytest.mark.parametrize("container", TABLES)
def test_tables(container):
    table = read_labels(TABLES[container]())
    assert (len(table), table.n_tasks, table.is_1d) == (3, 2, False)
    assert table.labelled.tolist() == [[True, True], [True, False], [True, True]]
    assert table.of(0).tolist() == [1, 0, 1]
    assert table.of(1).tolist() == [0, 1]
    assert table.columns[1].shape == (3,)
    assert table.columns[1].dtype.kind in "biuf"


@pytest.mark.parametrize("container", COLUMNS)
def test_one_task(container):
    table = read_labels(COLUMNS[container]())
    assert (len(table), table.n_tasks, table.is_1d, table.named) == (3, 1, True, False)
    assert table.labelled.tolist() == [[True], [False], [True]]
    assert table.of(0).tolist() == [1, 0]
    assert table.names == ("task0",)


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        ([True, False, None], "b"),
        ([np.True_, None, False], "b"),
        ([1, 0, None], "i"),
        ([np.int8(3), None, 2], "i"),
        ([0.5, 2, None], "f"),
        ([np.float32(0.5), NAN, 1.0], "f"),
        ([None, None, None], "f"),
        (["b", None, "a"], "O"),
        (["b", NAN, np.str_("a")], "O"),
        (["nan", None, ""], "O"),
    ],
    ids=str,
)
def test_kinds_of_labels(labels, kind):
    table = read_labels(labels)
    assert table.columns[0].dtype.kind == kind
    there = [label for label in labels if label is not None and label == label]
    assert table.of(0).tolist() == there
    assert all(type(label) is str for label in table.of(0) if kind == "O")


@pytest.mark.parametrize(
    "array",
    [np.array(["a", "b"]), np.array([[1, 2], [3, 4]], dtype=np.uint8), np.array([True, False]), np.ones((2, 3))],
    ids=lambda array: array.dtype.str,
)
def test_plain_arrays_keep_their_types(array):
    table = read_labels(array)
    assert table.labelled.all()
    assert all(column.dtype == array.dtype for column in table.columns)
    assert np.array_equal(np.stack(table.columns, axis=-1).reshape(array.shape), array)


def test_tasks_may_be_of_several_kinds():
    marks = pd.array([True, pd.NA], dtype="boolean")
    table = read_labels(pd.DataFrame({"a": [1.5, NAN], "b": ["x", None], "c": marks}))
    assert [column.dtype.kind for column in table.columns] == ["f", "O", "b"]
    assert table.labelled.tolist() == [[True] * 3, [False] * 3]


def test_names_of_columns_are_names_of_tasks():
    table = read_labels(pd.DataFrame(MARKS, columns=["toxic", 7]))
    assert table.names == ("toxic", "7")
    assert table.named
    assert not read_labels(MARKS).named
    assert read_labels(MARKS).names == ("task0", "task1")


def test_a_frame_with_one_column_is_a_table():
    table = read_labels(pd.DataFrame({"only": [1, 0]}))
    assert (table.n_tasks, table.is_1d) == (1, False)


def test_no_sample_is_a_table_too():
    assert len(read_labels([])) == 0
    assert read_labels(np.empty((0, 3))).n_tasks == 3


def test_a_part_of_the_samples():
    table = read_labels(MARKS).subset(np.array([2, 1]))
    assert [column.tolist() for column in table.columns] == [[1, 0], [1, 0]]
    assert table.labelled.tolist() == [[True, True], [True, False]]
    assert table.names == ("task0", "task1")


def test_what_is_given_is_left_as_it_was():
    given = np.array(MARKS, dtype=object)
    read_labels(given)
    assert given.tolist() == MARKS


@pytest.mark.parametrize("y", [np.array([3, 4]), np.array([[3, 4], [5, 6]])])
def test_labels_that_were_checked_already(y):
    table = complete_labels(y)
    assert table.labelled.all()
    assert table.is_1d is (y.ndim == 1)
    assert np.array_equal(np.stack(table.columns, axis=-1).reshape(y.shape), y)
    assert table.names == tuple(f"task{number}" for number in range(table.n_tasks))


TWICE = pd.DataFrame([[1, 2, 3]], columns=["a", "b", "a"])
ERRORS = [
    (sparse.csr_matrix(np.eye(2)), r"y is sparse, where nothing tells a 0 from what is missing: give y\.toarray\(\)"),
    (sparse.coo_array(np.eye(2)), r"y is sparse"),
    (pd.DataFrame(index=[0, 1]), r"y has no column: give one for each task"),
    (np.empty((3, 0)), r"y must be of shape \(n_samples,\) or \(n_samples, n_tasks\), .*, got \(3, 0\)"),
    (np.zeros((2, 2, 2)), r"y must be of shape .*, got \(2, 2, 2\)"),
    (np.array(3.0), r"y must be of shape .*, got \(\)"),
    ([[1, 2], [3]], r"the rows of y must be of one length, got rows of \[1, 2\] labels"),
    ([[1, 2], 3], r"the rows of y must be of one length, got rows of \[1, 2\] labels"),
    (TWICE, r"y has two columns of one name, 'a': rename one of them"),
    (np.array(["a", NAN]), r"task 'task0' of y holds the text 'nan', which numpy makes of NaN among strings"),
    ([[1.0, 2.0], [3.0, np.inf]], r"Input y contains infinity or a value too large .*: see task 'task1', sample 1"),
    (np.array([[0.0, -np.inf]]), r"Input y contains infinity .*: see task 'task1', sample 0"),
    ([1, "a"], r"task 'task0' of y holds labels of several kinds \(int, str\): give numbers only, or strings only"),
    ([True, 2], r"task 'task0' of y holds labels of several kinds \(bool, int\)"),
    ([b"a", b"b"], r"task 'task0' of y holds labels of a kind that is not supported \(bytes\): give numbers"),
    ([pd.Timestamp(0), None], r"labels of a kind that is not supported \(Timestamp\)"),
    ([Decimal(1), Decimal(2)], r"labels of a kind that is not supported \(Decimal\)"),
    ([1 + 2j, None], r"Complex data not supported: task 'task0' of y holds complex numbers"),
    (np.array([1 + 2j]), r"Complex data not supported"),
]


@pytest.mark.parametrize(("y", "message"), ERRORS)
def test_errors_say_what_is_wrong(y, message):
    with pytest.raises(ValueError, match=message):
        read_labels(y)


def test_messages_call_it_by_its_name():
    with pytest.raises(ValueError, match=r"the rows of y_true must be of one length"):
        read_labels([[1, 2], [3]], "y_true")


def test_infinity_where_a_label_is_missing_is_nothing():
    table = read_labels(np.ma.array([1.0, np.inf], mask=[0, 1]))
    assert table.labelled.tolist() == [[True], [False]]


def test_rows_of_other_sequences():
    Row = collections.namedtuple("Row", "a b")
    assert read_labels([Row(1, "x"), Row(0, None)]).labelled.tolist() == [[True, True], [True, False]]
