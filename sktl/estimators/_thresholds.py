"""The meaning of the parameter ``thresholds``."""

import numbers
from collections.abc import Sequence
from typing import Any

from sktl.estimators._by_task import by_task, show
from sktl.tasks import TaskSet

__all__ = ["read_thresholds"]


def read_thresholds(thresholds: Any, names: Sequence[str], tasks: TaskSet) -> list[float | None]:
    """Return the threshold of each task, None for tasks that do not have two classes and where none is given.

    Raises
    ------
    ValueError
        Where one is not in (0, 1), or given by name to a task that does not have two classes.
    """
    values = by_task(thresholds, "thresholds", names, None)
    for name, value, task in zip(names, values, tasks, strict=True):
        if value is not None and not (isinstance(value, numbers.Real) and 0 < value < 1):
            raise ValueError(f"thresholds gives task {name!r} {show(value)}: expected a probability in (0, 1)")
        if isinstance(thresholds, dict) and value is not None and task.kind not in ("binary", "constant"):
            raise ValueError(f"thresholds names task {name!r}, which has no two classes to part: leave it out")
    return [value if task.kind == "binary" else None for value, task in zip(values, tasks, strict=True)]
