"""Equal weights."""

import torch

from sktl.weighting._rule import WeightingRule
from sktl.weighting._statistics import TaskStatistics

__all__ = ["EqualWeights"]


class EqualWeights(WeightingRule):
    """Every task counts once.

    With ordinary regularisation this matches or beats the gradient methods (Kurin et al., 2022; Xin et al., 2022;
    Royer et al., 2023).
    """

    is_constant = True

    def weights(self, statistics: TaskStatistics) -> torch.Tensor:
        """Return ones (n_tasks,)."""
        return torch.ones_like(statistics.noise)
