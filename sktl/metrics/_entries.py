"""From labels and answers to what a metric takes."""

import numpy as np

from sktl.metrics._classes import encode, infer_classes, show
from sktl.metrics._metric import Entries, Metric
from sktl.metrics._task_data import TaskData

__all__ = ["make_entries"]


def make_entries(task: TaskData, metric: Metric) -> Entries:
    """Return what a metric takes of a task; where NaN is predicted, something stands.

    Parameters
    ----------
    task : TaskData
        Labelled samples, with an answer.
    metric : Metric
        A metric that fits the task.

    Raises
    ------
    ValueError
        Where a label is none of the classes, or what was predicted is not what the metric takes.
    """
    assert task.answer is not None
    values, there = task.answer.values, task.answer.there
    has_classes = not task.is_regression and (task.classes is not None or values.ndim == 2)
    if metric.takes == "numbers" or (metric.is_custom and not has_classes):
        return Entries(task.y, values, task.weights, 0)
    classes = task.classes
    if classes is None:
        labels = values[there] if metric.takes == "labels" and values.ndim == 1 else None
        classes = infer_classes(task.name, task.y, labels, values.shape[1] if values.ndim == 2 else None)
    elif values.ndim == 2 and values.shape[1] != len(classes):
        raise ValueError(
            f"task {task.name!r} has {values.shape[1]} columns of probabilities, where its classes are {show(classes)}"
        )
    numbers = encode(task.y, classes, task.name, "y")
    if metric.takes == "labels":
        predicted = _predicted_numbers(task, classes)
        if not metric.is_custom:
            return Entries(numbers, predicted, task.weights, len(classes))
        return Entries(task.y, values if values.ndim == 1 else _decode(predicted, classes), task.weights, len(classes))
    values = _ranks(task.name, values, classes, metric)
    if not metric.is_custom:
        return Entries(numbers, values, task.weights, len(classes))
    positive_only = values.ndim == 2 and len(classes) == 2
    return Entries(task.y, values[:, 1] if positive_only else values, task.weights, len(classes))


def _predicted_numbers(task: TaskData, classes: list) -> np.ndarray:
    """Return the numbers of the predicted classes, and 0 where none is predicted."""
    assert task.answer is not None
    values, there = task.answer.values, task.answer.there
    numbers = np.zeros(len(values), dtype=int)
    if values.ndim == 2:
        numbers[there] = values[there].argmax(axis=1)
    else:
        numbers[there] = encode(values[there], classes, task.name, "the predictions")
    return numbers


def _decode(numbers: np.ndarray, classes: list) -> np.ndarray:
    """Return labels by their numbers."""
    return np.array(classes, dtype=object if isinstance(classes[0], str) else None)[numbers]


def _ranks(name: str, values: np.ndarray, classes: list, metric: Metric) -> np.ndarray:
    """Return scores or probabilities; those of a positive class as two columns where a metric takes probabilities."""
    if values.ndim == 2:
        one_class = metric.takes == "probabilities" and len(classes) == 1
        return np.column_stack([values, np.zeros(len(values))]) if one_class else values
    if values.dtype.kind not in "biuf":
        raise ValueError(
            f"metric {metric.name!r} goes by probabilities, and strings are predicted for task {name!r}: give what "
            "predict_proba returns"
        )
    if len(classes) > 2:
        raise ValueError(
            f"metric {metric.name!r} needs a probability for each of the classes {show(classes)} of task {name!r}, and "
            "there is one number per sample: give the list of arrays that predict_proba returns"
        )
    scores = values.astype(float)
    if metric.takes == "scores":
        return scores
    outside = scores[(scores < 0) | (scores > 1)]
    if len(outside):
        raise ValueError(
            f"metric {metric.name!r} takes probabilities in [0, 1], and for task {name!r} there is {outside[0]:g}"
        )
    return np.column_stack([1 - scores, scores])
