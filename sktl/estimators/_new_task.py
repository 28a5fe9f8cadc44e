"""Reading what a task that is added later comes with."""

import dataclasses
import math
import numbers
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sktl.sharing import HardSharing
from sktl.tasks import ClassificationTask, RegressionTask, Task
from sktl.training import STRENGTHS, TRUNKS, GrownSharing
from sktl.utils._labels import LabelTable, read_labels

__all__ = ["check_no_list", "check_sharing", "read_new_labels", "read_strength", "read_test", "with_added_heads"]


def read_strength(trunk: Any, strength: Any, n_frozen: int, n_stages: int) -> float:
    """Return how much is held of the old tasks; 0 where nothing is or need be.

    Raises
    ------
    ValueError
        Where there is no such way to treat the trunk, no free stage to train, or the strength has no meaning.
    """
    if trunk not in TRUNKS:
        raise ValueError(f"trunk must be one of {list(TRUNKS)}, got {trunk!r}")
    if trunk != "frozen" and n_frozen == n_stages:
        raise ValueError(
            f"trunk={trunk!r} trains the free stages, but freeze_ is {n_frozen}: all {n_stages} stages are frozen. Use "
            "trunk='frozen', which leaves the old tasks as they are, or fit with a smaller freeze first"
        )
    if isinstance(strength, str) and strength == "auto":
        return STRENGTHS.get(trunk, 0.0)
    if trunk not in STRENGTHS:
        raise ValueError(f"strength is for trunk='lwf' and 'ewc', but trunk is {trunk!r}: leave it 'auto'")
    is_number = isinstance(strength, numbers.Real) and not isinstance(strength, bool)
    if not (is_number and strength >= 0 and (trunk == "ewc" or math.isfinite(strength))):
        finite = "" if trunk == "ewc" else ", and finite"
        raise ValueError(f"strength must be 'auto' or a number of 0 or more{finite}, got {strength!r}")
    return float(strength)


def check_sharing(sharing: Any, n_frozen: int, n_stages: int) -> None:
    """Check that the tasks share one trunk, which a new head can be put on.

    Raises
    ------
    ValueError
        Where tasks have free stages of their own.
    """
    if n_frozen < n_stages and not isinstance(sharing, HardSharing | GrownSharing):
        raise ValueError(
            f"add_task puts a head on a trunk that all tasks share, but with {sharing} tasks have stages of their own. "
            "Use sharing='hard' or freeze='all', or fit a new estimator that starts from one of backbones_"
        )


def read_new_labels(y: Any, name: Any, tasks: Sequence[str]) -> LabelTable:
    """Return the labels of the new task, with its name: the one given, that of y, or the first "task<number>" free.

    Raises
    ------
    ValueError
        Where y has several columns, or there is a task of that name.
    """
    labels = read_labels(y)
    if labels.n_tasks > 1:
        raise ValueError(f"y has {labels.n_tasks} columns, but add_task adds one task: call it once for each")
    if name is None:
        name = labels.names[0] if labels.named else getattr(y, "name", None)
    if name is None:
        name = next(name for name in (f"task{n}" for n in range(len(tasks), 2 * len(tasks) + 1)) if name not in tasks)
    name = str(name)
    if name in tasks:
        raise ValueError(
            f"there is a task {name!r} already, among {list(tasks)}: give the new one another name. To go on with the "
            "old one use warm_start=True and fit, and to give it further classes fit anew"
        )
    return dataclasses.replace(labels, names=(name,), named=True)


def read_test(test: Any, tasks: Sequence[str]) -> tuple[Any, Any] | None:
    """Return inputs and labels of the old tasks, or None.

    Raises
    ------
    ValueError
        Where they are no pair, or the labels have another number of tasks.
    """
    if test is None:
        return None
    if not (isinstance(test, tuple | list) and len(test) == 2):
        raise ValueError(f"test must be a pair (X, y) of labelled data of the old tasks, or None, got {type(test)}")
    n_tasks = read_labels(test[1], "the y of test").n_tasks
    if n_tasks != len(tasks):
        raise ValueError(
            f"the y of test has {n_tasks} columns, but must have one for each of the {len(tasks)} old tasks: "
            f"{', '.join(tasks)}"
        )
    return test[0], test[1]


def check_no_list(value: Any, what: str, name: str) -> None:
    """Check that a parameter which ``predict`` reads is not a list by task, which would lack the new task's value.

    Raises
    ------
    ValueError
        Where it is one.
    """
    if value is not None and not isinstance(value, str | Mapping) and np.ndim(value):
        raise ValueError(
            f"{what} is a list with a value for each old task, and has none for {name!r}: give a dict of values by the "
            f"names of tasks with set_params({what}=...)"
        )


def with_added_heads(heads: Any, names: Sequence[str], tasks: Sequence[Task]) -> Any:
    """Return the parameter ``heads`` with entries for the tasks that were added, as it would be in a fit to all tasks.

    Parameters
    ----------
    heads : None, int, sequence or mapping
        As users give it; None and what has no length is returned as it is.
    names : sequence of str
        Of all tasks, those that were added last.
    tasks : sequence of Task
        All tasks.
    """
    if isinstance(heads, numbers.Integral) and not isinstance(heads, bool):
        heads = [2] * int(heads)
    if heads is None or isinstance(heads, str) or not np.iterable(heads):
        return heads
    added = [_head_of(task) for task in list(tasks)[len(heads) :]]
    if isinstance(heads, Mapping):
        return {**heads, **dict(zip(list(names)[len(heads) :], added, strict=True))}
    return [*heads, *added]


def _head_of(task: Task) -> Any:
    """Return what ``heads`` would say of a task."""
    if isinstance(task, ClassificationTask):
        return task.classes
    return "regression" if isinstance(task, RegressionTask) else None
