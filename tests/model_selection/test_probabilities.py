"""What estimators say about classes."""

import types

import numpy as np
import pytest

from sktl.model_selection._probabilities import TaskProbabilities, read_probabilities


def answering(probabilities, classes):
    """Return an estimator that gives these answers."""
    return types.SimpleNamespace(predict_proba=lambda X: probabilities, classes_=classes)


def test_classes_find_their_columns():
    """A class that was not known has 0; one that is not asked for is left out."""
    given = TaskProbabilities(np.array(["c", "a", "x"]), np.array([[0.7, 0.2, 0.1]]))
    assert given.spread(np.array(["a", "b", "c"], dtype=object)).tolist() == [[0.2, 0, 0.7]]


def test_numbers_match_whatever_their_type():
    """Classes 0 and 1 are the same as integers, floats and booleans."""
    for classes in (np.array([0, 1]), np.array([0.0, 1.0]), np.array([False, True])):
        spread = TaskProbabilities(classes, np.array([[0.7, 0.3]], dtype=np.float32)).spread(np.array([0.0, 1.0, 2.0]))
        assert spread.tolist() == np.array([[0.7, 0.3, 0]], dtype=np.float32).tolist()
        assert spread.dtype == np.float32


def test_nothing_learned_is_nan():
    """No class at all, or NaN, is NaN in every column."""
    classes = np.array([0, 1])
    assert np.isnan(TaskProbabilities(np.empty(0), np.empty((3, 0))).spread(classes)).all()
    spread = TaskProbabilities(np.array([0]), np.array([[np.nan], [1.0]])).spread(classes)
    assert np.isnan(spread).tolist() == [[True, True], [False, False]]


def test_one_array_is_one_task():
    """An estimator of one task gives no list."""
    (read,) = read_probabilities(answering(np.ones((3, 1)), np.array([4])), None, ("a",))
    assert read.classes.tolist() == [4]
    assert read.values.shape == (3, 1)


def test_regression_has_none():
    """None among the answers, or among the classes, is a task of regression."""
    classes, given = [np.array([0, 1]), None, None], [np.ones((3, 2)), None, np.ones((3, 1))]
    assert read_probabilities(answering(given, classes), None, ("a", "b", "c"))[1:] == [None, None]


@pytest.mark.parametrize(
    ("given", "classes"), [(np.ones((3, 2)), np.arange(2)), ([np.ones((3, 2))] * 2, [np.arange(2)])]
)
def test_another_number_of_tasks(given, classes):
    """Both numbers are told."""
    with pytest.raises(ValueError, match="y has 2 tasks, but SimpleNamespace has classes_ of 1"):
        read_probabilities(answering(given, classes), None, ("a", "b"))


@pytest.mark.parametrize("shape", [(3, 1), (3,)])
def test_another_number_of_classes(shape):
    """The task is named."""
    with pytest.raises(ValueError, match="task 'a': SimpleNamespace knows 2 classes, but gives probabilities of shape"):
        read_probabilities(answering([np.ones(shape)], [np.arange(2)]), None, ("a",))
