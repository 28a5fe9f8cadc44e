"""A report on several tasks."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

from sktl.metrics._answers import Answer, read_answers
from sktl.metrics._classes import read_classes
from sktl.metrics._gather import gather_tasks
from sktl.metrics._names import name_tasks
from sktl.metrics._report_rows import BY_LABELS, BY_NUMBERS, BY_SCORES, describe_task, split_answers
from sktl.metrics._text_table import UNDEFINED, format_number, format_score, html_table, text_table
from sktl.utils._labels import read_labels

__all__ = ["MultiTaskReport", "multitask_report"]

COUNTS = ("labelled", "positives", "classes")
IN_UNITS = ("mean", "mae")
FOOTNOTE = f"{UNDEFINED} undefined, and left out of the mean"


@dataclasses.dataclass(frozen=True, repr=False)
class MultiTaskReport:
    """Scores of several tasks, which print as a table and show as one in a notebook.

    Parameters
    ----------
    table : dict of dict
        For each task by name, what is known of it by column: "kind" ("binary", "multiclass" or "regression"),
        "labelled" (the number of labels); "positives", "classes" (their number) or "mean" (of the labels), by the kind;
        and the scores, NaN where one is undefined. ``pandas.DataFrame.from_dict(report.table, orient="index")`` makes a
        DataFrame of it.
    digits : int, default=3
        Places behind the point that are printed.

    Attributes
    ----------
    means : dict of float
        The mean of each score over the tasks where it is defined; NaN where it is defined for none.

    See Also
    --------
    multitask_report : The way to make one.
    """

    table: dict[str, dict[str, Any]]
    digits: int = 3

    @property
    def means(self) -> dict[str, float]:
        """The mean of each score over the tasks where it is defined."""
        means = {}
        for name in (*BY_LABELS, *BY_SCORES, *BY_NUMBERS):
            values = [row[name] for row in self.table.values() if name in row]
            defined = [value for value in values if not math.isnan(value)]
            if values:
                means[name] = sum(defined) / len(defined) if defined else math.nan
        return means

    def __str__(self) -> str:
        return self._render(text_table, "\n\n", "\n\n{}")

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self._render(html_table, "", "<p>{}</p>")

    def _render(self, render: Any, between: str, note: str) -> str:
        parts = [self._part(regression) for regression in (False, True)]
        text = between.join(render(*part) for part in parts if part[1])
        return text + (note.format(FOOTNOTE) if self._has_undefined() else "")

    def _has_undefined(self) -> bool:
        return any(
            isinstance(value, float) and math.isnan(value) for row in self.table.values() for value in row.values()
        )

    def _part(self, regression: bool) -> tuple[list[str], list[list[str]], list[str]]:
        """Return header, rows and last row of the tasks of one kind."""
        rows = {name: row for name, row in self.table.items() if (row["kind"] == "regression") is regression}
        order = (*COUNTS, *IN_UNITS[:1], *BY_LABELS, *BY_SCORES, *BY_NUMBERS)
        columns = [column for column in order if any(column in row for row in rows.values())]
        cells = [[name, *(self._cell(column, row.get(column)) for column in columns)] for name, row in rows.items()]
        means = {column: value for column, value in self.means.items() if column in columns}
        last = ["macro mean", *(self._cell(column, means.get(column)) for column in columns)]
        return ["task", *columns], cells, last

    def _cell(self, column: str, value: Any) -> str:
        if value is None:
            return ""
        if column in COUNTS:
            return str(value)
        return (format_number if column in IN_UNITS else format_score)(value, self.digits)


def multitask_report(
    y_true: Any,
    y_pred: Any,
    y_score: Any = None,
    *,
    classes: Any = None,
    names: Sequence[str] | None = None,
    digits: int = 3,
) -> MultiTaskReport:
    """Return a table of what predictions are worth, a line for each task.

    Tasks with classes get accuracy, balanced accuracy and F1, and where there are probabilities the area under the ROC
    curve and the average precision; regression tasks get R² and the mean absolute error. Missing labels are left out.

    Parameters
    ----------
    y_true : array-like of shape (n_samples, n_tasks) or (n_samples,)
        Labels, with NaN, None or pandas.NA where one is missing.
    y_pred : array-like, or list of array-like
        What ``predict`` or ``predict_proba`` returned. The likeliest class counts as predicted.
    y_score : array-like, list of array-like or None, default=None
        What ``predict_proba`` returned, where ``y_pred`` is what ``predict`` did: of use where some tasks are of
        regression, which have no probabilities.
    classes : list of array-like, array-like or None, default=None
        As in :func:`multitask_score`. None: the labels found, and a task of which a label or a prediction has a part
        behind the point is one of regression.
    names : sequence of str or None, default=None
        The names of the tasks. None: the columns of ``y_true``, else "task0", "task1" and so on.
    digits : int, default=3
        Places behind the point that are printed.

    Returns
    -------
    MultiTaskReport
        Which prints as the table; ``table`` and ``means`` hold the numbers.

    Raises
    ------
    ValueError
        Where a label is none of the classes, names on the two sides differ, or shapes do.

    See Also
    --------
    multitask_score : One metric, with a choice of the mean and of what happens to undefined scores.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.metrics import multitask_report
    >>> y = np.array([[0, 1, 2.5], [1, np.nan, 3.5], [0, 0, np.nan], [1, 1, 0.5]])
    >>> predicted = np.array([[0, 1, 2.0], [1, 0, 3.5], [1, 1, 1.0], [1, 1, 1.0]])
    >>> multitask_report(y, predicted, names=["toxic", "soluble", "melting point"])
                                               balanced
    task        labelled  positives  accuracy  accuracy     f1
    ----------------------------------------------------------
    toxic              4          2     0.750     0.750  0.800
    soluble            3          2     0.667     0.500  0.800
    ----------------------------------------------------------
    macro mean                          0.708     0.625  0.800
    <BLANKLINE>
    task           labelled  mean     r2    mae
    -------------------------------------------
    melting point         3  2.17  0.893  0.333
    -------------------------------------------
    macro mean                     0.893  0.333
    """
    if not isinstance(digits, int) or digits < 0:
        raise ValueError(f"digits must be an integer of 0 or more, got {digits!r}")
    table = read_labels(y_true, "y_true")
    task_names, named = name_tasks(table, names, "names")
    answers = read_answers(y_pred, len(table), task_names, named, "y_pred")
    scores: list[Answer | None] = [None] * len(task_names)
    if y_score is not None:
        scores = read_answers(y_score, len(table), task_names, named, "y_score")
    by_task = read_classes(classes, task_names)
    rows = {}
    for task, ranks in zip(gather_tasks(table, answers, task_names, by_task), scores, strict=True):
        rows[task.name] = describe_task(*split_answers(task, ranks))
    return MultiTaskReport(rows, digits)
