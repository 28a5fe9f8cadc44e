"""The meaning of the parameter ``weighting``."""

from sktl.utils._names import nearest_names
from sktl.weighting._dwa import DynamicWeightAverage
from sktl.weighting._equal import EqualWeights
from sktl.weighting._rlw import RandomWeights
from sktl.weighting._rule import GradientRule, WeightingRule
from sktl.weighting._surgery import PCGrad, UPGrad
from sktl.weighting._uncertainty import UncertaintyWeights

__all__ = ["RULES", "choose_rule"]

# One line a rule.
RULES: dict[str, type[WeightingRule] | type[GradientRule]] = {
    "equal": EqualWeights,
    "uncertainty": UncertaintyWeights,
    "dwa": DynamicWeightAverage,
    "rlw": RandomWeights,
    "pcgrad": PCGrad,
    "upgrad": UPGrad,
}


def choose_rule(weighting: str) -> WeightingRule | GradientRule:
    """Return the rule of a name.

    Raises
    ------
    ValueError
        Where there is none of that name.

    Examples
    --------
    >>> from sktl.weighting import choose_rule
    >>> type(choose_rule("equal")).__name__
    'EqualWeights'
    """
    if weighting not in RULES:
        near = nearest_names(weighting, RULES)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"weighting must be one of {list(RULES)}, got {weighting!r}{meant}")
    return RULES[weighting]()
