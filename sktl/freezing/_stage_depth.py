"""A place between two stages, as users write it."""

import numbers
from collections.abc import Sequence

from sktl.utils._names import nearest_names

__all__ = ["stage_depth"]


def stage_depth(place: int | str, stage_names: Sequence[str], parameter: str) -> int:
    """Return how many stages lie before a place.

    Parameters
    ----------
    place : int or str
        A count of stages as in a slice (negative: from the end), ``"none"``, ``"all"``, or the name of the last
        stage before the place.
    stage_names : sequence of str
        The names of the stages, first to last.
    parameter : str
        The name of the parameter, for messages.

    Raises
    ------
    TypeError
        Where the place is neither a whole number nor a string.
    ValueError
        Where it is out of range or names no stage; the message lists the stages.

    Examples
    --------
    >>> from sktl.freezing import stage_depth
    >>> stage_depth(-1, ["stem", "middle", "last"], "freeze")
    2
    >>> stage_depth("stem", ["stem", "middle", "last"], "freeze")
    1
    """
    names, n_stages = list(stage_names), len(stage_names)
    if isinstance(place, str):
        if place in names:
            return names.index(place) + 1
        if place in ("none", "all"):
            return 0 if place == "none" else n_stages
        near = nearest_names(place, [*names, "none", "all", "auto"])
        hint = f" Did you mean {', '.join(map(repr, near))}?" if near else ""
        raise ValueError(f"{parameter}={place!r} names no stage; the stages are {names}.{hint}")
    if isinstance(place, bool) or not isinstance(place, numbers.Integral):
        raise TypeError(f"{parameter} must be a whole number or a string, got {place!r} of type {type(place).__name__}")
    if not -n_stages <= place <= n_stages:
        raise ValueError(
            f"{parameter}={place} is out of range: there are {n_stages} stages, {names}, so it must lie between "
            f"{-n_stages} and {n_stages}"
        )
    return int(place) + n_stages if place < 0 else int(place)
