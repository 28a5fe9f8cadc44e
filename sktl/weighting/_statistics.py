"""What a weighting rule goes by."""

import dataclasses

import torch

__all__ = ["TaskStatistics"]


@dataclasses.dataclass(frozen=True)
class TaskStatistics:
    """Numbers of each task, which a rule makes weights of.

    Parameters
    ----------
    labelled : Tensor of bool of shape (n_tasks,)
        Which tasks have a label in the batch.
    previous : Tensor of shape (2, n_tasks)
        Mean losses over the last epoch and over the one before it; NaN where there is none.
    learned : Tensor of shape (n_tasks,)
        Numbers that are trained together with the network, 0 at first.
    noise : Tensor of shape (n_tasks,)
        Draws from a standard normal distribution, new for every batch.
    """

    labelled: torch.Tensor
    previous: torch.Tensor
    learned: torch.Tensor
    noise: torch.Tensor

    def permuted(self, order: torch.Tensor) -> "TaskStatistics":
        """Return the statistics with the tasks in another order."""
        return TaskStatistics(self.labelled[order], self.previous[:, order], self.learned[order], self.noise[order])
