"""Work on many samples with a few threads."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["count_threads", "ordered_map"]

_DEFAULT_THREADS = 4  # decoding lets go of the interpreter; more than this seldom pays beside a network

Result = TypeVar("Result")


def count_threads(n_jobs: int | None) -> int:
    """Return how many threads ``n_jobs`` asks for; negative numbers count back from all, as in scikit-learn.

    Raises
    ------
    ValueError
        Where it is 0.
    """
    n_cpus = os.cpu_count() or 1
    if n_jobs is None:
        return min(_DEFAULT_THREADS, n_cpus)
    if n_jobs == 0:
        raise ValueError("n_jobs is 0: expected None, a positive number of threads, or -1 for one per core")
    return n_jobs if n_jobs > 0 else max(1, n_cpus + 1 + n_jobs)


def ordered_map(function: Callable[[int], Result], indices: Sequence[int], n_threads: int) -> list[Result]:
    """Return ``function`` of each index, in order; the first index that fails raises."""
    n_threads = min(n_threads, len(indices))
    if n_threads < 2:
        return [function(index) for index in indices]
    with ThreadPoolExecutor(n_threads) as pool:
        return list(pool.map(function, indices))
