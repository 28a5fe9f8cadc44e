"""Scores of several tasks with labels missing."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sktl.metrics._answers import read_answers
from sktl.metrics._average import average_scores, check_choices
from sktl.metrics._classes import is_of_one_class, read_classes
from sktl.metrics._find_metric import describe_metrics, metrics_of_tasks
from sktl.metrics._gather import gather_tasks
from sktl.metrics._names import name_tasks
from sktl.metrics._score_task import score_task
from sktl.utils._labels import read_labels

__all__ = ["multitask_score"]


def multitask_score(
    y_true: Any,
    y_pred: Any,
    metric: str | Callable[..., float] | Mapping[str, Any],
    *,
    classes: Any = None,
    names: Sequence[str] | None = None,
    average: str | None = "macro",
    on_undefined: str = "skip",
    response: str = "predict",
    greater_is_better: bool = True,
    sample_weight: Any = None,
) -> float | dict[str, float]:
    """Return the score of predictions for several tasks, each on the samples that have a label of it.

    Each task is scored by scikit-learn's function on its labelled samples, and the mean is taken over tasks.

    Parameters
    ----------
    y_true : array-like of shape (n_samples, n_tasks) or (n_samples,)
        Labels, with NaN, None or pandas.NA where one is missing: an array, a masked array, a DataFrame or a list of
        rows.
    y_pred : array-like, or list of array-like
        What ``predict`` returned, (n_samples, n_tasks); what ``predict_proba`` returned, a list of arrays
        (n_samples, n_classes); or scores of the positive class of tasks with two, (n_samples, n_tasks). For one task
        also (n_samples,) or (n_samples, n_classes). A metric of labels takes the likeliest class of probabilities.
    metric : str, callable or dict
        The name of a metric, a function ``metric(y_true, y_pred)``, or a dict of these by the names of the tasks.
        Higher is better, so that errors are negated. The names:

        - of labels: "accuracy", "balanced_accuracy", "f1", "precision", "recall", "matthews_corrcoef";
        - of scores or probabilities: "roc_auc", "average_precision";
        - of probabilities: "neg_log_loss" (or "log_loss"), "neg_brier_score" (or "brier");
        - of numbers: "r2", "explained_variance", "neg_mean_squared_error", "neg_root_mean_squared_error",
          "neg_mean_absolute_error".

        A function gets the labels of a task that are there, and ``sample_weight=`` if weights are given.
    classes : list of array-like, array-like or None, default=None
        The classes of each task in the order of the columns of its probabilities, as an estimator's ``classes_``; None
        in place of a task's classes says that it is a regression task. An array of labels is for all tasks. None: the
        labels found, in order, or 0 and 1 where only one of these is found.
    names : sequence of str or None, default=None
        The names of the tasks. None: the columns of ``y_true``, else "task0", "task1" and so on.
    average : {"macro", "weighted", None}, default="macro"
        The mean over tasks: each counts alike, or by its number of labels (by their weights, if given). None: a dict
        of the score of each.
    on_undefined : {"skip", "nan", "raise"}, default="skip"
        What becomes of a task whose score is undefined here: it is left out of the mean, the mean is NaN, or an error
        says which and why. If all are left out, the mean is NaN.
    response : {"predict", "predict_proba"}, default="predict"
        What a function takes: labels or numbers; or probabilities, (n_labelled,) of the positive class, or
        (n_labelled, n_classes) for more than two classes.
    greater_is_better : bool, default=True
        Whether a high value of a function is good; the score is negated otherwise.
    sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), or None, default=None
        Weights of samples, or of labels. A label of weight 0 counts as missing.

    Returns
    -------
    float or dict of float
        The mean; for ``average=None``, the score of each task by name.

    Raises
    ------
    ValueError
        Where a label is none of the classes, the metric does not fit a task, names on the two sides differ, shapes do,
        or a score is undefined and ``on_undefined="raise"``. Messages name the task.
    TypeError
        Where ``metric`` is neither a name, a function nor a dict.

    See Also
    --------
    make_multitask_scorer : The same for ``scoring=`` of a search.
    multitask_report : A table of several metrics.

    Notes
    -----
    With two classes, "f1", "precision", "recall", "roc_auc", "average_precision" and the Brier score are those of the
    positive class, the second. With more, the first three are the mean over classes, the next two the mean over
    classes against the rest (of classes that are there), and the Brier score is summed over classes.

    A score is undefined where no label is there; where all labels are of one class ("roc_auc", "average_precision",
    "balanced_accuracy", "matthews_corrcoef"), none is positive ("f1", "precision", "recall" with two classes) or all
    are the same number ("r2", "explained_variance"); where a function returns NaN; and where NaN is predicted for a
    labelled sample, as for a task that could not be learned. But for the last two it goes by the labels alone, so that
    all candidates of a search are judged on the same tasks: precision is 0 where nothing is predicted positive.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.metrics import multitask_score
    >>> y = np.array([[0, 1], [1, np.nan], [0, 0], [1, 1]])
    >>> predicted = np.array([[0, 1], [1, 0], [1, 0], [1, 0]])
    >>> multitask_score(y, predicted, "accuracy", average=None)
    {'task0': 0.75, 'task1': 0.6666666666666666}
    >>> scores = np.array([[0.1, 0.9], [0.8, 0.2], [0.6, 0.4], [0.7, 0.6]])
    >>> multitask_score(y, scores, "roc_auc")
    1.0
    >>> multitask_score(y[:2], scores[:2], "roc_auc", average=None)
    {'task0': 1.0, 'task1': nan}
    """
    check_choices(average, on_undefined)
    table = read_labels(y_true, "y_true")
    task_names, named = name_tasks(table, names, "names")
    metrics = metrics_of_tasks(metric, task_names, response, greater_is_better)
    by_task = read_classes(classes, task_names)
    one_class = is_of_one_class(by_task) and metrics[0].response == "predict_proba"
    answers = read_answers(y_pred, len(table), task_names, named, "y_pred", one_class)
    tasks = gather_tasks(table, answers, task_names, by_task, sample_weight)
    scores = [score_task(task, one) for task, one in zip(tasks, metrics, strict=True)]
    return average_scores(scores, task_names, describe_metrics(metrics), average, on_undefined)
