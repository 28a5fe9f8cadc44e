"""Random weights."""

import torch

from sktl.weighting._rule import WeightingRule
from sktl.weighting._statistics import TaskStatistics

__all__ = ["RandomWeights"]


class RandomWeights(WeightingRule):
    """Weights drawn anew for each batch: a softmax of normal draws over the labelled tasks, with the mean 1.

    Source: Lin et al., "Reasonable Effectiveness of Random Weighting", TMLR 2022.
    """

    def weights(self, statistics: TaskStatistics) -> torch.Tensor:
        """Return the weights (n_tasks,); those of tasks without a label are 0."""
        draws = statistics.noise.masked_fill(~statistics.labelled, -torch.inf)
        return statistics.labelled.sum() * torch.softmax(draws, dim=0)
