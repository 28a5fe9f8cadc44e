"""What all weighting rules have in common."""

import abc

import torch

from sktl.weighting._statistics import TaskStatistics

__all__ = ["GradientRule", "WeightingRule"]


class WeightingRule(abc.ABC):
    """A rule that weighs the losses of tasks: statistics in, weights out."""

    learns = False  # whether ``statistics.learned`` is trained
    is_constant = False  # whether the weights are 1, whatever the statistics

    @abc.abstractmethod
    def weights(self, statistics: TaskStatistics) -> torch.Tensor:
        """Return the factor of each task's loss (n_tasks,); that of a task without a label makes no difference."""

    def offsets(self, statistics: TaskStatistics) -> torch.Tensor:
        """Return what is added to each labelled entry's loss (n_tasks,), after it was multiplied."""
        return torch.zeros_like(statistics.noise)


class GradientRule(abc.ABC):
    """A rule that makes one gradient of those of the tasks."""

    @abc.abstractmethod
    def combine(self, gradients: torch.Tensor) -> torch.Tensor:
        """Return one gradient (n_parameters,) for those of the labelled tasks (n_labelled, n_parameters)."""
