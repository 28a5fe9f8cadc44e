"""Predictions in every form."""

import numpy as np
import pandas as pd
import pytest

from sktl.metrics._answers import read_answers

NAMES = ("a", "b")


def read(answers, n_samples=3, names=NAMES, **options):
    return read_answers(answers, n_samples, names, True, "y_pred", **options)


def test_tables():
    """A table has a column for each task, with what is not predicted marked."""
    for table in (np.array([[0, 1], [1, np.nan], [0, 0]]), [[0, 1], [1, None], [0, 0]]):
        a, b = read(table)
        assert a.values.tolist() == [0, 1, 0]
        assert a.there.all()
        assert b.there.tolist() == [True, False, True]


def test_lists_of_arrays():
    """A list has an array for each task, of probabilities, of numbers, or none."""
    proba = np.array([[0.5, 0.5], [np.nan, np.nan], [0, 1]])
    for answers in ([proba, None], (None, proba.tolist()), [proba, np.zeros(3)], [np.zeros(3), None]):
        found = read(answers)
        for answer, given in zip(found, answers, strict=True):
            assert (answer is None) == (given is None)
            if given is not None:
                assert answer.values.ndim == np.ndim(given)
                assert answer.there.tolist() == ([True, np.ndim(given) == 1, True])
    assert [answer.values.shape for answer in read(np.zeros((2, 3, 4)))] == [(3, 4), (3, 4)]


def test_no_columns():
    """Probabilities of no class are no prediction."""
    assert not read([np.zeros((3, 0)), np.zeros((3, 2))])[0].there.any()


def test_one_task():
    """The forms of one task."""
    for answers, n_axes in (
        (np.zeros(3), 1),
        (np.zeros((3, 1)), 1),
        (np.zeros((3, 2)), 2),
        ([0, None, 1], 1),
        ([[0], [1], [0]], 1),
        ([np.zeros((3, 2))], 2),
        (pd.Series([0, 1, 2]), 1),
        (pd.DataFrame({"a": ["x", "y", "x"]}), 1),
    ):
        (answer,) = read(answers, names=("a",))
        assert answer.values.ndim == n_axes
    assert read(np.ones((3, 1)), names=("a",), one_class=True)[0].values.shape == (3, 1)


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ([np.zeros((3, 2))], r"y_pred holds arrays for 1 tasks, where y has 2 \(a, b\)"),
        (np.zeros((3, 3)), r"y_pred has 3 columns, where y has 2 tasks \(a, b\)"),
        (np.zeros(3), r"y_pred has 1 column, where y has 2 tasks \(a, b\)"),
        (np.zeros((4, 2)), "y_pred is for 4 samples in task 'a', where y has 3"),
        ([np.zeros((3, 2)), np.zeros((2, 2))], "y_pred is for 2 samples in task 'b', where y has 3"),
        (pd.DataFrame(np.zeros((3, 2)), columns=["b", "a"]), "tasks of y and of y_pred are the same in another order"),
    ],
)
def test_what_does_not_fit(answers, message):
    """Predictions for other tasks or other samples are refused."""
    with pytest.raises(ValueError, match=message):
        read(answers)


def test_names_that_count_are_not_held_against():
    """Columns of predictions have a say only where the tasks have names."""
    frame = pd.DataFrame(np.zeros((3, 2)), columns=["x", "y"])
    assert len(read_answers(frame, 3, ("task0", "task1"), False, "y_pred")) == 2
