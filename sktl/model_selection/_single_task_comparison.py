"""What joint training brought each task."""

import dataclasses

import numpy as np

from sktl.model_selection._interval import corrected_interval
from sktl.model_selection._write_comparison import write_comparison

__all__ = ["SingleTaskComparison"]


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class SingleTaskComparison:
    """Scores of joint and of single-task training, fold by fold and task by task.

    :func:`compare_with_single_task` makes it. Printed, it is a table with a line for each task.

    Parameters
    ----------
    tasks : tuple of str
        The names of the tasks.
    metrics : tuple of str
        What each task was scored by; more is better.
    joint, single : ndarray of shape (n_folds, n_tasks)
        The scores; NaN where a fold has none.
    n_labelled : ndarray of int of shape (n_tasks,)
        Labelled samples in all of the data.
    n_positive : ndarray of shape (n_tasks,)
        Labelled samples of the second class; NaN for a task that has not two classes.
    test_to_train : float
        Test samples per training sample, averaged over folds.
    confidence : float, default=0.95
        The confidence of the intervals, in (0, 1).

    Attributes
    ----------
    difference : ndarray of shape (n_folds, n_tasks)
        ``joint - single``; NaN where one of them is.
    n_scored : ndarray of int of shape (n_tasks,)
        Folds in which both have a score. All that follows goes by these.
    mean_joint, mean_single, mean_difference : ndarray of shape (n_tasks,)
        Means over folds; NaN where there is none.
    low, high : ndarray of shape (n_tasks,)
        The bounds of the interval for the mean difference; NaN where fewer than two folds have a score.
    overall : tuple of float
        The bounds of the interval for the difference averaged over tasks, by the folds in which all tasks that are ever
        scored have a score; NaN where these are fewer than two.
    verdicts : tuple of str
        "gains" where the interval lies above zero, "hurts" where it lies below, "level" where it holds zero, "unknown"
        where there is none.

    See Also
    --------
    compare_with_single_task : What the interval says, and what it does not.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.model_selection import SingleTaskComparison
    >>> joint = np.array([[0.81, 0.70], [0.83, 0.72], [0.82, 0.68]])
    >>> single = np.array([[0.71, 0.71], [0.72, 0.69], [0.73, 0.70]])
    >>> print(SingleTaskComparison(
    ...     ("toxic", "soluble"), ("roc_auc", "roc_auc"), joint, single, np.array([90, 60]), np.array([9, 30]), 0.5
    ... ))
    Joint against single-task training: roc_auc, 3 folds, 95 % intervals
    <BLANKLINE>
    task     labelled  positive  joint  single  difference          interval  verdict
    toxic          90         9  0.820   0.720      +0.100  [+0.061, +0.139]  gains
    soluble        60        30  0.700   0.700      +0.000  [-0.104, +0.104]  level
    mean                         0.760   0.710      +0.050  [-0.021, +0.121]
    <BLANKLINE>
    sharing helps 1 of 2 tasks, hurts 0, 1 level
    """

    tasks: tuple[str, ...]
    metrics: tuple[str, ...]
    joint: np.ndarray
    single: np.ndarray
    n_labelled: np.ndarray
    n_positive: np.ndarray
    test_to_train: float
    confidence: float = 0.95

    @property
    def difference(self) -> np.ndarray:
        """Joint less single, in each fold (n_folds, n_tasks)."""
        return self.joint - self.single

    @property
    def n_scored(self) -> np.ndarray:
        """Folds in which both have a score (n_tasks,)."""
        return (~np.isnan(self.difference)).sum(axis=0)

    @property
    def mean_joint(self) -> np.ndarray:
        """Mean score of joint training (n_tasks,)."""
        return self._mean(self.joint)

    @property
    def mean_single(self) -> np.ndarray:
        """Mean score of single-task training (n_tasks,)."""
        return self._mean(self.single)

    @property
    def mean_difference(self) -> np.ndarray:
        """Mean difference (n_tasks,)."""
        return self._mean(self.difference)

    @property
    def low(self) -> np.ndarray:
        """Lower bounds of the intervals (n_tasks,)."""
        return corrected_interval(self.difference, self.test_to_train, self.confidence)[0]

    @property
    def high(self) -> np.ndarray:
        """Upper bounds of the intervals (n_tasks,)."""
        return corrected_interval(self.difference, self.test_to_train, self.confidence)[1]

    @property
    def overall(self) -> tuple[float, float]:
        """Bounds of the interval for the difference averaged over tasks."""
        scored = self.difference[:, self.n_scored > 0]
        mean = scored.sum(axis=1, keepdims=True) / (scored.shape[1] or np.nan)
        low, high = corrected_interval(mean, self.test_to_train, self.confidence)
        return float(low[0]), float(high[0])

    @property
    def verdicts(self) -> tuple[str, ...]:
        """What joint training does to each task."""
        low, high = self.low, self.high
        cases = [np.isnan(low), low > 0, high < 0]
        return tuple(np.select(cases, ["unknown", "gains", "hurts"], "level").tolist())

    def _mean(self, scores: np.ndarray) -> np.ndarray:
        """Return the means (n_tasks,) of scores (n_folds, n_tasks) over the folds that count."""
        counts = ~np.isnan(self.difference)
        total = np.where(counts, scores, 0).sum(axis=0)
        return np.where(self.n_scored > 0, total / np.maximum(self.n_scored, 1), np.nan)

    def __str__(self) -> str:
        return write_comparison(self)

    def __repr__(self) -> str:
        return str(self)
