"""What estimators of one or of several tasks say about classes, in one form."""

import dataclasses
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

__all__ = ["TaskProbabilities", "read_probabilities"]


@dataclasses.dataclass(frozen=True)
class TaskProbabilities:
    """The probabilities of one task.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        The classes that the estimator knows.
    values : ndarray of shape (n_samples, n_classes)
        Their probabilities.
    """

    classes: np.ndarray
    values: np.ndarray

    def spread(self, classes: np.ndarray) -> np.ndarray:
        """Return probabilities (n, n_classes) of the classes given, which are sorted: 0 for one that was not known.

        What is known beside them is left out. Where nothing was learned there is NaN.
        """
        wide = np.zeros((len(self.values), len(classes)), dtype=self.values.dtype)
        columns = {label: column for column, label in enumerate(classes.tolist())}
        for label, values in zip(self.classes.tolist(), self.values.T, strict=True):
            if label in columns:
                wide[:, columns[label]] = values
        nothing = np.isnan(self.values).any(axis=1) if len(self.classes) else np.ones(len(wide), dtype=bool)
        wide[nothing] = np.nan
        return wide


def read_probabilities(estimator: BaseEstimator, X: Any, names: tuple[str, ...]) -> list[TaskProbabilities | None]:
    """Return the probabilities of each task; None where a task is one of regression.

    Raises
    ------
    ValueError
        Where the estimator answers for another number of tasks, or for other classes than it has.
    """
    given, known = estimator.predict_proba(X), estimator.classes_
    given = list(given) if isinstance(given, list | tuple) else [given]
    known = list(known) if isinstance(known, list | tuple) else [known]
    if len(given) != len(names) or len(known) != len(names):
        raise ValueError(
            f"y has {len(names)} tasks, but {type(estimator).__name__} has classes_ of {len(known)} and gives "
            f"probabilities of {len(given)}: predict_proba must return a list with an array for each task"
        )
    return [_read_task(*one, estimator) for one in zip(given, known, names, strict=True)]


def _read_task(values: Any, classes: Any, name: str, estimator: BaseEstimator) -> TaskProbabilities | None:
    if values is None or classes is None:
        return None
    values, classes = np.asarray(values), np.asarray(classes)
    if values.ndim != 2 or values.shape[1] != len(classes):
        raise ValueError(
            f"task {name!r}: {type(estimator).__name__} knows {len(classes)} classes, but gives probabilities of shape "
            f"{values.shape} where (n_samples, {len(classes)}) was expected"
        )
    return TaskProbabilities(classes, values)
