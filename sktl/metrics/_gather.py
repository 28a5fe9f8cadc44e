"""From labels and answers to the data of each task."""

from collections.abc import Sequence
from typing import Any

from sktl.metrics._answers import Answer
from sktl.metrics._task_data import TaskData
from sktl.metrics._weights import read_weights
from sktl.utils._labels import LabelTable

__all__ = ["gather_tasks"]


def gather_tasks(
    table: LabelTable,
    answers: Sequence[Answer | None],
    names: Sequence[str],
    classes: Sequence[list | None] | None = None,
    sample_weight: Any = None,
) -> list[TaskData]:
    """Return the data of each task.

    A task is one of regression where ``classes`` are given, but None for it, or where nothing is predicted for it, as
    ``predict_proba`` predicts nothing for such tasks.
    """
    by_task = [None] * len(names) if classes is None else classes
    weights = read_weights(sample_weight, table, names)
    return [
        TaskData(
            name=name,
            y=table.columns[task],
            there=table.labelled[:, task],
            answer=answers[task],
            classes=by_task[task],
            is_regression=by_task[task] is None and (classes is not None or answers[task] is None),
            weights=None if weights is None else weights[:, task],
        )
        for task, name in enumerate(names)
    ]
