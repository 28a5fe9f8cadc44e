"""The meaning of the argument ``classes`` of ``partial_fit`` where there are several tasks."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from sktl.estimators._read_heads import read_classes
from sktl.tasks import ClassificationTask, TaskSet
from sktl.utils._labels import LabelTable

__all__ = ["read_part_classes"]


def read_part_classes(classes: Any, labels: LabelTable) -> TaskSet:
    """Return the tasks of telling apart the classes that there will be.

    Parameters
    ----------
    classes : sequence or mapping
        A list of labels for each task, in the order of the columns or by name; or one list, where y has one axis.
    labels : LabelTable
        With the names of the tasks.

    Raises
    ------
    ValueError
        Where they are for another number of tasks, or for tasks of other names.
    """
    advice = "give a list for each, or say heads=..."
    if isinstance(classes, Mapping):
        by_name = {str(name): one for name, one in classes.items()}
        if set(by_name) != set(labels.names):
            raise ValueError(f"classes names {list(by_name)}, but the tasks are {list(labels.names)}: {advice}")
        listed = [by_name[name] for name in labels.names]
    else:
        listed = [classes] if labels.is_1d else list(classes)
        if any(isinstance(one, str) or np.ndim(one) == 0 for one in listed):
            raise ValueError(
                f"classes={listed} is for one task, but y has the tasks {', '.join(map(repr, labels.names))}: {advice}"
            )
        if len(listed) != labels.n_tasks:
            raise ValueError(f"classes describes {len(listed)} tasks, but y has {labels.n_tasks}: {advice}")
    return TaskSet(tuple(ClassificationTask(read_classes(one)) for one in listed))
