"""How many stages of a network stay frozen."""

from sktl.freezing._by_data import late_stages_do_better
from sktl.freezing._choose import FreezeChoice, choose_freeze
from sktl.freezing._situation import Situation
from sktl.freezing._stage_depth import stage_depth

__all__ = ["FreezeChoice", "Situation", "choose_freeze", "late_stages_do_better", "stage_depth"]
