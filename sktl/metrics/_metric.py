"""What a metric of one task is."""

import dataclasses
from collections.abc import Callable

import numpy as np

__all__ = ["Entries", "Metric"]


@dataclasses.dataclass(frozen=True)
class Entries:
    """The labelled samples of one task, as a metric takes them.

    Parameters
    ----------
    y : ndarray of shape (n_labelled,)
        The classes' numbers, or the numbers to predict; the labels themselves for a metric of one's own.
    answer : ndarray of shape (n_labelled,) or (n_labelled, n_classes)
        What was predicted for them.
    weights : ndarray of shape (n_labelled,) or None
        Positive weights of the samples.
    n_classes : int
        The number of classes; 0 for numbers.
    """

    y: np.ndarray
    answer: np.ndarray
    weights: np.ndarray | None
    n_classes: int


@dataclasses.dataclass(frozen=True)
class Metric:
    """A metric of one task, the higher the better.

    Parameters
    ----------
    name : str
        What messages call it.
    score : callable
        Takes :class:`Entries`, returns a float.
    takes : {"labels", "scores", "probabilities", "numbers"}
        What it makes of a prediction: the predicted labels; something that ranks samples; a probability for each class;
        the predicted numbers.
    needs : {"label", "two classes", "positive", "spread"}, default="label"
        What the labels must hold for it to be defined: one at all, two classes, a positive one (where there are two
        classes), two different numbers.
    is_custom : bool, default=False
        Whether it is a function of the user's, which takes labels as they are, of classes or numbers alike.
    """

    name: str
    score: Callable[[Entries], float]
    takes: str
    needs: str = "label"
    is_custom: bool = False

    @property
    def response(self) -> str:
        """The method of an estimator that it goes by: "predict" or "predict_proba"."""
        return "predict" if self.takes in ("labels", "numbers") else "predict_proba"
