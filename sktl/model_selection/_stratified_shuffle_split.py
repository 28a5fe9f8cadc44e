"""Random splits that are alike in every task."""

import numbers
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.model_selection import BaseCrossValidator, ShuffleSplit
from sklearn.utils import check_random_state

from sktl.model_selection._balance import balance_parts
from sktl.model_selection._states import read_states

__all__ = ["MultiTaskStratifiedShuffleSplit"]


class MultiTaskStratifiedShuffleSplit(BaseCrossValidator):
    """Random splits in which each class of each task, and what is missing, is as frequent on both sides.

    Training and test samples are of the sizes asked for, exactly. See :class:`MultiTaskStratifiedKFold` for what is
    balanced and how. Other than with folds, one sample may be tested in several splits.

    Parameters
    ----------
    n_splits : int, default=10
        The number of splits, from 1 on.
    test_size : float, int or None, default=None
        The share of test samples, in (0, 1), or their number. None: what ``train_size`` leaves, or 0.1 if that is None
        too.
    train_size : float, int or None, default=None
        The share of training samples, or their number. None: what ``test_size`` leaves. Where the two leave
        samples over, those are on neither side.
    random_state : int, RandomState instance or None, default=None
        The seed of the draws. An int gives the same splits at every call.

    See Also
    --------
    MultiTaskStratifiedKFold : Folds, in which every sample is tested once.
    multitask_train_test_split : One such split, of the arrays themselves.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.model_selection import MultiTaskStratifiedShuffleSplit
    >>> y = np.array([["a", 1], ["a", None], ["b", 0], ["b", 1]] * 10, dtype=object)
    >>> splits = MultiTaskStratifiedShuffleSplit(n_splits=2, test_size=8, random_state=0)
    >>> [(len(train), sorted(map(str, y[test, 0]))) for train, test in splits.split(y, y)]
    [(32, ['a', 'a', 'a', 'a', 'b', 'b', 'b', 'b']), (32, ['a', 'a', 'a', 'a', 'b', 'b', 'b', 'b'])]
    """

    def __init__(
        self, n_splits: int = 10, *, test_size: Any = None, train_size: Any = None, random_state: Any = None
    ) -> None:
        self.n_splits = n_splits
        self.test_size = test_size
        self.train_size = train_size
        self.random_state = random_state

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the training and the test samples of each split.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            The samples; only their number counts.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Labels of any kind; NaN, None or pandas.NA where one is missing.
        groups : object, default=None
            Not used; a warning says so where it is given.

        Yields
        ------
        train : ndarray of int
            The indices of the training samples, in random order.
        test : ndarray of int
            The indices of the test samples, in random order.

        Raises
        ------
        ValueError
            Where y is None or of another length than X, ``n_splits`` is below 1, or the sizes cannot be had.
        """
        states = read_states(X, y, groups, type(self).__name__)
        if not isinstance(self.n_splits, numbers.Integral) or self.n_splits < 1:
            raise ValueError(f"n_splits must be a whole number from 1 on, got {self.n_splits!r}")
        n_train, n_test = count_sides(len(states), self.test_size, self.train_size)
        rng = check_random_state(self.random_state)
        sides = np.repeat([0, 1, 2], [n_train, n_test, len(states) - n_train - n_test])
        for _ in range(self.n_splits):
            balanced = balance_parts(rng.permutation(sides), states, rng)
            yield rng.permutation(np.flatnonzero(balanced == 0)), rng.permutation(np.flatnonzero(balanced == 1))

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of splits.

        Parameters
        ----------
        X, y, groups : object, default=None
            Not used.

        Returns
        -------
        int
            ``n_splits``.
        """
        return self.n_splits


def count_sides(n_samples: int, test_size: Any, train_size: Any) -> tuple[int, int]:
    """Return the numbers of training and test samples, by scikit-learn's rules and with its messages."""
    sizes = ShuffleSplit(n_splits=1, test_size=test_size, train_size=train_size, random_state=0)
    train, test = next(sizes.split(np.empty((n_samples, 0))))
    return len(train), len(test)
