"""The names that a fitted estimator has for its tasks."""

from typing import Any

from sktl.utils._labels import LabelTable

__all__ = ["names_of_tasks"]


def names_of_tasks(estimator: Any, labels: LabelTable) -> tuple[str, ...]:
    """Return the names of the columns of y; where they have none, those that the estimator gave to its tasks.

    Parameters
    ----------
    estimator : estimator
        Fitted; a pipeline has the names of its last step, a search those of its best estimator.
    labels : LabelTable
        What it was fitted to, or part of that.
    """
    while not labels.named and not hasattr(estimator, "tasks_"):
        if hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        elif hasattr(estimator, "steps"):
            estimator = estimator.steps[-1][1]
        else:
            return labels.names
    known = labels.names if labels.named else tuple(str(name) for name in estimator.tasks_)
    return known if len(known) == labels.n_tasks else labels.names
