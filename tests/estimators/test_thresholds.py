import numpy as np
import pytest

from sktl.estimators._thresholds import read_thresholds
from sktl.tasks import ClassificationTask, ConstantTask, RegressionTask, TaskSet

NAMES = ("two", "three", "number", "none")
TASKS = TaskSet(
    (
        ClassificationTask(np.array([0, 1])),
        ClassificationTask(np.array([0, 1, 2])),
        RegressionTask(0.0, 1.0),
        ConstantTask(np.array([0, 1]), None),
    )
)


@pytest.mark.parametrize(
    ("thresholds", "expected"),
    [
        (None, None),
        (0.3, 0.3),
        ([0.3, 0.4, 0.5, 0.6], 0.3),
        (np.array([0.3, 0.4, 0.5, 0.6]), 0.3),
        ([0.3, None, None, None], 0.3),
        ([None, 0.3, 0.3, 0.3], None),
        ({"two": 0.3}, 0.3),
        ({"none": 0.3}, None),
        ({"three": None}, None),
        ({}, None),
    ],
)
def test_serve_tasks_of_two_classes(thresholds, expected):
    assert read_thresholds(thresholds, NAMES, TASKS) == [expected, None, None, None]


@pytest.mark.parametrize("bad", [0, 1, -0.5, 2, np.nan, "a"])
def test_out_of_range(bad):
    with pytest.raises(ValueError, match=r"thresholds gives task 'two' .*: expected a probability in \(0, 1\)"):
        read_thresholds({"two": bad}, NAMES, TASKS)


@pytest.mark.parametrize("name", ["three", "number"])
def test_tasks_that_have_no_two_classes(name):
    with pytest.raises(ValueError, match=f"thresholds names task '{name}', which has no two classes to part"):
        read_thresholds({name: 0.3}, NAMES, TASKS)


def test_no_such_task():
    with pytest.raises(ValueError, match=r"thresholds names \['four'\], but the tasks are \['two', 'three'"):
        read_thresholds({"four": 0.3}, NAMES, TASKS)
