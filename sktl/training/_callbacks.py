"""The parameter ``callbacks``."""

import copy
from collections.abc import Sequence
from typing import Any

from skorch.callbacks import Callback

__all__ = ["read_callbacks"]


def read_callbacks(callbacks: Sequence[Any]) -> list[Any]:
    """Return copies of callbacks, or of pairs of a name and one, as skorch takes them.

    Raises
    ------
    TypeError
        Where one of them is something else.
    """
    for number, given in enumerate(callbacks):
        callback = given[-1] if isinstance(given, tuple) and len(given) == 2 else given
        if not (isinstance(callback, Callback) or (isinstance(callback, type) and issubclass(callback, Callback))):
            raise TypeError(
                f"callbacks[{number}] is {given!r}: expected a callback of skorch, such as "
                "skorch.callbacks.GradientNormClipping(), or a pair of a name and one"
            )
    return copy.deepcopy(list(callbacks))
