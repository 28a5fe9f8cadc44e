"""One score for each task, over the samples that are labelled."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sklearn import config_context
from sklearn.base import BaseEstimator
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import get_scorer

from sktl.model_selection._probabilities import TaskProbabilities, read_probabilities
from sktl.model_selection._task_answers import ClassAnswers, NumberAnswers
from sktl.utils._labels import LabelTable, read_labels

__all__ = ["DEFAULT_SCORING", "check_scoring", "score_by_callable", "score_by_name"]

Answers = ClassAnswers | NumberAnswers

# The metric of a task by its kind. Ranking two classes needs no threshold, which rare positives would make arbitrary.
DEFAULT_SCORING = {"binary": "roc_auc", "multiclass": "accuracy", "regression": "r2"}

# Metrics of probabilities which take the classes from the labels, of which a fold may lack one.
OF_ALL_CLASSES = ("neg_log_loss", "d2_log_loss_score", "neg_brier_score", "d2_brier_score", "top_k_accuracy")


def check_scoring(scoring: Any) -> None:
    """Raise unless ``scoring`` is None, a callable, or a name that scikit-learn knows."""
    if scoring is None or callable(scoring):
        return
    if not isinstance(scoring, str):
        raise TypeError(f"scoring must be None, a name or a callable that gives a score for each task, got {scoring!r}")
    get_scorer(scoring)


def score_by_callable(
    scoring: Callable[[BaseEstimator, Any, Any], Any], estimator: BaseEstimator, X: Any, y: Any, names: tuple[str, ...]
) -> np.ndarray:
    """Return the scores (n_tasks,) that a callable gives, as an array or by the names of tasks."""
    given = scoring(estimator, X, y)
    if isinstance(given, Mapping):
        if set(given) != set(names):
            raise ValueError(
                f"scoring must give a score for each of the tasks {list(names)}, got scores for {list(given)}"
            )
        given = [given[name] for name in names]
    scores = np.atleast_1d(np.asarray(given, dtype=float))
    if scores.shape != (len(names),):
        raise ValueError(
            f"scoring must give a score for each of {len(names)} tasks, got shape {np.shape(given)}: a scorer that "
            "averages over tasks has to be told not to"
        )
    return scores


def score_by_name(
    scoring: str | None, estimator: BaseEstimator, X: Any, truth: LabelTable, classes: list[np.ndarray]
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the scores (n_tasks,) of a metric of scikit-learn, and its name for each task.

    A score is NaN where no sample is labelled, where all labels are of one class, where a ranking of several classes
    lacks one, or where the estimator says nothing.

    Parameters
    ----------
    scoring : str or None
        The name; None: by the kind of the task.
    estimator : estimator
        Fitted.
    X : array-like of shape (n_samples, ...)
    truth : LabelTable
        The labels of these samples.
    classes : list of ndarray
        The sorted classes of each task in all of the data.
    """
    given = _read_answers(estimator, X, truth.names, classes)
    scores, metrics = [], []
    for task, (name, answers) in enumerate(zip(truth.names, given, strict=True)):
        metric = _metric(scoring, answers)
        metrics.append(metric)
        labels, rows = truth.of(task), np.flatnonzero(truth.labelled[:, task])
        if isinstance(answers, ClassAnswers):
            labels = np.searchsorted(classes[task], labels)
        scores.append(_score(metric, answers, rows, labels, name))
    return np.array(scores), tuple(metrics)


def _metric(scoring: str | None, answers: Answers) -> str:
    """Return the name of the metric for a task."""
    if isinstance(answers, NumberAnswers):
        return scoring or DEFAULT_SCORING["regression"]
    kind = "binary" if answers.n_classes <= 2 else "multiclass"
    # The plain name is of two classes only.
    return "roc_auc_ovr" if scoring == "roc_auc" and kind == "multiclass" else scoring or DEFAULT_SCORING[kind]


def _score(metric: str, answers: Answers, rows: np.ndarray, labels: np.ndarray, name: str) -> float:
    """Return the score of a task; NaN where it has none."""
    if isinstance(answers, NumberAnswers):
        is_defined, known = len(rows) > 0, {}
    else:
        is_defined = len(np.unique(labels)) >= max(2, answers.n_classes if metric.startswith("roc_auc") else 2)
        known = {"labels": answers.classes_} if metric in OF_ALL_CLASSES and answers.n_classes > 2 else {}
    if not is_defined or answers.silent[rows].any():
        return np.nan
    try:
        # Without routing, a scorer of scikit-learn takes nothing but weights.
        with warnings.catch_warnings(), config_context(enable_metadata_routing=bool(known)):
            warnings.simplefilter(
                "ignore", UndefinedMetricWarning
            )  # R² of one sample: it gives NaN, which says as much
            return float(get_scorer(metric)(answers, rows, labels, **known))
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"scoring={metric!r} cannot score task {name!r}, choose another: {error}") from error


def _read_answers(estimator: BaseEstimator, X: Any, names: tuple[str, ...], classes: list[np.ndarray]) -> list[Answers]:
    """Return what the estimator says about each task."""
    predicted = read_labels(estimator.predict(X), "what predict returned")
    if predicted.n_tasks != len(names):
        raise ValueError(f"y has {len(names)} tasks, but {type(estimator).__name__} predicts {predicted.n_tasks}")
    known = getattr(estimator, "classes_", [None] * len(names))
    known = list(known) if isinstance(known, list | tuple) else [known]
    probabilities: list[TaskProbabilities | None] = [None] * len(names)
    if hasattr(estimator, "classes_") and hasattr(estimator, "predict_proba"):
        probabilities = read_probabilities(estimator, X, names)
        known = probabilities
    answers: list[Answers] = []
    for task, (its_known, given) in enumerate(zip(known, probabilities, strict=True)):
        labels, there = predicted.columns[task], predicted.labelled[:, task]
        if its_known is None:
            numbers = np.full(len(labels), np.nan)
            numbers[there] = labels[there]
            answers.append(NumberAnswers(numbers, ~there))
            continue
        places = {label: place for place, label in enumerate(classes[task].tolist())}
        numbers = np.array([places.get(label, -1) for label in labels.tolist()])
        spread = None if given is None else given.spread(classes[task])
        silent = ~there if spread is None else ~there | np.isnan(spread).any(axis=1)
        answers.append(ClassAnswers(numbers, silent, len(classes[task]), spread))
    return answers
