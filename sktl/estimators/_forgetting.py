"""What the old tasks lost when one was added."""

import dataclasses
import html
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from sktl.estimators._side_by_side import side_by_side
from sktl.metrics import multitask_score
from sktl.tasks import RegressionTask, Task, TaskSet
from sktl.utils._labels import LabelTable, read_labels

__all__ = ["Forgetting", "agreement_of", "agreements", "names_for", "rows_of", "score_of", "scores_of"]

Table = dict[str, dict[str, str | float]]


@dataclasses.dataclass(frozen=True, repr=False)
class Forgetting:
    """The old tasks before and after a task was added, which print as a table and show as one in a notebook.

    Parameters
    ----------
    task : str
        The task that was added.
    trunk : str
        How: "frozen", "lwf", "ewc" or "train".
    has_labels : bool
        Whether labelled data of the old tasks were given. If so, the values are scores on these. Else they are the
        agreement of predictions with those from before, on the inputs of the new task: 1 is as it was, and says nothing
        of what is right.
    table : dict of dict
        For each old task by name "measure" ("accuracy" or "r2"; without labels, "agreement" or "r2"), "before", "after"
        and "change", NaN where one is undefined. ``pandas.DataFrame.from_dict(forgetting.table, orient="index")`` makes
        a DataFrame of it.

    Examples
    --------
    >>> from sktl.estimators._forgetting import Forgetting
    >>> row = {"measure": "accuracy", "before": 0.95, "after": 0.94, "change": -0.01}
    >>> Forgetting("prime", "lwf", True, {"digit": row})
    scores of the old tasks on the test data, before and after 'prime' was added with trunk='lwf'
    task     measure   before    after   change
    digit   accuracy    0.950    0.940   -0.010
    """

    task: str
    trunk: str
    has_labels: bool
    table: Table

    @property
    def title(self) -> str:
        """What the table shows, in words."""
        end = f"before and after {self.task!r} was added with trunk={self.trunk!r}"
        if self.has_labels:
            return f"scores of the old tasks on the test data, {end}"
        return f"agreement of the old tasks' predictions for the new X (no test data were given, so no scores), {end}"

    def _rows(self) -> list[list[str]]:
        """Return the cells, header first."""
        rows = [["task", "measure", "before", "after", "change"]]
        for name, row in self.table.items():
            numbers = [
                _show(row["before"], ".3f"),
                _show(row["after"], ".3f"),
                _show(row["change"], "+.3f"),
            ]
            rows.append([name, str(row["measure"]), *numbers])
        return rows

    def __str__(self) -> str:
        rows = self._rows()
        width = max(len(row[0]) for row in rows)
        lines = ["  ".join([row[0].ljust(width), row[1].rjust(9), *(f"{c:>7}" for c in row[2:])]) for row in rows]
        return "\n".join([self.title, *lines])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        cells = [[html.escape(cell) for cell in row] for row in self._rows()]
        body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in cells[1:])
        head = "".join(f"<th>{cell}</th>" for cell in cells[0])
        return f"<p>{html.escape(self.title)}</p><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _show(value: float | str, form: str) -> str:
    """Return a number as text, a dash for NaN."""
    return "–" if math.isnan(float(value)) else format(float(value), form)


def rows_of(names: Sequence[str], measures: Sequence[str], before: Sequence[float], after: Sequence[float]) -> Table:
    """Return the table of a report from a measure and two values of each task."""
    return {
        name: {"measure": measure, "before": float(old), "after": float(new), "change": float(new) - float(old)}
        for name, measure, old, new in zip(names, measures, before, after, strict=True)
    }


def score_of(task: Task) -> str:
    """Return the name of the score of a task's predictions."""
    return "r2" if getattr(task, "classes", None) is None else "accuracy"


def agreement_of(task: Task) -> str:
    """Return the name of the agreement of a task's predictions."""
    return "r2" if score_of(task) == "r2" else "agreement"


def names_for(labels: LabelTable, names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of tasks, which give way to those of labels where they only count, as "task0" does."""
    only_count = tuple(names) == tuple(f"task{number}" for number in range(len(names)))
    return labels.names if labels.named and only_count else tuple(names)


def scores_of(tasks: TaskSet, names: Sequence[str], y: Any, answers: Sequence[np.ndarray]) -> list[float]:
    """Return the score of each task for predictions (n_samples,) of each, NaN where it is undefined."""
    names = names_for(read_labels(y, "the y of test"), names)
    metrics = {name: score_of(task) for name, task in zip(names, tasks, strict=True)}
    return list(multitask_score(y, side_by_side(answers), metrics, names=names, average=None).values())


def agreements(tasks: TaskSet, before: Sequence[np.ndarray], after: Sequence[np.ndarray]) -> list[float]:
    """Return the share of equal classes of each task, or R² of numbers after against before; NaN without predictions.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.estimators._forgetting import agreements
    >>> from sktl.tasks import ClassificationTask, TaskSet
    >>> task = ClassificationTask(np.array([0, 1]))
    >>> agreements(TaskSet((task,)), [np.array([0, 1, 1, 1])], [np.array([0, 1, 0, 1])])
    [0.75]
    """
    return [_agreement(*three) for three in zip(tasks, before, after, strict=True)]


def _agreement(task: Task, before: np.ndarray, after: np.ndarray) -> float:
    if not len(before):
        return math.nan
    if not isinstance(task, RegressionTask):
        pairs = zip(before, after, strict=True)
        return float(np.mean([old == new or (old != old and new != new) for old, new in pairs]))
    spread, moved = np.square(before - before.mean()).sum(), np.square(after - before).sum()
    if not spread:
        return math.nan if moved else 1.0
    return float(1 - moved / spread)
