"""The meaning of the parameter ``freeze``."""

import dataclasses
from collections.abc import Callable, Sequence

from sktl.freezing._by_data import freeze_by_data
from sktl.freezing._situation import Situation
from sktl.freezing._stage_depth import stage_depth

__all__ = ["POLICIES", "FreezeChoice", "choose_freeze"]

# One line a policy: sizes in, depth and reason out.
POLICIES: dict[str, Callable[[Situation], tuple[int, str]]] = {
    "auto": freeze_by_data,
}


@dataclasses.dataclass(frozen=True)
class FreezeChoice:
    """How many stages stay frozen, and why."""

    depth: int
    reason: str


def choose_freeze(freeze: int | str, stage_names: Sequence[str], situation: Situation) -> FreezeChoice:
    """Return how many stages stay frozen: ``stages[:freeze]``.

    Parameters
    ----------
    freeze : int or str
        A count of stages as in a slice (negative: from the end), ``"none"``, ``"all"``, the name of the
        last stage to freeze, or the name of a policy (``"auto"``).
    stage_names : sequence of str
        The names of the stages, first to last.
    situation : Situation
        The sizes that a policy decides by.

    Raises
    ------
    TypeError
        Where ``freeze`` is neither a whole number nor a string.
    ValueError
        Where it is out of range or names no stage; the message lists the stages.

    Examples
    --------
    >>> from sktl.freezing import Situation, choose_freeze
    >>> situation = Situation(stage_sizes=(10, 20, 30), n_samples=40, samples_per_class=20)
    >>> choose_freeze(-1, ["stem", "middle", "last"], situation).depth
    2
    >>> choose_freeze("stem", ["stem", "middle", "last"], situation).depth
    1
    >>> choose_freeze("auto", ["stem", "middle", "last"], situation).depth
    3
    """
    if isinstance(freeze, str) and freeze in POLICIES:
        return FreezeChoice(*POLICIES[freeze](situation))
    return FreezeChoice(stage_depth(freeze, stage_names, "freeze"), f"freeze={freeze!r} was given")
