import numpy as np
import pytest

from sktl.estimators._by_task import by_task, show

NAMES = ("car", "sign", "3")


def test_none_is_the_default_for_all():
    assert by_task(None, "task_weights", NAMES, 1.0) == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("value", [0.5, "balanced", np.float64(0.5), np.array(0.5)])
def test_one_for_all(value):
    assert by_task(value, "task_weights", NAMES, None) == [value] * 3


@pytest.mark.parametrize("container", [list, tuple, np.array])
def test_one_for_each(container):
    assert by_task(container([1, 2, 3]), "task_weights", NAMES, None) == [1, 2, 3]


def test_by_name_in_any_order_and_the_default_for_others():
    assert by_task({"sign": 2, "car": 1}, "task_weights", NAMES, 0.5) == [1, 2, 0.5]


def test_names_may_be_numbers():
    assert by_task({3: 7}, "task_weights", NAMES, 0) == [0, 0, 7]


def test_names_that_are_not_there():
    message = r"thresholds names \['cat', '4'\], but the tasks are \['car', 'sign', '3'\]"
    with pytest.raises(ValueError, match=message):
        by_task({"cat": 1, "car": 2, 4: 1}, "thresholds", NAMES, None)


@pytest.mark.parametrize("value", [[1, 2], np.ones(4), []])
def test_another_length(value):
    with pytest.raises(ValueError, match=rf"thresholds must have a value for each of the 3 tasks, got {len(value)}"):
        by_task(value, "thresholds", NAMES, None)


@pytest.mark.parametrize(("value", "shown"), [(np.float64(1.5), "1.5"), (np.str_("a"), "'a'"), (None, "None")])
def test_values_are_shown_as_they_are_written(value, shown):
    assert show(value) == shown
