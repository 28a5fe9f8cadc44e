"""What pretrained weights bring, by the number of samples."""

import dataclasses

import numpy as np

from sktl.transferability._paired import Paired, compare_paired
from sktl.transferability._write_gain import write_gain

__all__ = ["TransferGain"]


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class TransferGain:
    """Scores of a pretrained network and of the same from scratch, by the number of training samples.

    :func:`transfer_gain` makes it. Printed, it is a table with a line for each size.

    Parameters
    ----------
    train_sizes : ndarray of int of shape (n_sizes,)
        The numbers of training samples, the smallest first.
    pretrained, scratch : ndarray of shape (n_sizes, n_splits)
        The scores of both sides; NaN where there is none.
    metric : str
        What they are; more is better.
    test_to_train : float
        Test samples per training sample of a whole split, averaged over splits.
    confidence : float, default=0.95
        The confidence of the intervals, in (0, 1).

    Attributes
    ----------
    difference : ndarray of shape (n_sizes, n_splits)
        ``pretrained - scratch``.
    mean_pretrained, mean_scratch, mean_difference : ndarray of shape (n_sizes,)
        Means over the splits in which both sides have a score.
    low, high : ndarray of shape (n_sizes,)
        The bounds of the interval for the mean difference; NaN where fewer than two splits have a score.
    verdicts : tuple of str
        For each size "gains" where the interval lies above zero, "hurts" where it lies below, "level" where it holds
        zero, "unknown" where there is none.
    size_that_suffices : int or None
        The least size at which the pretrained side is on average as good as the other at the largest size.

    See Also
    --------
    transfer_gain : What the intervals say, and what they do not.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.transferability import TransferGain
    >>> pretrained = np.array([[0.80, 0.82, 0.78], [0.88, 0.90, 0.89], [0.92, 0.93, 0.91]])
    >>> scratch = np.array([[0.55, 0.61, 0.52], [0.75, 0.72, 0.73], [0.90, 0.91, 0.93]])
    >>> print(TransferGain(np.array([20, 80, 320]), pretrained, scratch, "accuracy", 0.5))
    Pretrained against from scratch: accuracy, 3 splits, 95 % intervals
    <BLANKLINE>
    samples  pretrained  scratch  difference          interval  verdict
         20       0.800    0.560      +0.240  [+0.136, +0.344]  gains
         80       0.890    0.733      +0.157  [+0.058, +0.256]  gains
        320       0.920    0.913      +0.007  [-0.084, +0.097]  level
    <BLANKLINE>
    transfer gains with 20 and 80 samples, level with 320
    pretrained, 320 samples do what 320 do from scratch
    """

    train_sizes: np.ndarray
    pretrained: np.ndarray
    scratch: np.ndarray
    metric: str
    test_to_train: float
    confidence: float = 0.95

    @property
    def difference(self) -> np.ndarray:
        """Pretrained less from scratch (n_sizes, n_splits)."""
        return self.pretrained - self.scratch

    @property
    def mean_pretrained(self) -> np.ndarray:
        """Mean score of the pretrained side (n_sizes,)."""
        return self._paired.mean_joint

    @property
    def mean_scratch(self) -> np.ndarray:
        """Mean score from scratch (n_sizes,)."""
        return self._paired.mean_single

    @property
    def mean_difference(self) -> np.ndarray:
        """Mean difference (n_sizes,)."""
        return self._paired.mean_difference

    @property
    def low(self) -> np.ndarray:
        """Lower bounds of the intervals (n_sizes,)."""
        return self._paired.low

    @property
    def high(self) -> np.ndarray:
        """Upper bounds of the intervals (n_sizes,)."""
        return self._paired.high

    @property
    def verdicts(self) -> tuple[str, ...]:
        """What transfer does at each size."""
        return self._paired.verdicts

    @property
    def size_that_suffices(self) -> int | None:
        """The least size at which the pretrained side does what the other does at the largest size."""
        enough = np.flatnonzero(self.mean_pretrained >= self.mean_scratch[-1])
        return int(self.train_sizes[enough[0]]) if len(enough) else None

    @property
    def _paired(self) -> Paired:
        return compare_paired(self.pretrained.T, self.scratch.T, self.test_to_train, self.confidence)

    def __str__(self) -> str:
        return write_gain(self)

    def __repr__(self) -> str:
        return str(self)
