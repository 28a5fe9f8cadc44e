"""What is known of one task."""

import dataclasses

import numpy as np

from sktl.metrics._answers import Answer

__all__ = ["TaskData"]


@dataclasses.dataclass(frozen=True)
class TaskData:
    """What is known of one task.

    Parameters
    ----------
    name : str
        Its name.
    y : ndarray of shape (n_samples,)
        Its labels; anything where one is missing.
    there : ndarray of bool of shape (n_samples,)
        Where a label is there.
    answer : Answer or None
        What was predicted; None for nothing.
    classes : list or None
        Its classes, if they are known.
    is_regression : bool, default=False
        Whether it is known to have no classes.
    weights : ndarray of shape (n_samples,) or None, default=None
        Of its labels.
    """

    name: str
    y: np.ndarray
    there: np.ndarray
    answer: Answer | None
    classes: list | None = None
    is_regression: bool = False
    weights: np.ndarray | None = None

    def labelled(self) -> "TaskData":
        """Return the same of the samples that have a label, and a weight above 0."""
        chosen = self.there if self.weights is None else self.there & (self.weights > 0)
        answer = None if self.answer is None else Answer(self.answer.values[chosen], self.answer.there[chosen])
        weights = None if self.weights is None else self.weights[chosen]
        return dataclasses.replace(self, y=self.y[chosen], there=self.there[chosen], answer=answer, weights=weights)
