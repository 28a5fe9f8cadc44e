"""Parameters with a value for each task."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["by_task", "show"]


def by_task(value: Any, what: str, names: Sequence[str], default: Any) -> list[Any]:
    """Return one value for each task, from one for all, a sequence, or a mapping of names.

    Parameters
    ----------
    value : object, sequence or mapping
        As users give it. None is the default for all.
    what : str
        The name of the parameter.
    names : sequence of str
        The names of the tasks.
    default : object
        For tasks that a mapping does not name.

    Raises
    ------
    ValueError
        Where a sequence has another length, or a mapping names a task that is not there.

    Examples
    --------
    >>> from sktl.estimators._by_task import by_task
    >>> by_task({"car": 2.0}, "task_weights", ["car", "sign"], 1.0)
    [2.0, 1.0]
    """
    if value is None:
        return [default] * len(names)
    if isinstance(value, Mapping):
        unknown = [str(name) for name in value if str(name) not in names]
        if unknown:
            raise ValueError(f"{what} names {unknown}, but the tasks are {list(names)}")
        return [{str(name): given for name, given in value.items()}.get(name, default) for name in names]
    if isinstance(value, str) or np.ndim(value) == 0:
        return [value] * len(names)
    if len(value) != len(names):
        raise ValueError(f"{what} must have a value for each of the {len(names)} tasks, got {len(value)}")
    return list(value)


def show(value: Any) -> str:
    """Return a value as users write it, without the name of a numpy type."""
    return repr(value.item() if isinstance(value, np.generic) else value)
