"""Scorers of several tasks, for searches and cross-validation."""

from collections.abc import Callable, Mapping
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.utils.metadata_routing import UNUSED

from sktl.metrics._answers import read_answers
from sktl.metrics._average import average_scores, check_choices
from sktl.metrics._classes import is_of_one_class, read_classes
from sktl.metrics._find_metric import describe_metrics, find_metric, metrics_of_tasks
from sktl.metrics._gather import gather_tasks
from sktl.metrics._names import name_tasks
from sktl.metrics._responses import call_response, classes_of, fitted_attribute
from sktl.metrics._score_task import score_task
from sktl.utils._labels import read_labels

__all__ = ["MultiTaskScorer", "make_multitask_scorer"]


class MultiTaskScorer(BaseEstimator):
    """Scorer of estimators for several tasks, as :func:`make_multitask_scorer` makes it.

    Parameters
    ----------
    metric : str, callable or dict
        As in :func:`multitask_score`.
    average : {"macro", "weighted", None}, default="macro"
        The mean over tasks; None: a dict of the score of each.
    on_undefined : {"skip", "nan", "raise"}, default="skip"
        What becomes of a task whose score is undefined.
    response : {"predict", "predict_proba"}, default="predict"
        What a function of one's own takes.
    greater_is_better : bool, default=True
        Whether a high value of a function of one's own is good.

    See Also
    --------
    make_multitask_scorer : The way to make one, which checks the parameters at once.
    """

    __metadata_request__score = {"estimator": UNUSED}

    def __init__(
        self,
        metric: str | Callable[..., float] | Mapping[str, Any],
        *,
        average: str | None = "macro",
        on_undefined: str = "skip",
        response: str = "predict",
        greater_is_better: bool = True,
    ):
        self.metric = metric
        self.average = average
        self.on_undefined = on_undefined
        self.response = response
        self.greater_is_better = greater_is_better

    def __call__(self, estimator: Any, X: Any, y: Any, sample_weight: Any = None) -> float | dict[str, float]:
        """Return the score of an estimator, as :meth:`score` does."""
        return self.score(estimator, X, y, sample_weight=sample_weight)

    def score(self, estimator: Any, X: Any, y: Any, sample_weight: Any = None) -> float | dict[str, float]:
        """Return the score of a fitted estimator on samples.

        Parameters
        ----------
        estimator : object
            With ``predict`` or ``predict_proba``, whichever the metric goes by. Its ``classes_`` and ``tasks_`` are
            used where it has them.
        X : array-like of shape (n_samples, ...)
            Samples.
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            Labels, with NaN, None or pandas.NA where one is missing.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), or None, default=None
            Weights of samples, or of labels.

        Returns
        -------
        float or dict of float
            The mean over tasks; for ``average=None``, the score of each by name.

        Raises
        ------
        ValueError
            As :func:`multitask_score`; and where the columns of y and the ``tasks_`` of the estimator differ.
        AttributeError
            Where the estimator has not the method that the metric goes by.
        """
        check_choices(self.average, self.on_undefined)
        table = read_labels(y)
        names, named = name_tasks(table, fitted_attribute(estimator, "tasks_"), "the estimator")
        metrics = metrics_of_tasks(self.metric, names, self.response, self.greater_is_better)
        classes = read_classes(classes_of(estimator, len(names)), names)
        answers = {}
        for response in sorted({metric.response for metric in metrics}):
            goes_by_it = list(dict.fromkeys(metric.name for metric in metrics if metric.response == response))
            answer = call_response(estimator, response, X, goes_by_it)
            one_class = is_of_one_class(classes) and response == "predict_proba"
            answers[response] = read_answers(answer, len(table), names, named, f"the result of {response}", one_class)
        chosen = [answers[metric.response][task] for task, metric in enumerate(metrics)]
        tasks = gather_tasks(table, chosen, names, classes, sample_weight)
        scores = [score_task(task, metric) for task, metric in zip(tasks, metrics, strict=True)]
        return average_scores(scores, names, describe_metrics(metrics), self.average, self.on_undefined)


def make_multitask_scorer(
    metric: str | Callable[..., float] | Mapping[str, Any],
    *,
    average: str | None = "macro",
    on_undefined: str = "skip",
    response: str = "predict",
    greater_is_better: bool = True,
) -> MultiTaskScorer:
    """Return a scorer for ``scoring=`` of searches and cross-validation, with labels missing from y.

    It goes by the ``classes_`` of the estimator, so that a class which a fold lacks is no trouble, and holds the
    columns of y against its ``tasks_``. scikit-learn's own estimators for several outputs, and pipelines, will do.

    Parameters
    ----------
    metric : str, callable or dict
        The name of a metric, as "roc_auc", "f1", "neg_log_loss" or "r2"; a function ``metric(y_true, y_pred)``; or a
        dict of these by the names of the tasks. :func:`multitask_score` lists the names. Higher is better.
    average : {"macro", "weighted", None}, default="macro"
        The mean over tasks: each counts alike, or by its number of labels. None returns a dict of the score of each:
        for calls by hand; for ``cross_validate``, which then has a column for each task; and for a search with
        ``refit`` False or the name of a task.
    on_undefined : {"skip", "nan", "raise"}, default="skip"
        What becomes of a task whose score is undefined on a fold: it is left out of the mean, the mean is NaN, or an
        error says which and why.
    response : {"predict", "predict_proba"}, default="predict"
        What a function takes: labels or numbers; or probabilities, of the positive class where there are two.
    greater_is_better : bool, default=True
        Whether a high value of a function is good; the score is negated otherwise.

    Returns
    -------
    MultiTaskScorer
        A callable ``scorer(estimator, X, y, sample_weight=None)``, which can be pickled and cloned.

    Raises
    ------
    ValueError
        Where no metric has that name, or another parameter has none of its legal values.
    TypeError
        Where ``metric`` is neither a name, a function nor a dict.

    See Also
    --------
    multitask_score : The same from predictions.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sktl.metrics import make_multitask_scorer
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(100, 3))
    >>> y = (X[:, :2] > 0).astype(float)
    >>> forest = RandomForestClassifier(random_state=0).fit(X[:50], y[:50])
    >>> y[rng.random(y.shape) < 0.3] = np.nan
    >>> scorer = make_multitask_scorer("roc_auc")
    >>> scorer
    MultiTaskScorer(metric='roc_auc')
    >>> bool(scorer(forest, X[50:], y[50:]) > 0.9)
    True
    """
    check_choices(average, on_undefined)
    for one in metric.values() if isinstance(metric, Mapping) else [metric]:
        find_metric(one, response, greater_is_better)
    return MultiTaskScorer(
        metric,
        average=average,
        on_undefined=on_undefined,
        response=response,
        greater_is_better=greater_is_better,
    )
