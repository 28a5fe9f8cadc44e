"""How many stages of a network stay frozen."""

from sktl.freezing._choose import FreezeChoice, choose_freeze
from sktl.freezing._situation import Situation
from sktl.freezing._stage_depth import stage_depth

__all__ = ["FreezeChoice", "Situation", "choose_freeze", "stage_depth"]
