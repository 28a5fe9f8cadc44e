"""Weights by learned uncertainty."""

import torch

from sktl.weighting._rule import WeightingRule
from sktl.weighting._statistics import TaskStatistics

__all__ = ["UncertaintyWeights"]


class UncertaintyWeights(WeightingRule):
    """Each labelled entry costs ½ e^{-s} loss + ½ s, with a log-variance s per task that is trained along.

    An entry without a label has neither term. Source: Kendall, Gal and Cipolla, "Multi-Task Learning Using Uncertainty
    to Weigh Losses for Scene Geometry and Semantics", CVPR 2018.
    """

    learns = True

    def weights(self, statistics: TaskStatistics) -> torch.Tensor:
        """Return ½ e^{-s} (n_tasks,)."""
        return 0.5 * torch.exp(-statistics.learned)

    def offsets(self, statistics: TaskStatistics) -> torch.Tensor:
        """Return ½ s (n_tasks,)."""
        return 0.5 * statistics.learned
