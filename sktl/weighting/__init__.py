"""How the losses of several tasks are weighed."""

from sktl.weighting._choose import RULES, choose_rule
from sktl.weighting._rule import GradientRule, WeightingRule
from sktl.weighting._statistics import TaskStatistics

__all__ = ["RULES", "GradientRule", "TaskStatistics", "WeightingRule", "choose_rule"]
