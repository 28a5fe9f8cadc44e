"""What a splitter makes of labels."""

import numpy as np
import pytest

from sktl.model_selection._states import N_BINS, label_states
from sktl.utils._labels import read_labels


def states_of(y):
    """Return the states of a single task."""
    return label_states(read_labels(y))[:, 0]


def test_tasks_have_states_of_their_own():
    """No number stands for states of two tasks, and equal labels have equal numbers."""
    states = label_states(read_labels([["a", 1.0], ["b", None], [None, 0.0], ["a", 0.0], ["b", 1.0]]))
    assert not set(states[:, 0]) & set(states[:, 1])
    assert states[0, 0] == states[3, 0] != states[1, 0] != states[2, 0]
    assert len(set(states[:, 1])) == 3


@pytest.mark.parametrize("labels", [np.arange(100) % 20, np.arange(100.0) % 20, [True, False] * 50, ["a", "b"] * 50])
def test_classes_stay_classes(labels):
    """Whole numbers that occur again, booleans and strings are classes, however many."""
    assert len(set(states_of(labels))) == len(set(labels))


@pytest.mark.parametrize("numbers", [np.arange(100) / 7, np.arange(100), np.exp(np.arange(100.0))])
def test_numbers_fall_into_bins_of_equal_count(numbers):
    """Fractions, and whole numbers that occur once, are binned by their order."""
    states = states_of(numbers)
    assert np.unique(states, return_counts=True)[1].tolist() == [100 // N_BINS] * N_BINS
    assert (np.diff(states) >= 0).all()


def test_equal_numbers_share_a_bin():
    """A target that is mostly zero has its zeros in one bin."""
    numbers = np.r_[np.zeros(70), np.arange(30) + 0.5]
    states = states_of(numbers)
    assert len(set(states[:70])) == 1
    assert states[0] not in states[70:]


def test_a_task_without_labels_has_one_state():
    """Columns of NaN are no trouble."""
    assert len(set(states_of(np.full(5, np.nan)))) == 1


def test_strings_that_all_differ_stay_classes():
    """Words have no order to be binned by."""
    assert len(set(states_of([f"name{number}" for number in range(9)]))) == 9
