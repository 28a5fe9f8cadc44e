"""What an estimator answers for several tasks, in any of the forms that there are."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from sktl.metrics._names import match_names
from sktl.utils._labels import read_labels

__all__ = ["Answer", "read_answers"]


@dataclasses.dataclass(frozen=True)
class Answer:
    """What was predicted for one task.

    Parameters
    ----------
    values : ndarray of shape (n_samples,) or (n_samples, n_classes)
        Labels, numbers or scores of the positive class; or a probability for each class.
    there : ndarray of bool of shape (n_samples,)
        Where something was predicted, and not NaN.
    """

    values: np.ndarray
    there: np.ndarray


def read_answers(
    answers: Any, n_samples: int, names: Sequence[str], named: bool, what: str, one_class: bool = False
) -> list[Answer | None]:
    """Return the answer for each task; None where there is none, as of ``predict_proba`` for a regression task.

    Parameters
    ----------
    answers : array-like
        Of ``predict``: (n_samples, n_tasks), or (n_samples,) for one task. Of ``predict_proba``: a list of arrays
        (n_samples, n_classes), or one such array for one task. Scores of the positive class: (n_samples, n_tasks).
    n_samples : int
        The number of samples that there should be.
    names : sequence of str
        The tasks.
    named : bool
        Whether these names were given by someone; only then are columns' names held against them.
    what : str
        What messages call the answers.
    one_class : bool, default=False
        Whether a single column for a single task is the probability of its only class.

    Raises
    ------
    ValueError
        Where they are for other tasks, or for another number of samples.
    """
    if _is_one_per_task(answers):
        if len(answers) != len(names):
            raise ValueError(
                f"{what} holds arrays for {len(answers)} tasks, where y has {len(names)} ({', '.join(names)})"
            )
        read = [None if answer is None else _read_one(answer, what) for answer in answers]
    elif len(names) == 1 and np.ndim(answers) == 2 and (np.shape(answers)[1] > 1 or one_class):
        read = [_read_one(answers, what)]
    else:
        table = read_labels(answers, what)
        if table.n_tasks != len(names):
            raise ValueError(
                f"{what} has {table.n_tasks} column{'s' if table.n_tasks > 1 else ''}, where y has {len(names)} tasks "
                f"({', '.join(names)})"
            )
        if table.named and named:
            match_names(names, table.names, "y", what)
        read = [Answer(values, table.labelled[:, task]) for task, values in enumerate(table.columns)]
    for name, answer in zip(names, read, strict=True):
        if answer is not None and len(answer.there) != n_samples:
            raise ValueError(
                f"{what} is for {len(answer.there)} samples in task {name!r}, where y has {n_samples}: give the "
                "predictions for these samples"
            )
    return read


def _is_one_per_task(answers: Any) -> bool:
    """Return whether answers are a sequence of one array per task, and not a table."""
    if isinstance(answers, np.ndarray):
        return answers.ndim == 3
    if not isinstance(answers, list | tuple):
        return False
    n_axes = {None if answer is None else np.ndim(answer) for answer in answers}
    return 2 in n_axes or (None in n_axes and 1 in n_axes)


def _read_one(answer: Any, what: str) -> Answer:
    """Return the answer for one task from an array of its own."""
    if np.ndim(answer) != 2:
        table = read_labels(answer, what)
        return Answer(table.columns[0], table.labelled[:, 0])
    values = np.asarray(answer, dtype=float)
    there = ~np.isnan(values).any(axis=1) if values.shape[1] else np.zeros(len(values), dtype=bool)
    return Answer(values, there)
