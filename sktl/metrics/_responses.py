"""What a fitted estimator knows and predicts."""

from collections.abc import Sequence
from typing import Any

from sktl.metrics._classes import are_flat

__all__ = ["call_response", "classes_of", "fitted_attribute"]


def fitted_attribute(estimator: Any, name: str) -> Any:
    """Return an attribute of an estimator, or of the one that it ends in; None where neither has it.

    The one that it ends in is the last step of a pipeline, or the best of a search.
    """
    while True:
        found = getattr(estimator, name, None)
        if found is not None:
            return found
        if hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        elif hasattr(estimator, "steps"):
            estimator = estimator.steps[-1][1]
        else:
            return None


def classes_of(estimator: Any, n_tasks: int) -> Any:
    """Return the classes of each task, or None where the estimator has none, as a regressor.

    A classifier of scikit-learn's that was fitted to an indicator matrix, as ``OneVsRestClassifier``, numbers the tasks
    in its ``classes_``; the classes of each are 0 and 1.
    """
    classes = fitted_attribute(estimator, "classes_")
    if classes is None:
        return None
    return [0, 1] if n_tasks > 1 and are_flat(classes) else classes


def call_response(estimator: Any, response: str, X: Any, metrics: Sequence[str]) -> Any:
    """Return what a method of an estimator predicts.

    Raises
    ------
    AttributeError
        Where it has no such method.
    """
    if not hasattr(estimator, response):
        raise AttributeError(
            f"{type(estimator).__name__} has no {response}, which metric {' and '.join(map(repr, metrics))} goes by: "
            "choose an estimator that has it, or another metric"
        )
    return getattr(estimator, response)(X)
