"""Whether a metric fits a task."""

import numpy as np

from sktl.metrics._classes import show
from sktl.metrics._metric import Metric
from sktl.metrics._task_data import TaskData

__all__ = ["check_fit", "is_fractional"]

ADVICE = "choose another metric, or give a dict with a metric for each task"


def check_fit(task: TaskData, metric: Metric) -> None:
    """Raise where a metric of numbers meets classes, a metric of classes numbers, or either the wrong predictions.

    Raises
    ------
    ValueError
        Which names the task and the metric.
    """
    if task.is_regression and task.answer is None:
        raise ValueError(
            f"metric {metric.name!r} goes by probabilities, and there are none for task {task.name!r}, which is a "
            f"regression task: {ADVICE}"
        )
    if metric.is_custom:
        return
    if metric.takes == "numbers":
        _check_numbers(task, metric)
    else:
        _check_classes(task, metric)


def is_fractional(values: np.ndarray) -> bool:
    """Return whether some numbers have a part behind the point."""
    return values.dtype.kind == "f" and bool((values != np.floor(values)).any())


def _check_numbers(task: TaskData, metric: Metric) -> None:
    who = f"metric {metric.name!r} is for regression, and task {task.name!r}"
    if task.classes is not None:
        raise ValueError(f"{who} has the classes {show(task.classes)}: {ADVICE}")
    if _are_strings(task.y) or (task.answer is not None and _are_strings(task.answer.values)):
        raise ValueError(f"{who} holds strings: {ADVICE}")
    if task.answer is not None and task.answer.values.ndim == 2:
        raise ValueError(f"{who} comes with columns of probabilities: give what predict returns")


def _check_classes(task: TaskData, metric: Metric) -> None:
    who = f"metric {metric.name!r} is for classes, and task {task.name!r}"
    if task.is_regression:
        raise ValueError(f"{who} is a regression task: {ADVICE}")
    if task.classes is None and is_fractional(task.y):
        raise ValueError(f"{who} holds numbers such as {_fraction(task.y):g}: {ADVICE}")
    if metric.takes == "labels" and task.classes is None and task.answer is not None and task.answer.values.ndim == 1:
        predicted = task.answer.values[task.answer.there]
        if is_fractional(predicted):
            raise ValueError(
                f"metric {metric.name!r} takes labels, and {_fraction(predicted):g} is predicted for task "
                f"{task.name!r}: give what predict returns, or the list of arrays that predict_proba returns"
            )


def _are_strings(values: np.ndarray) -> bool:
    return values.dtype.kind not in "biuf"


def _fraction(values: np.ndarray) -> float:
    return float(values[values != np.floor(values)][0])
