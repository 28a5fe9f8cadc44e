import numpy as np
import pandas as pd
import pytest

from sktl.estimators._part_classes import read_part_classes
from sktl.utils._labels import read_labels

NAMED = read_labels(pd.DataFrame({"car": [0, 1], "sign": [1, 2]}))
FLAT = read_labels([0, 1])


def test_a_list_for_each_task():
    assert [task.classes.tolist() for task in read_part_classes([[1, 0], np.arange(3)], NAMED)] == [[0, 1], [0, 1, 2]]


def test_by_name():
    tasks = read_part_classes({"sign": [1, 2, None], "car": ["no", "yes"]}, NAMED)
    assert [task.classes.tolist() for task in tasks] == [["no", "yes"], [1, 2]]


@pytest.mark.parametrize("classes", [[0, 1, 2], {"task0": [0, 1, 2]}])
def test_of_one_task(classes):
    assert [task.classes.tolist() for task in read_part_classes(classes, FLAT)] == [[0, 1, 2]]


@pytest.mark.parametrize("classes", [[0, 1], ["no", "yes"]])
def test_one_list_for_several_tasks(classes):
    with pytest.raises(ValueError, match=r"classes=\[.*\] is for one task, but y has the tasks 'car', 'sign': .* he"):
        read_part_classes(classes, NAMED)


def test_of_another_number_of_tasks():
    with pytest.raises(ValueError, match="classes describes 3 tasks, but y has 2"):
        read_part_classes([[0, 1]] * 3, NAMED)


def test_of_other_names():
    with pytest.raises(ValueError, match=r"classes names \['car', 'truck'\], but the tasks are \['car', 'sign'\]"):
        read_part_classes({"car": [0, 1], "truck": [0, 1]}, NAMED)
