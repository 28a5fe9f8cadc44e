"""The meaning of the parameter ``sharing``."""

from sktl.sharing._cross_stitch import CrossStitch
from sktl.sharing._hard import HardSharing
from sktl.sharing._none import NoSharing
from sktl.sharing._sharing import Sharing
from sktl.sharing._soft import SoftSharing
from sktl.utils._names import nearest_names

__all__ = ["SCHEMES", "choose_sharing"]

# One line a scheme.
SCHEMES: dict[str, type[Sharing]] = {
    "hard": HardSharing,
    "soft": SoftSharing,
    "cross_stitch": CrossStitch,
    "none": NoSharing,
}


def choose_sharing(sharing: str | Sharing) -> Sharing:
    """Return the scheme of a name with its defaults, or the scheme that is given.

    Raises
    ------
    ValueError
        Where there is none of that name.
    TypeError
        Where it is no scheme and no name.

    Examples
    --------
    >>> from sktl.sharing import choose_sharing
    >>> choose_sharing("soft")
    SoftSharing()
    """
    if isinstance(sharing, Sharing):
        return sharing
    if not isinstance(sharing, str):
        raise TypeError(
            f"sharing must be one of {list(SCHEMES)} or an object such as SoftSharing(strength=1.0), got "
            f"{type(sharing).__name__}"
        )
    if sharing not in SCHEMES:
        near = nearest_names(sharing, SCHEMES)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"sharing must be one of {list(SCHEMES)} or an object, got {sharing!r}{meant}")
    return SCHEMES[sharing]()
