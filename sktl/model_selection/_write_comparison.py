"""The table that a comparison prints as."""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sktl.model_selection._single_task_comparison import SingleTaskComparison

__all__ = ["write_comparison"]

# Where more tasks than these are hurt, the last line gives their number alone; the table has the names.
MAX_NAMES = 6
NONE = "–"


@dataclasses.dataclass
class _Column:
    """A column of the table: its title, a cell for each task, and one for the means."""

    title: str
    cells: list[str]
    last: str = ""
    is_left: bool = False

    def lines(self) -> list[str]:
        """Return all cells, padded to one width."""
        cells = [self.title, *self.cells, self.last]
        width = max(map(len, cells))
        return [cell.ljust(width) if self.is_left else cell.rjust(width) for cell in cells]


def write_comparison(comparison: "SingleTaskComparison") -> str:
    """Return a table with a line for each task, and a line that sums it up."""
    n_folds = len(comparison.joint)
    metric = f"{comparison.metrics[0]}, " if len(set(comparison.metrics)) == 1 else ""
    title = f"Joint against single-task training: {metric}{n_folds} folds, {100 * comparison.confidence:g} % intervals"
    columns = [column.lines() for column in _columns(comparison)]
    lines = ["  ".join(cells).rstrip() for cells in zip(*columns, strict=True)]
    return "\n".join([title, "", *(line for line in lines if line), "", _summary(comparison)])


def _columns(comparison: "SingleTaskComparison") -> list[_Column]:
    """Return the columns that have something to say."""
    c = comparison
    is_one_metric = len(set(c.metrics)) == 1
    has_means = is_one_metric and len(c.tasks) > 1
    columns = [_Column("task", list(c.tasks), "mean" if has_means else "", is_left=True)]
    if not is_one_metric:
        columns.append(_Column("metric", list(c.metrics), is_left=True))
    columns.append(_Column("labelled", [str(count) for count in c.n_labelled]))
    if not np.isnan(c.n_positive).all():
        columns.append(_Column("positive", [_number(count, ".0f") for count in c.n_positive]))
    for name, means, form in (
        ("joint", c.mean_joint, ".3f"),
        ("single", c.mean_single, ".3f"),
        ("difference", c.mean_difference, "+.3f"),
    ):
        scored = means[~np.isnan(means)]
        last = _number(scored.mean(), form) if has_means and len(scored) else ""
        columns.append(_Column(name, [_number(mean, form) for mean in means], last))
    intervals = [_interval(*bounds) for bounds in zip(c.low, c.high, strict=True)]
    columns.append(_Column("interval", intervals, _interval(*c.overall) if has_means else ""))
    if (c.n_scored < len(c.joint)).any():
        columns.append(_Column("folds", [str(count) for count in c.n_scored]))
    return [*columns, _Column("verdict", list(c.verdicts), is_left=True)]


def _interval(low: float, high: float) -> str:
    return NONE if np.isnan(low) else f"[{_number(low, '+.3f')}, {_number(high, '+.3f')}]"


def _number(value: float, form: str) -> str:
    # Adding 0 makes 0 of -0.
    return NONE if np.isnan(value) else format(round(value, 3) + 0.0, form)


def _summary(comparison: "SingleTaskComparison") -> str:
    """Return the verdicts in words."""
    of = {
        verdict: [task for task, its in zip(comparison.tasks, comparison.verdicts, strict=True) if its == verdict]
        for verdict in ("gains", "hurts", "level", "unknown")
    }
    n_tasks = len(comparison.tasks)
    words = f"sharing helps {len(of['gains'])} of {n_tasks} {'task' if n_tasks == 1 else 'tasks'}"
    words += f", hurts {len(of['hurts'])}{_in_brackets(of['hurts'])}, {len(of['level'])} level"
    return words + (f", {len(of['unknown'])} unknown{_in_brackets(of['unknown'])}" if of["unknown"] else "")


def _in_brackets(names: list[str]) -> str:
    return f" ({', '.join(names)})" if 0 < len(names) <= MAX_NAMES else ""
