"""How long a call takes."""

import time
from collections.abc import Callable

__all__ = ["least_seconds"]


def least_seconds(function: Callable[[], object], repeats: int) -> float:
    """Return the least of the seconds that a few calls take."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return min(seconds)
