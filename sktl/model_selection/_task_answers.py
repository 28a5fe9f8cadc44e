"""A stand-in for an estimator of one task, for scikit-learn's scorers."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.metaestimators import available_if

__all__ = ["ClassAnswers", "NumberAnswers"]


class NumberAnswers(RegressorMixin, BaseEstimator):
    """What was predicted for a task of regression; X are places among the predictions.

    Parameters
    ----------
    predictions : ndarray of shape (n_samples,)
    silent : ndarray of bool of shape (n_samples,)
        Where the estimator says nothing.
    """

    def __init__(self, predictions: np.ndarray, silent: np.ndarray):
        self.predictions = predictions
        self.silent = silent

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the predictions at the places X."""
        return self.predictions[X]


class ClassAnswers(ClassifierMixin, BaseEstimator):
    """What was predicted for a task of classes, which go by their numbers; X are places among the predictions.

    Parameters
    ----------
    predictions : ndarray of int of shape (n_samples,)
        -1 where the prediction is no class of the task.
    silent : ndarray of bool of shape (n_samples,)
        Where the estimator says nothing.
    n_classes : int
        The number of classes.
    probabilities : ndarray of shape (n_samples, n_classes) or None
        None where the estimator gives none.
    """

    def __init__(self, predictions: np.ndarray, silent: np.ndarray, n_classes: int, probabilities: np.ndarray | None):
        self.predictions = predictions
        self.silent = silent
        self.n_classes = n_classes
        self.probabilities = probabilities
        self.classes_ = np.arange(n_classes)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the predicted classes at the places X."""
        return self.predictions[X]

    @available_if(lambda self: self.probabilities is not None)
    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the probabilities (n, n_classes) at the places X."""
        assert self.probabilities is not None
        return self.probabilities[X]
