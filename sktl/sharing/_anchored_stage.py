"""Towers as offsets from an anchor that they share."""

import copy

import torch
from torch import nn
from torch.func import functional_call

from sktl.sharing._tower_stages import TowerStage

__all__ = ["AnchoredStage"]


class AnchoredStage(nn.Module):
    """One stage of several towers, whose weights are those of an anchor plus an offset per tower.

    Both are trained: the anchor by the sum of the towers' gradients, each offset by its own tower's. Without offsets
    all towers are the anchor, and are trained as one network is.

    Parameters
    ----------
    stage : TowerStage
        The towers, all of which are alike.
    """

    def __init__(self, stage: TowerStage):
        super().__init__()
        self.offsets = stage
        with torch.no_grad():
            towers = stage.tied()
            self.anchors = nn.ParameterList(
                nn.Parameter((alike[0] if len(alike) > 1 else alike[0][0]).clone()) for alike in towers
            )
            for alike in towers:
                for offset in alike:
                    offset.zero_()
        places = {id(offset): place for place, alike in enumerate(towers) for offset in alike}
        self._places = {name: places[id(offset)] for name, offset in stage.named_parameters()}

    def _weights(self) -> dict[str, torch.Tensor]:
        """Return the weights of the towers, by their names in the stage."""
        return {name: self.anchors[self._places[name]] + offset for name, offset in self.offsets.named_parameters()}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return what the towers make of their inputs: (n_towers, b, ...)."""
        return functional_call(self.offsets, self._weights(), (x,))

    @torch.no_grad()
    def shrink(self, amount: float) -> None:
        """Take the proximal step of amount · Σ_t ‖offset_t‖²."""
        for offset in self.offsets.parameters():
            offset.div_(1 + 2 * amount)

    @torch.no_grad()
    def tower(self, number: int) -> nn.Module:
        """Return the stage of one tower, as a module of its own."""
        whole = copy.deepcopy(self.offsets)
        for name, weight in self._weights().items():
            whole.get_parameter(name).copy_(weight)
        return whole.tower(number)
