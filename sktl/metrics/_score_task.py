"""The score of one task."""

import dataclasses
import warnings

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning

from sktl.metrics._check_fit import check_fit
from sktl.metrics._entries import make_entries
from sktl.metrics._metric import Metric
from sktl.metrics._task_data import TaskData
from sktl.metrics._undefined import why_undefined

__all__ = ["TaskScore", "score_task"]


@dataclasses.dataclass(frozen=True)
class TaskScore:
    """The score of one task.

    Parameters
    ----------
    value : float
        The score; NaN where it is not defined.
    size : float
        The number of labels that it rests on, or the sum of their weights.
    why_undefined : str or None, default=None
        Why it is not defined, in words.
    """

    value: float
    size: float
    why_undefined: str | None = None


def score_task(task: TaskData, metric: Metric) -> TaskScore:
    """Return the score of a task on the samples that have a label of it, and a weight above 0.

    Raises
    ------
    ValueError
        Where the metric does not fit the task, a label is none of its classes, or the metric itself raises.
    """
    task = task.labelled()
    check_fit(task, metric)
    size = float(len(task.y) if task.weights is None else task.weights.sum())
    reason = _why_nothing_to_score(task)
    if reason is not None:
        return TaskScore(float("nan"), size, reason)
    entries = make_entries(task, metric)
    reason = _why_not_to_score(task, metric) or why_undefined(metric.needs, entries.y, entries.n_classes)
    if reason is not None:
        return TaskScore(float("nan"), size, reason)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UndefinedMetricWarning)
            value = float(metric.score(entries))
    except (ValueError, TypeError) as error:
        error.add_note(f"This was metric {metric.name!r} on task {task.name!r}.")
        raise
    return TaskScore(value, size, f"{metric.name} gives NaN" if np.isnan(value) else None)


def _why_nothing_to_score(task: TaskData) -> str | None:
    """Return why there are no two sides to compare."""
    if len(task.y) == 0:
        return "it has no label here"
    if task.answer is None or not task.answer.there.any() or task.classes == []:
        return "nothing is predicted for it"
    return None


def _why_not_to_score(task: TaskData, metric: Metric) -> str | None:
    """Return why what is predicted does not make a score."""
    assert task.answer is not None
    n_nan = int((~task.answer.there).sum())
    if n_nan:
        return f"NaN is predicted for {n_nan} of its {len(task.y)} labels"
    if metric.is_custom and metric.takes == "scores" and np.shape(task.answer.values)[1:] == (1,):
        return "probabilities are for one class only"
    return None
