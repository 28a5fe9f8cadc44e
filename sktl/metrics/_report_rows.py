"""The rows of a report: one per task."""

import dataclasses
import math
from typing import Any

import numpy as np

from sktl.metrics._answers import Answer
from sktl.metrics._check_fit import is_fractional
from sktl.metrics._classes import infer_classes
from sktl.metrics._find_metric import METRICS
from sktl.metrics._score_task import score_task
from sktl.metrics._task_data import TaskData

__all__ = ["BY_LABELS", "BY_NUMBERS", "BY_SCORES", "describe_task", "split_answers"]

# The metrics of a report, by what they are made of, under the names of their columns. An error stands as it is.
BY_LABELS = {name: (METRICS[name], 1) for name in ("accuracy", "balanced_accuracy", "f1")}
BY_SCORES = {name: (METRICS[name], 1) for name in ("roc_auc", "average_precision")}
BY_NUMBERS = {"r2": (METRICS["r2"], 1), "mae": (METRICS["neg_mean_absolute_error"], -1)}


def _kind_of(task: TaskData) -> str:
    """Return "binary", "multiclass" or "regression".

    Without classes or probabilities the numbers decide: a task is one of regression where a label or a prediction has
    a part behind the point.
    """
    if task.is_regression:
        return "regression"
    if not task.classes and task.answer is not None and task.answer.values.ndim == 1:
        values = task.answer.values[task.answer.there]
        if is_fractional(task.y[task.there]) or is_fractional(values):
            return "regression"
    return "binary" if len(_classes_of(task)) <= 2 else "multiclass"


def split_answers(task: TaskData, scores: Answer | None) -> tuple[TaskData, TaskData | None]:
    """Return a task with what was predicted, and with what ranks its samples if there is such a thing.

    Numbers between 0 and 1 for labels 0 and 1 are taken for probabilities of the positive class.
    """
    answer = task.answer
    if answer is not None and answer.values.ndim == 1 and _are_probabilities(task, answer):
        positive = answer.values.astype(float)
        task = dataclasses.replace(task, answer=Answer(np.column_stack([1 - positive, positive]), answer.there))
    if scores is None and task.answer is not None and task.answer.values.ndim == 2:
        scores = task.answer
    return task, None if scores is None else dataclasses.replace(task, answer=scores)


def describe_task(task: TaskData, ranked: TaskData | None) -> dict[str, Any]:
    """Return what a report says of a task, by column."""
    kind = _kind_of(task)
    y = task.y[task.there]
    row: dict[str, Any] = {"kind": kind, "labelled": len(y)}
    if kind == "regression":
        row["mean"] = float(np.mean(y)) if len(y) and y.dtype.kind in "biuf" else math.nan
    else:
        row["positives" if kind == "binary" else "classes"] = _count(task, y, kind)
    for name, (metric, sign) in (BY_NUMBERS if kind == "regression" else BY_LABELS).items():
        row[name] = math.nan if task.answer is None else sign * score_task(task, metric).value
    if ranked is not None and kind != "regression":
        row |= {name: sign * score_task(ranked, metric).value for name, (metric, sign) in BY_SCORES.items()}
    return row


def _are_probabilities(task: TaskData, answer: Answer) -> bool:
    y, values = task.y[task.there], answer.values[answer.there]
    if task.is_regression or y.dtype.kind not in "biuf" or not is_fractional(values):
        return False
    return set(y.tolist()) <= {0, 1} and bool(((values >= 0) & (values <= 1)).all())


def _classes_of(task: TaskData) -> list:
    """Return the classes of a task, which its labels and what is predicted show if nothing else does."""
    if task.classes:
        return task.classes
    task = task.labelled()
    if task.answer is None or not task.answer.there.any():
        return infer_classes(task.name, task.y, None, None)
    values = task.answer.values
    labels = values[task.answer.there] if values.ndim == 1 else None
    return infer_classes(task.name, task.y, labels, None if labels is not None else values.shape[1])


def _count(task: TaskData, y: np.ndarray, kind: str) -> int:
    """Return the positives of a task with two classes, or the classes of one with more."""
    classes = _classes_of(task)
    if kind == "multiclass":
        return len(classes)
    return int((y == classes[1]).sum()) if len(classes) == 2 else 0
