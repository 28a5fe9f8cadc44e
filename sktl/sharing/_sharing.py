"""What all sharing schemes have in common."""

import abc
import dataclasses
from collections.abc import Sequence
from typing import Protocol

from sklearn.base import BaseEstimator
from torch import nn

from sktl.sharing._task_heads import TaskHead

__all__ = ["JoinedModules", "Sharing", "Tie"]


class Tie(Protocol):
    """Draws the towers of a stage together."""

    def __call__(self, stages: nn.ModuleList, lr: float, lr_decay: float) -> None:
        """Change parameters in place, after a step of rate ``lr`` at the head, ``lr_decay`` times less a stage."""


@dataclasses.dataclass(frozen=True)
class JoinedModules:
    """The trainable part of a network for several tasks.

    Parameters
    ----------
    stages : torch.nn.ModuleList
        The free stages. Where each task has a tower, the first takes (b, ...) and returns (n_towers, b, ...).
    head : TaskHead
        Maps pooled features, (b, n_features) or (n_towers, b, n_features), to outputs (b, n_outputs) of all tasks.
    has_towers : bool, default=False
        Whether each task has stages of its own.
    tie : Tie or None, default=None
        What draws the towers together after each step.
    """

    stages: nn.ModuleList
    head: TaskHead
    has_towers: bool = False
    tie: Tie | None = None


class Sharing(BaseEstimator, abc.ABC):
    """A scheme that says which part of a network the tasks share, and how.

    It stores parameters as an estimator does, so that a search reaches them as ``sharing__<name>``.
    """

    shares = True  # whether tasks have anything in common but what is frozen

    @abc.abstractmethod
    def join(self, stages: nn.ModuleList, heads: Sequence[nn.Sequential], stage_names: Sequence[str]) -> JoinedModules:
        """Return the trainable part of a network. With a single task there is nothing to share: all schemes are one.

        Parameters
        ----------
        stages : torch.nn.ModuleList
            The stages that are not frozen. They are used up.
        heads : sequence of torch.nn.Sequential
            A head per task.
        stage_names : sequence of str
            The names of the stages.

        Raises
        ------
        ValueError
            Where a parameter of the scheme is out of range.
        """
