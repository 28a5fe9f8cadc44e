import numpy as np
import pandas as pd
import pytest

from sktl.estimators._read_heads import read_heads
from sktl.utils._labels import read_labels

PLAIN = read_labels([[0, 1], [1, 2]])
NAMED = read_labels(pd.DataFrame({"car": [0, 1], "sign": [1, 2]}))


def test_none_leaves_all_to_the_labels():
    labels, heads = read_heads(None, PLAIN)
    assert labels is PLAIN
    assert heads == [None, None]


def test_a_number_of_tasks_of_two_classes():
    assert read_heads(2, PLAIN)[1] == [2, 2]
    assert read_heads(np.int64(2), PLAIN)[1] == [2, 2]


@pytest.mark.parametrize("container", [list, tuple, np.array])
def test_counts_of_classes(container):
    assert read_heads(container([2, 10]), PLAIN)[1] == [2, 10]


def test_labels_are_sorted_and_stand_once():
    _, (animals, numbers) = read_heads([["dog", "cat", "dog"], {3, 1}], PLAIN)
    assert animals.tolist() == ["cat", "dog"]
    assert numbers.tolist() == [1, 3]


@pytest.mark.parametrize(
    "labels",
    [
        pd.Series([1, None, 0], dtype="Int64").unique(),
        np.array([1.0, np.nan, 0.0]),
        [0, None, 1],
        [0, pd.NA, 1],
        pd.array([True, None, False], dtype="boolean"),
    ],
)
def test_missing_values_among_labels_are_no_classes(labels):
    assert read_heads([labels, 2], PLAIN)[1][0].tolist() == [0, 1]


def test_missing_values_among_strings_are_no_classes():
    assert read_heads([["no", np.nan, "yes", None], 2], PLAIN)[1][0].tolist() == ["no", "yes"]


def test_nothing_or_regression_for_a_task():
    assert read_heads([None, "regression"], PLAIN)[1] == [None, "regression"]


def test_names_of_a_dict_are_those_of_tasks_without_any():
    labels, heads = read_heads({"car": 2, 7: 3}, PLAIN)
    assert labels.names == ("car", "7")
    assert labels.named
    assert heads == [2, 3]
    assert not PLAIN.named


def test_a_dict_goes_by_the_names_of_columns():
    labels, heads = read_heads({"sign": 3, "car": 2}, NAMED)
    assert labels.names == ("car", "sign")
    assert heads == [2, 3]


@pytest.mark.parametrize("heads", [True, "two", 2.5])
def test_no_such_kind(heads):
    with pytest.raises(ValueError, match=f"heads must be None, a number of tasks .* got {heads!r}"):
        read_heads(heads, PLAIN)


@pytest.mark.parametrize(
    ("heads", "labels", "message"),
    [
        (3, PLAIN, "heads describes 3 tasks, but y has 2 columns: give one for each"),
        ([2], NAMED, r"heads describes 1 tasks, but y has 2 columns \(car, sign\): give one for each"),
        ({"a": 2, "b": 2, "c": 2}, NAMED, r"describes 3 tasks \(a, b, c\), but y has 2 columns \(car, sign\)"),
    ],
)
def test_another_number_of_tasks(heads, labels, message):
    with pytest.raises(ValueError, match=message):
        read_heads(heads, labels)


def test_other_names():
    message = r"heads names \['cat'\], which y has no column for, and lacks its columns \['car'\]"
    with pytest.raises(ValueError, match=message):
        read_heads({"cat": 2, "sign": 3}, NAMED)


@pytest.mark.parametrize("count", [1, 0, -2])
def test_too_few_classes(count):
    with pytest.raises(ValueError, match=f"heads gives task 'sign' {count} classes: two is the least, or 'regression'"):
        read_heads([2, count], NAMED)


def test_too_few_labels():
    with pytest.raises(ValueError, match=r"heads gives task 'sign' the labels \['a'\]: two is the least"):
        read_heads({"car": 2, "sign": ["a", "a"]}, NAMED)


@pytest.mark.parametrize("head", ["regresion", True, 2.0])
def test_no_such_head(head):
    with pytest.raises(ValueError, match=f"heads gives task 'car' {head!r}: expected a count of classes, a list of"):
        read_heads([head, 2], NAMED)
