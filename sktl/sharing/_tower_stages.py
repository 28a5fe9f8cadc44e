"""One stage of several towers."""

import copy

import torch
from torch import nn

from sktl.sharing._stacked import stack, unstack

__all__ = ["StitchedStage", "TowerStage", "tower_of"]


class TowerStage(nn.Module):
    """The same stage of several towers, side by side: one product where they are small, else one after the other.

    Parameters
    ----------
    stage : torch.nn.Module
        What each tower starts from.
    n_towers : int
        How many there are.
    is_first : bool
        Whether the towers part here: then what goes in is (b, ...), the same for all, else (n_towers, b, ...).
    stacked : bool, default=True
        Whether to make one product of them where that can be done.
    """

    def __init__(self, stage: nn.Module, n_towers: int, is_first: bool, stacked: bool = True):
        super().__init__()
        self.n_towers = n_towers
        self.is_first = is_first
        copies = [copy.deepcopy(stage) for _ in range(n_towers)]
        one = stack(copies) if stacked else None
        self.is_stacked = one is not None
        self.towers: nn.Module = nn.ModuleList(copies) if one is None else one

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return what the towers make of their inputs: (n_towers, b, ...)."""
        if not isinstance(self.towers, nn.ModuleList):
            return self.towers(x.unsqueeze(0).expand(self.n_towers, *x.shape) if self.is_first else x)
        # A stage may write to its input: each tower has one of its own.
        inputs = [(x if self.is_first else x[number]).clone() for number in range(self.n_towers)]
        return torch.stack([tower(one) for tower, one in zip(self.towers, inputs, strict=True)])

    def tied(self) -> list[list[nn.Parameter]]:
        """Return the parameters that belong together: one (n_towers, ...) for all towers, or one for each."""
        if not isinstance(self.towers, nn.ModuleList):
            return [[parameter] for parameter in self.towers.parameters()]
        return [list(alike) for alike in zip(*(tower.parameters() for tower in self.towers), strict=True)]

    def tower(self, number: int) -> nn.Module:
        """Return the stage of one tower, as a module of its own."""
        if not isinstance(self.towers, nn.ModuleList):
            return unstack(self.towers, number)
        return copy.deepcopy(self.towers[number])


class StitchedStage(nn.Module):
    """A stage of several towers, each of which goes on with a mixture of what all of them return.

    Parameters
    ----------
    stage : TowerStage
        The towers.
    own_share : float
        The share of itself that a tower starts with; the others have equal parts of the rest.

    Attributes
    ----------
    mixing : Parameter of shape (n_towers, n_towers)
        The shares; a row is what one tower takes.
    """

    def __init__(self, stage: TowerStage, own_share: float):
        super().__init__()
        self.stage = stage
        n_towers = stage.n_towers
        shares = torch.full((n_towers, n_towers), (1 - own_share) / (n_towers - 1))
        self.mixing = nn.Parameter(shares.fill_diagonal_(own_share))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return mixtures (n_towers, b, ...)."""
        return torch.einsum("st,t...->s...", self.mixing, self.stage(x))


def tower_of(stage: nn.Module, number: int) -> nn.Module:
    """Return a copy of one tower's stage; of the stage itself where all tasks share it.

    Raises
    ------
    AttributeError
        Where towers exchange what they see, so that no tower is a network by itself.
    """
    if isinstance(stage, StitchedStage):
        raise AttributeError(
            "with CrossStitch each tower takes part of what the others see at every stage, so that the network of one "
            "task cannot be had by itself: use sharing='soft' or 'none' for that"
        )
    one = getattr(stage, "tower", None)
    return copy.deepcopy(stage) if one is None else one(number)
