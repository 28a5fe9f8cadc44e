"""Weights by the pace of learning."""

import torch

from sktl.weighting._rule import WeightingRule
from sktl.weighting._statistics import TaskStatistics

__all__ = ["DynamicWeightAverage"]

TEMPERATURE = 2.0  # the authors' choice


class DynamicWeightAverage(WeightingRule):
    """Tasks whose loss falls slowly weigh more: a softmax of L(epoch - 1) / L(epoch - 2), with the mean 1.

    A task that has not yet had a label in two epochs counts as one that stands still. Source: Liu, Johns and Davison,
    "End-to-End Multi-Task Learning with Attention", CVPR 2019.
    """

    def weights(self, statistics: TaskStatistics) -> torch.Tensor:
        """Return the weights (n_tasks,), whose mean is 1."""
        last, before = statistics.previous
        pace = torch.nan_to_num(last / before, nan=1.0, posinf=1.0)
        return len(pace) * torch.softmax(pace / TEMPERATURE, dim=0)
