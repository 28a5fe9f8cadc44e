"""Backbones, best first."""

import dataclasses
from typing import Any

import numpy as np

from sktl.transferability._paired import Paired, compare_paired
from sktl.transferability._write_ranking import write_ranking

__all__ = ["BackboneFailure", "BackboneRanking", "BackboneScore"]

COLUMNS = (
    "name",
    "weights",
    "mean",
    "standard_error",
    "logme",
    "seconds_per_sample",
    "n_computed",
    "n_parameters",
    "n_features",
)


@dataclasses.dataclass(frozen=True, eq=False)
class BackboneScore:
    """What is known of one backbone.

    Parameters
    ----------
    name : str
        What it is called.
    weights : str
        The name of its weights, "random" if they were not learned.
    scores : ndarray of shape (n_folds,)
        Scores of a linear head on its features, on the samples that were left out.
    logme : float
        The log evidence per sample; see :func:`logme`.
    seconds_per_sample : float
        Of the pass, with reading and preprocessing. NaN where all features were in the cache.
    n_computed : int
        Samples that passed through the network just now; the others were in the cache.
    n_parameters : int
        Parameters of the stages.
    n_features : int
        The length of a feature vector.
    parameters : dict
        ``backbone`` and ``weights``, to be given to an estimator.

    Attributes
    ----------
    mean, standard_error : float
        The mean score, and the spread of the folds over the square root of their number.
    """

    name: str
    weights: str
    scores: np.ndarray
    logme: float
    seconds_per_sample: float
    n_computed: int
    n_parameters: int
    n_features: int
    parameters: dict[str, Any] = dataclasses.field(default_factory=dict, repr=False)

    @property
    def mean(self) -> float:
        """The mean score over folds."""
        return float(np.mean(self.scores))

    @property
    def standard_error(self) -> float:
        """The standard error of the mean, were the folds independent; NaN for one fold."""
        n_folds = len(self.scores)
        return float(np.std(self.scores, ddof=1) / np.sqrt(n_folds)) if n_folds > 1 else np.nan


@dataclasses.dataclass(frozen=True)
class BackboneFailure:
    """A backbone that could not be ranked.

    Parameters
    ----------
    name : str
        What it is called.
    reason : str
        The kind of the error, and its message.
    """

    name: str
    reason: str


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class BackboneRanking:
    """Backbones by the score of a linear head on their features, best first.

    :func:`rank_backbones` makes it. Printed, it is a table.

    Parameters
    ----------
    rows : tuple of BackboneScore
        The backbones, best first.
    failures : tuple of BackboneFailure
        Those that could not be ranked, and why.
    metric : str
        What heads were scored by; more is better.
    n_samples : int
        Samples in all.
    test_to_train : float
        Test samples per training sample, averaged over folds.
    confidence : float, default=0.95
        The confidence of the intervals, in (0, 1).

    Attributes
    ----------
    best : BackboneScore
        The first row.
    behind : Paired
        The scores of each row less those of the best, on the same folds: ``mean_difference``, ``low`` and ``high``
        (n_rows,) with the interval of :func:`sktl.model_selection.compare_with_single_task`.
    level_with_best : tuple of BackboneScore
        The other rows whose interval holds zero.

    See Also
    --------
    rank_backbones : What the numbers say, and what they do not.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.transferability import BackboneRanking, BackboneScore
    >>> rows = (
    ...     BackboneScore("wide", "v2", np.array([0.90, 0.92, 0.94]), -0.21, 0.012, 300, 4_000_000, 512),
    ...     BackboneScore("small", "v1", np.array([0.91, 0.90, 0.92]), -0.20, np.nan, 0, 900_000, 128),
    ...     BackboneScore("wide", "random", np.array([0.61, 0.64, 0.65]), -0.58, 0.012, 300, 4_000_000, 512),
    ... )
    >>> print(BackboneRanking(rows, (), "accuracy", 300, 0.5))
    Backbones by a linear head: accuracy, 300 samples, 3 folds, 95 % intervals
    <BLANKLINE>
    backbone  weights  score   s.e.  to best          interval   LogME  ms/sample  parameters  features
    wide      v2       0.920  0.012                             -0.210         12   4,000,000       512
    small     v1       0.910  0.006   -0.010  [-0.078, +0.058]  -0.200     cached     900,000       128
    wide      random   0.633  0.012   -0.287  [-0.309, -0.264]  -0.580         12   4,000,000       512
    <BLANKLINE>
    wide (v2) is first, and small (v1) level with it
    """

    rows: tuple[BackboneScore, ...]
    failures: tuple[BackboneFailure, ...]
    metric: str
    n_samples: int
    test_to_train: float
    confidence: float = 0.95

    @property
    def best(self) -> BackboneScore:
        """The backbone with the highest mean score."""
        return self.rows[0]

    @property
    def behind(self) -> Paired:
        """Scores of all rows against those of the best."""
        scores = np.column_stack([row.scores for row in self.rows])
        return compare_paired(scores, np.tile(scores[:, :1], len(self.rows)), self.test_to_train, self.confidence)

    @property
    def level_with_best(self) -> tuple[BackboneScore, ...]:
        """Those that were not shown to be worse than the best."""
        verdicts = self.behind.verdicts[1:]
        return tuple(row for row, verdict in zip(self.rows[1:], verdicts, strict=True) if verdict == "level")

    def to_frame(self) -> Any:
        """Return the rows as a DataFrame, which needs pandas.

        Returns
        -------
        pandas.DataFrame of shape (n_rows, n_columns)
            A column for each number, best backbone first.
        """
        import pandas as pd

        return pd.DataFrame([{name: getattr(row, name) for name in COLUMNS} for row in self.rows])

    def __str__(self) -> str:
        return write_ranking(self)

    def __repr__(self) -> str:
        return str(self)
