"""Joint training against an estimator for each task."""

import dataclasses
import numbers
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils import _safe_indexing, indexable
from sklearn.utils.parallel import Parallel, delayed

from sktl.model_selection._folds import Fold, read_folds
from sktl.model_selection._single_task_comparison import SingleTaskComparison
from sktl.model_selection._single_task_variant import single_task_variant
from sktl.model_selection._task_names import names_of_tasks
from sktl.model_selection._task_scores import check_scoring, score_by_callable, score_by_name
from sktl.utils._labels import LabelTable, read_labels

__all__ = ["compare_with_single_task"]


def compare_with_single_task(
    estimator: BaseEstimator,
    X: Any,
    y: Any,
    *,
    single: BaseEstimator | None = None,
    groups: Any = None,
    cv: Any = 5,
    scoring: Any = None,
    confidence: float = 0.95,
    n_jobs: int | None = None,
) -> SingleTaskComparison:
    """Tell, task by task, whether joint training is better than training each task by itself.

    Both sides are fitted to the same folds and scored on the same labels. Give the estimator an int as
    ``random_state``, so that both also start from the same seed.

    Parameters
    ----------
    estimator : estimator
        The joint one, or a pipeline or search around it. It is cloned, never fitted itself.
    X : array-like of shape (n_samples, ...)
        The samples: an array of any number of axes, a DataFrame, a Series, a list.
    y : array-like of shape (n_samples,) or (n_samples, n_tasks)
        Labels, with NaN, None or pandas.NA where one is missing. Names of columns become names of tasks; where columns
        have none, those that the estimator gives.
    single : estimator or None, default=None
        The other side. None: the same estimator with ``sharing="none"``, over which a search does not go.
    groups : array-like of shape (n_samples,), default=None
        Handed to ``cv``, for splitters that keep groups together.
    cv : int, splitter or iterable of (train, test), default=5
        The folds. A number stands for ``MultiTaskStratifiedKFold(cv, random_state=0)``, None for 5. More splits
        make intervals narrower, to a degree.
    scoring : str, callable or None, default=None
        A name that scikit-learn knows, taken for every task over the samples labelled there ("roc_auc" stands for
        "roc_auc_ovr" where a task has more than two classes); or a callable ``scoring(estimator, X, y)`` that gives an
        array of one score for each task, or a dict of them by name. More must be better. None: "roc_auc"
        for two classes, "accuracy" for more, "r2" for numbers.
    confidence : float, default=0.95
        The confidence of the intervals, in (0, 1).
    n_jobs : int or None, default=None
        Fits at once; -1 uses all processors.

    Returns
    -------
    SingleTaskComparison
        Scores, differences, intervals and verdicts; printed, a table.

    Raises
    ------
    TypeError
        Where ``scoring`` is no name and cannot be called.
    ValueError
        Where ``confidence`` is out of range, where the estimator has no parameter ``sharing`` or does not share, where
        X and y differ in length, or where a task cannot be scored as asked.

    See Also
    --------
    SingleTaskComparison : What is returned.
    cross_val_predict_proba : Out-of-fold probabilities of one estimator.

    Notes
    -----
    The interval is that of the corrected resampled t-test [1]_: the variance of the differences over k splits is
    multiplied by 1/k + n_test/n_train in place of 1/k, since training samples overlap. With folds, that widens the
    plain interval by the square root of (2k − 1)/(k − 1): to 1.5 times its length at k = 5.

    It speaks of the mean difference that training on other samples of this size from the same source would give. It
    does not speak of other sources or larger sets, nor of what another seed would give if both sides have one seed.
    The correction is an approximation that was derived for random splits. Each task is judged by itself: of twenty
    tasks that are level, one comes out as a gain or a loss at 95 % on average. "level" means that no difference was
    shown, not that there is none: look at how wide the interval is.

    A fold in which a task has no score is left out of the task's means and interval, for both sides: where no test
    sample is labelled, where all labels there are of one class, where not every class occurs that a ranking of several
    needs, or where an estimator predicts NaN.

    References
    ----------
    .. [1] Nadeau and Bengio (2003). Inference for the generalization error. Machine Learning 52, 239–281.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Lasso, MultiTaskLasso
    >>> from sklearn.multioutput import MultiOutputRegressor
    >>> from sktl.model_selection import compare_with_single_task
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(50, 30))
    >>> y = X[:, :3] @ rng.normal(size=(3, 8)) + rng.normal(size=(50, 8))
    >>> comparison = compare_with_single_task(
    ...     MultiTaskLasso(alpha=0.5), X, y, single=MultiOutputRegressor(Lasso(alpha=0.2))
    ... )
    >>> print(comparison)
    Joint against single-task training: r2, 5 folds, 95 % intervals
    <BLANKLINE>
    task   labelled  joint  single  difference          interval  verdict
    task0        50  0.311   0.196      +0.115  [-0.159, +0.389]  level
    task1        50  0.421   0.375      +0.046  [-0.135, +0.227]  level
    task2        50  0.428   0.367      +0.062  [-0.187, +0.311]  level
    task3        50  0.055  -0.163      +0.218  [+0.047, +0.390]  gains
    task4        50  0.393   0.277      +0.116  [-0.191, +0.423]  level
    task5        50  0.720   0.751      -0.031  [-0.050, -0.012]  hurts
    task6        50  0.070   0.021      +0.049  [-0.263, +0.362]  level
    task7        50  0.747   0.757      -0.010  [-0.074, +0.055]  level
    mean             0.393   0.323      +0.071  [-0.015, +0.156]
    <BLANKLINE>
    sharing helps 1 of 8 tasks, hurts 1 (task5), 6 level
    """
    if not isinstance(confidence, numbers.Real) or not 0 < confidence < 1:
        raise ValueError(f"confidence must be a number between 0 and 1, got {confidence!r}")
    check_scoring(scoring)
    other = single_task_variant(estimator) if single is None else single
    X, y = indexable(X, y)
    table = read_labels(y)
    folds = read_folds(cv, X, y, groups)
    sides = [estimator, other]
    scored = Parallel(n_jobs=n_jobs)(
        delayed(_score_fold)(clone(side), X, y, table, fold, scoring) for side in sides for fold in folds
    )
    scores = np.array([scores for scores, _, _ in scored])
    _, metrics, names = scored[0]
    return SingleTaskComparison(
        tasks=names,
        metrics=metrics,
        joint=scores[: len(folds)],
        single=scores[len(folds) :],
        n_labelled=table.labelled.sum(axis=0),
        n_positive=np.array([_count_positive(table.of(task)) for task in range(table.n_tasks)]),
        test_to_train=float(np.mean([len(test) / len(train) for train, test in folds])),
        confidence=float(confidence),
    )


def _score_fold(
    estimator: BaseEstimator, X: Any, y: Any, table: LabelTable, fold: Fold, scoring: Any
) -> tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]:
    """Return the scores of each task in one fold (n_tasks,), the names of the metrics, and those of the tasks."""
    train, test = fold
    estimator.fit(_safe_indexing(X, train), _safe_indexing(y, train))
    X_test = _safe_indexing(X, test)
    names = names_of_tasks(estimator, table)
    if callable(scoring):
        scores = score_by_callable(scoring, estimator, X_test, _safe_indexing(y, test), names)
        return scores, ("score",) * table.n_tasks, names
    classes = [np.unique(table.of(task)) for task in range(table.n_tasks)]
    truth = dataclasses.replace(table.subset(test), names=names)
    return *score_by_name(scoring, estimator, X_test, truth, classes), names


def _count_positive(labels: np.ndarray) -> float:
    """Return the number of labels of the second class; NaN where there are not two."""
    classes, counts = np.unique(labels, return_counts=True)
    return float(counts[1]) if len(classes) == 2 else np.nan
