"""Metrics of tasks with classes, on the classes' numbers."""

from collections.abc import Callable

import numpy as np
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    f1_score,
    log_loss,
    matthews_corrcoef,
    precision_score,
    recall_score,
    roc_auc_score,
)

from sktl.metrics._metric import Entries, Metric

__all__ = ["CLASS_METRICS"]


def _accuracy(entries: Entries) -> float:
    return accuracy_score(entries.y, entries.answer, sample_weight=entries.weights)


def _balanced_accuracy(entries: Entries) -> float:
    # The mean recall over the classes that are there. scikit-learn's own function is the same, and warns of the others.
    there = np.unique(entries.y)
    return recall_score(
        entries.y, entries.answer, labels=there, average="macro", zero_division=0, sample_weight=entries.weights
    )


def _matthews_corrcoef(entries: Entries) -> float:
    return matthews_corrcoef(entries.y, entries.answer, sample_weight=entries.weights)


def _of_positives(function: Callable[..., float]) -> Callable[[Entries], float]:
    """Return a metric of the positive class where there are two classes, else the mean over classes."""

    def score(entries: Entries) -> float:
        average = "binary" if entries.n_classes <= 2 else "macro"
        return function(entries.y, entries.answer, average=average, zero_division=0, sample_weight=entries.weights)

    return score


def _of_ranks(function: Callable[..., float]) -> Callable[[Entries], float]:
    """Return a metric of the positive class's scores; of more classes, the mean of each there against the rest."""

    def score(entries: Entries) -> float:
        y, answer = entries.y, entries.answer
        if entries.n_classes == 2:
            return function(y, answer if answer.ndim == 1 else answer[:, 1], sample_weight=entries.weights)
        each = [function(y == number, answer[:, number], sample_weight=entries.weights) for number in np.unique(y)]
        return float(np.mean(each))

    return score


def _neg_log_loss(entries: Entries) -> float:
    labels = np.arange(entries.answer.shape[1])
    answer = entries.answer.astype(np.float64)
    answer /= answer.sum(axis=1, keepdims=True)  # shares of 32 bits sum to one only nearly
    return -log_loss(entries.y, answer, labels=labels, sample_weight=entries.weights)


def _neg_brier_score(entries: Entries) -> float:
    # Brier (1950) sums over classes; for two classes the half of it, the error of one probability, is the custom.
    hits = entries.y[:, None] == np.arange(entries.answer.shape[1])
    errors = np.square(entries.answer - hits).sum(axis=1)
    return -float(np.average(errors, weights=entries.weights)) / (2 if entries.n_classes <= 2 else 1)


CLASS_METRICS = (
    Metric("accuracy", _accuracy, "labels"),
    Metric("balanced_accuracy", _balanced_accuracy, "labels", "two classes"),
    Metric("f1", _of_positives(f1_score), "labels", "positive"),
    Metric("precision", _of_positives(precision_score), "labels", "positive"),
    Metric("recall", _of_positives(recall_score), "labels", "positive"),
    Metric("matthews_corrcoef", _matthews_corrcoef, "labels", "two classes"),
    Metric("roc_auc", _of_ranks(roc_auc_score), "scores", "two classes"),
    Metric("average_precision", _of_ranks(average_precision_score), "scores", "two classes"),
    Metric("neg_log_loss", _neg_log_loss, "probabilities"),
    Metric("neg_brier_score", _neg_brier_score, "probabilities"),
)
