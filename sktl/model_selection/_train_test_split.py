"""Training and test samples that are alike in every task."""

from typing import Any

from sklearn.utils import _safe_indexing, indexable

from sktl.model_selection._stratified_shuffle_split import MultiTaskStratifiedShuffleSplit

__all__ = ["multitask_train_test_split"]

DEFAULT_TEST_SIZE = 0.25  # as in scikit-learn's train_test_split


def multitask_train_test_split(
    *arrays: Any, stratify: Any = None, test_size: Any = None, train_size: Any = None, random_state: Any = None
) -> list:
    """Split arrays into training and test samples in which every task is alike.

    It is used as scikit-learn's ``train_test_split``, and always balances the labels: each class of each task, and what
    is missing, is as frequent on both sides.

    Parameters
    ----------
    *arrays : sequence of array-like of shape (n_samples, ...)
        What to split, such as X and y: arrays, DataFrames, Series, lists, sparse matrices.
    stratify : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
        The labels to balance, with NaN, None or pandas.NA where one is missing. None: the last of the arrays.
    test_size : float, int or None, default=None
        The share of test samples, in (0, 1), or their number. None: what ``train_size`` leaves, or 0.25 if that is None
        too.
    train_size : float, int or None, default=None
        The share of training samples, or their number. None: what ``test_size`` leaves.
    random_state : int, RandomState instance or None, default=None
        The seed of the draw.

    Returns
    -------
    list
        The training samples and the test samples of the first array, then those of the second, and so on. Each is
        of the kind it was.

    Raises
    ------
    ValueError
        Where there is no array, where lengths differ, or where the sizes cannot be had.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.model_selection import multitask_train_test_split
    >>> X = np.arange(40).reshape(-1, 1)
    >>> y = np.array([[0, 1], [0, np.nan], [1, 0], [0, 0]] * 10)
    >>> X_train, X_test, y_train, y_test = multitask_train_test_split(X, y, test_size=0.2, random_state=0)
    >>> np.nanmean(y_train, axis=0).round(3), np.nanmean(y_test, axis=0).round(3)
    (array([0.25 , 0.333]), array([0.25 , 0.333]))
    """
    if not arrays:
        raise ValueError("multitask_train_test_split needs arrays to split: give X and y")
    arrays = tuple(indexable(*arrays))
    labels = arrays[-1] if stratify is None else stratify
    test_size = DEFAULT_TEST_SIZE if test_size is None and train_size is None else test_size
    splitter = MultiTaskStratifiedShuffleSplit(1, test_size=test_size, train_size=train_size, random_state=random_state)
    sides = next(splitter.split(arrays[0], labels))
    return [_safe_indexing(array, side) for array in arrays for side in sides]
