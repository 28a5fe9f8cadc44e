"""Classes of tasks, given or found."""

import numpy as np
import pytest

from sktl.metrics import multitask_score
from sktl.metrics._classes import infer_classes, is_of_one_class, read_classes


def test_given_for_each_or_for_all():
    """Classes are given for each task, or for all at once."""
    assert read_classes([[0, 1], None], "ab") == [[0, 1], None]
    assert read_classes(np.array(["x", "y"]), "ab") == [["x", "y"]] * 2
    assert read_classes(np.array([[0, 1], [2, 3]]), "ab") == [[0, 1], [2, 3]]
    assert read_classes(None, "ab") is None
    assert is_of_one_class([[0]])
    assert not any(map(is_of_one_class, ([[0, 1]], [[0], [0]], [None], [[]], None)))


def test_given_for_others():
    """Classes of another number of tasks are refused."""
    with pytest.raises(ValueError, match=r"the classes of each of the 2 tasks \(a, b\), or None .* got 3 entries"):
        read_classes([[0], [1], [2]], "ab")
    with pytest.raises(ValueError, match="got 0 entries"):
        read_classes([], "ab")


def test_found():
    """Labels show their classes; but a 0 or but a 1 is one of two."""
    assert infer_classes("a", np.array([2, 5]), np.array([3]), None) == [2, 3, 5]
    assert infer_classes("a", np.array(["x"], dtype=object), None, None) == ["x"]
    for label in (0, 1.0, False):
        assert infer_classes("a", np.array([label]), None, None) == [0, 1]
        assert infer_classes("a", np.array([label]), None, 2) == [0, 1]
        assert infer_classes("a", np.array([label]), None, 1) == [label]
    assert infer_classes("a", np.array([3, 1, 2]), None, 3) == [1, 2, 3]


def test_not_to_be_found():
    """Where columns could be several things, the caller is asked."""
    with pytest.raises(
        ValueError, match="task 'a' has 3 columns of probabilities, and its labels are 0, 1: give classes="
    ):
        infer_classes("a", np.array([0, 1]), None, 3)
    with pytest.raises(ValueError, match="task 'task0' holds strings on one side and numbers on the other"):
        multitask_score(["x", "y"], [0, 1], "accuracy")


def test_columns_against_classes():
    """Columns are as many as the classes given."""
    with pytest.raises(ValueError, match="task 'task0' has 3 columns of probabilities, where its classes are 0, 1"):
        multitask_score([0, 1], np.full((2, 3), 1 / 3), "log_loss", classes=[0, 1])


def test_unknown_labels():
    """A label, or a prediction, that is none of the classes is named."""
    with pytest.raises(ValueError, match="task 'task1' of y holds 2, not among its classes 0, 1: fit on data"):
        multitask_score([[0, 2], [1, 0]], [[0, 1], [1, 0]], "accuracy", classes=[0, 1])
    with pytest.raises(
        ValueError, match="task 'task0' of the predictions holds 'x', 'y', not among its classes 'a', 'b'"
    ):
        multitask_score(["a", "b"], ["y", "x"], "f1", classes=[["a", "b"]])
    with pytest.raises(ValueError, match=r"holds 11, not among its classes 0, 1, 2, .* 9 and 1 more: fit"):
        multitask_score([11], [0], "f1", classes=[list(range(11))])
