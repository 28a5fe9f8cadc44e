"""Folds that are alike in every task."""

import numbers
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import check_random_state

from sktl.model_selection._balance import balance_parts
from sktl.model_selection._states import read_states

__all__ = ["MultiTaskStratifiedKFold"]


class MultiTaskStratifiedKFold(BaseCrossValidator):
    """Folds in which each class of each task, and what is missing, is as frequent as in the whole.

    With rare positives and missing labels, ``KFold`` easily leaves a fold with half or twice the positives of a task,
    and scikit-learn's stratified splitters refuse several tasks and NaN. Here folds are drawn at random, and samples
    are then exchanged between them until no exchange helps. The sizes of folds differ by one sample at most.

    Numbers are balanced by five bins of equal count: those with a fractional part, and whole numbers that mostly
    occur once. All others are classes.

    Parameters
    ----------
    n_splits : int, default=5
        The number of folds, from 2 to the number of samples.
    shuffle : bool, default=True
        Whether to draw the folds at random. False: start from blocks of neighbours, as ``KFold`` makes them, and
        exchange only what brings them nearer to each other; the folds are then the same at every call.
    random_state : int, RandomState instance or None, default=None
        The seed of the draw, for ``shuffle=True``. An int gives the same folds at every call.

    See Also
    --------
    MultiTaskStratifiedShuffleSplit : Random splits into training and test samples, as many as wished.
    cross_val_predict_proba : Out-of-fold probabilities of several tasks.

    Notes
    -----
    What is made small is Pearson's distance Σ (n − e)² / e over folds and labels, missing ones included, where n labels
    are in a fold and e would be if they were spread evenly. Iterative stratification [1]_ serves the same end by one
    greedy pass; it does not keep the sizes of folds, and leaves more of the distance where labels are many.

    References
    ----------
    .. [1] Sechidis, Tsoumakas and Vlahavas (2011). On the stratification of multi-label data. ECML PKDD.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.model_selection import MultiTaskStratifiedKFold
    >>> rng = np.random.default_rng(0)
    >>> y = (rng.random((200, 2)) < 0.1).astype(float)
    >>> y[rng.random(y.shape) < 0.3] = np.nan
    >>> np.nansum(y, axis=0)
    array([11., 18.])
    >>> folds = MultiTaskStratifiedKFold(n_splits=4, random_state=0)
    >>> [np.nansum(y[test], axis=0).tolist() for _, test in folds.split(y, y)]
    [[3.0, 4.0], [2.0, 5.0], [3.0, 5.0], [3.0, 4.0]]
    """

    def __init__(self, n_splits: int = 5, *, shuffle: bool = True, random_state: Any = None):
        self.n_splits = n_splits
        self.shuffle = shuffle
        self.random_state = random_state

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the training and the test samples of each fold.

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
            The indices of the training samples, in order.
        test : ndarray of int
            The indices of the test samples, in order.

        Raises
        ------
        ValueError
            Where y is None or of another length than X, where ``n_splits`` is below 2 or above the number of samples,
            or where ``random_state`` is set without ``shuffle``.
        """
        states = read_states(X, y, groups, type(self).__name__)
        self._check(len(states))
        rng = check_random_state(self.random_state if self.shuffle else 0)
        parts = np.sort(np.arange(len(states)) % self.n_splits)
        if self.shuffle:
            rng.shuffle(parts)
        parts = balance_parts(parts, states, rng)
        for fold in range(self.n_splits):
            yield np.flatnonzero(parts != fold), np.flatnonzero(parts == fold)

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of folds.

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

    def _check(self, n_samples: int) -> None:
        if not isinstance(self.n_splits, numbers.Integral) or self.n_splits < 2:
            raise ValueError(f"n_splits must be a whole number from 2 on, got {self.n_splits!r}")
        if self.n_splits > n_samples:
            raise ValueError(f"n_splits={self.n_splits} folds cannot be made of {n_samples} samples: lower n_splits")
        if not self.shuffle and self.random_state is not None:
            raise ValueError(
                f"random_state={self.random_state!r} has no effect with shuffle=False: leave it out or set shuffle=True"
            )
