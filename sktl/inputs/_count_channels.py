"""How many channels a network for some pictures has to take."""

from sktl.exceptions import UnreadableImageError
from sktl.inputs._containers import Dense, Items
from sktl.inputs._kinds import kind_of
from sktl.inputs._layout import channel_axis, check_dense

__all__ = ["count_channels"]

_COLOUR = 3  # what files and PIL images are brought to, and grey pictures repeated to


def count_channels(source: Dense | Items) -> int:
    """Return the channels of arrays that are neither grey nor coloured; 3 for everything else."""
    if isinstance(source, Dense):
        check_dense(source.shape)
        shape = source.shape[1:]
    else:
        try:
            if kind_of(source[0], 0) != "array":
                return _COLOUR
        except UnreadableImageError:
            return _COLOUR
        shape = source.array(0).shape
    axis = channel_axis([shape], _COLOUR)
    return _COLOUR if axis is None or shape[axis] == 1 else shape[axis]
