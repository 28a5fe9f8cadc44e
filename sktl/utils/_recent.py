"""The last few results."""

import collections
from collections.abc import Hashable
from typing import Generic, TypeVar

__all__ = ["Recent"]

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """Keeps the values that were used last.

    Parameters
    ----------
    most : int
        How many are kept.
    """

    def __init__(self, most: int):
        self._most = most
        self._values: collections.OrderedDict[Hashable, Value] = collections.OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: Hashable) -> Value | None:
        """Return the value of a key, None if it is not kept."""
        if key not in self._values:
            return None
        self._values.move_to_end(key)
        return self._values[key]

    def put(self, key: Hashable, value: Value) -> Value:
        """Keep a value, drop the one that was not used for longest, and return the new one."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._most:
            self._values.popitem(last=False)
        return value
