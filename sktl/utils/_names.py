"""Names that a user mistyped."""

import difflib
from collections.abc import Iterable

__all__ = ["nearest_names"]


def nearest_names(name: str, known: Iterable[str], n: int = 5) -> list[str]:
    """Return the known names nearest to ``name``, nearest first; names that contain it count as near."""
    known = list(known)
    close = difflib.get_close_matches(name, known, n=n, cutoff=0.6)
    close += [other for other in known if name and name.lower() in other.lower() and other not in close]
    return close[:n]
