import numpy as np
import pandas as pd
import pytest

from sktl.estimators._attribute_table import read_attributes, sorted_labels

ROWS = [[1, 0, np.nan], [0, 1, 1]]
FRAME = pd.DataFrame(ROWS, index=["cat", "dog"], columns=["purrs", "barks", "tame"])


@pytest.mark.parametrize(
    ("attributes", "classes"),
    [
        (FRAME, None),
        (FRAME.astype("boolean"), None),
        (FRAME.astype("Int64"), None),
        (FRAME.astype(object).where(FRAME.notna(), None), None),
        ({"cat": [1, 0, None], "dog": [False, True, True]}, None),
        ({"cat": np.array([1, 0, np.nan]), "dog": pd.Series([0, 1, 1])}, None),
        (ROWS, ["cat", "dog"]),
        (np.array(ROWS), np.array(["cat", "dog"])),
        (np.array(ROWS), pd.Index(["cat", "dog"])),
    ],
)
def test_all_forms_say_the_same(attributes, classes):
    table = read_attributes(attributes, classes)
    assert table.classes == ["cat", "dog"]
    np.testing.assert_array_equal(table.values, ROWS)
    assert table.values.dtype == np.float64


def test_columns_name_the_attributes():
    assert read_attributes(FRAME).names.tolist() == ["purrs", "barks", "tame"]
    assert read_attributes(ROWS, [3, 4]).names.tolist() == ["attribute0", "attribute1", "attribute2"]


def test_rows_are_found_by_labels_of_any_type():
    table = read_attributes({3: [1, 0], 5: [0, 1]})
    for labels in ([5, 3], np.array([5, 3], dtype=np.int8), np.array([5.0, 3.0])):
        np.testing.assert_array_equal(table.rows(labels, "y"), [[0, 1], [1, 0]])
    words = read_attributes(FRAME)
    for dtype in ("U3", object):
        np.testing.assert_array_equal(words.rows(np.array(["dog"], dtype=dtype), "y"), ROWS[1:])


def test_a_class_without_a_row_is_named():
    with pytest.raises(
        ValueError, match=r"y holds 'cow', which attributes has no row for; it has rows for 'cat', 'dog'"
    ):
        read_attributes(FRAME).rows(["cat", "cow", "cow"], "y")
    with pytest.raises(ValueError, match=r"y holds 1, 2, 3, 4, 5 and 2 more, which"):
        read_attributes(FRAME).rows([1, 2, 3, 4, 5, 6, 7], "y")


@pytest.mark.parametrize("attributes", [FRAME, {"cat": [1], "dog": [0]}])
def test_classes_are_not_given_twice(attributes):
    with pytest.raises(ValueError, match=r"attributes names its classes itself, as a (DataFrame|dict) does"):
        read_attributes(attributes, ["cat", "dog"])


def test_an_array_needs_classes():
    with pytest.raises(ValueError, match="attributes is an array, which does not tell the classes of its rows"):
        read_attributes(np.array(ROWS))
    with pytest.raises(ValueError, match="attributes has 2 rows, and classes 3 labels"):
        read_attributes(ROWS, [1, 2, 3])


def test_a_class_has_one_row():
    with pytest.raises(ValueError, match="attributes has several rows for 'cat': give one for each class"):
        read_attributes(pd.concat([FRAME, FRAME[:1]]))


@pytest.mark.parametrize("attributes", [{}, {1: []}, {1: [1, 0], 2: [1]}, {1: 1, 2: 0}, {1: [[1]], 2: [[0]]}])
def test_rows_must_make_a_table(attributes):
    with pytest.raises(ValueError, match="attributes must have a value for each class and attribute, with a class and"):
        read_attributes(attributes)


@pytest.mark.parametrize("value", [2, 0.5, "yes", np.inf])
def test_values_are_present_absent_or_unknown(value):
    with pytest.raises(ValueError, match=r"attributes of 'dog' hold .*: expected 1 \(present\), 0 \(absent\) or NaN"):
        read_attributes({"cat": [1, 0], "dog": [1, value]})


@pytest.mark.parametrize(
    ("labels", "expected"), [([3, 1, 3], [1, 3]), (["b", "a"], ["a", "b"]), ([True, False], [False, True])]
)
def test_labels_are_sorted_without_repeats(labels, expected):
    assert sorted_labels(labels).tolist() == expected


def test_labels_are_of_one_kind():
    with pytest.raises(ValueError, match="classes must be all strings or all numbers, got 'a', 1"):
        sorted_labels(["a", 1])
