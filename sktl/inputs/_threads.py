"""How many threads decode."""

import os

__all__ = ["count_threads"]

_DEFAULT_THREADS = 4  # decoding lets go of the interpreter; more than this seldom pays beside a network


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
