"""Out-of-fold probabilities of several tasks."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils import _safe_indexing, indexable
from sklearn.utils.parallel import Parallel, delayed

from sktl.model_selection._folds import Fold, read_folds
from sktl.model_selection._probabilities import TaskProbabilities, read_probabilities
from sktl.utils._labels import read_labels

__all__ = ["cross_val_predict_proba"]


def cross_val_predict_proba(
    estimator: BaseEstimator, X: Any, y: Any, *, groups: Any = None, cv: Any = 5, n_jobs: int | None = None
) -> np.ndarray | list[np.ndarray | None] | None:
    """Predict the probabilities of each sample by an estimator that was fitted without it.

    This is scikit-learn's ``cross_val_predict(method="predict_proba")`` for labels of which some are missing: that one
    takes NaN for a class of its own, without a word. Every sample gets probabilities of every task, labelled or not.

    Parameters
    ----------
    estimator : estimator with ``predict_proba``
        It is cloned for each fold. Fitted, it has ``classes_``: an array, or a list with one for each task.
    X : array-like of shape (n_samples, ...)
        The samples: an array of any number of axes, a DataFrame, a Series, a list.
    y : array-like of shape (n_samples,) or (n_samples, n_tasks)
        Labels, with NaN, None or pandas.NA where one is missing.
    groups : array-like of shape (n_samples,), default=None
        Handed to ``cv``, for splitters that keep groups together.
    cv : int, splitter or iterable of (train, test), default=5
        The folds, in which every sample must be tested once. A number stands for
        ``MultiTaskStratifiedKFold(cv, random_state=0)``, None for 5.
    n_jobs : int or None, default=None
        Folds that are fitted at once; -1 uses all processors.

    Returns
    -------
    ndarray of shape (n_samples, n_classes), or list of such arrays or None
        An array if y is of shape (n_samples,), else a list with one for each task. The columns are the sorted classes
        of the task in the whole of y, and those that the estimator knows beside them. A class that is absent from the
        training samples of a fold has probability 0; where a fold could learn nothing of a task, there is NaN. A task
        of regression, for which ``predict_proba`` gives None, has None.

    Raises
    ------
    TypeError
        Where the estimator has no ``predict_proba``.
    ValueError
        Where X and y differ in length, where a sample is tested never or twice, or where the estimator answers for
        another number of tasks than y has.

    See Also
    --------
    compare_with_single_task : Joint training against an estimator for each task.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sktl.model_selection import cross_val_predict_proba
    >>> X, species = load_iris(return_X_y=True)
    >>> y = np.column_stack([species, X[:, 0] > 5.8])
    >>> forest = RandomForestClassifier(n_estimators=10, random_state=0)
    >>> [p.shape for p in cross_val_predict_proba(forest, X, y, cv=3)]
    [(150, 3), (150, 2)]
    """
    if not hasattr(estimator, "predict_proba"):
        raise TypeError(f"cross_val_predict_proba needs an estimator with predict_proba, got {estimator!r}")
    X, y = indexable(X, y)
    table = read_labels(y)
    folds = read_folds(cv, X, y, groups)
    tested = np.concatenate([test for _, test in folds])
    if not np.array_equal(np.sort(tested), np.arange(len(table))):
        raise ValueError(
            "cv must test every sample once, so that each has one prediction: give folds, such as "
            "MultiTaskStratifiedKFold(5), not random splits"
        )
    answers = Parallel(n_jobs=n_jobs)(delayed(_answer)(clone(estimator), X, y, fold, table.names) for fold in folds)
    in_order = np.argsort(tested)
    gathered = [
        _gather([answer[task] for answer in answers], table.of(task), [len(test) for _, test in folds], in_order)
        for task in range(table.n_tasks)
    ]
    return gathered[0] if table.is_1d else gathered


def _answer(
    estimator: BaseEstimator, X: Any, y: Any, fold: Fold, names: tuple[str, ...]
) -> list[TaskProbabilities | None]:
    """Return what an estimator that was fitted to the training samples says about the test samples."""
    train, test = fold
    estimator.fit(_safe_indexing(X, train), _safe_indexing(y, train))
    return read_probabilities(estimator, _safe_indexing(X, test), names)


def _gather(
    parts: list[TaskProbabilities | None], labels: np.ndarray, sizes: list[int], in_order: np.ndarray
) -> np.ndarray | None:
    """Return the probabilities of one task for all samples; None where no fold has any."""
    known = [part.classes for part in parts if part is not None and len(part.classes)]
    if all(part is None for part in parts):
        return None
    classes = np.unique(np.concatenate([np.unique(labels), *known]))
    spread = [
        np.full((size, len(classes)), np.nan) if part is None else part.spread(classes)
        for part, size in zip(parts, sizes, strict=True)
    ]
    return np.concatenate(spread)[in_order]
