"""What the C library does with memory that is given back to it."""

import contextlib
import ctypes
import functools
import sys
import threading
from collections.abc import Iterator
from typing import Any

__all__ = ["freed_memory_kept"]

# Of glibc's malloc.h, for mallopt.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_MMAP_MAX = -1, -3, -4
MOST_MAPS = 65536  # glibc's default
LARGEST_ON_HEAP = 32 * 2**20  # where glibc's own adaptation ends, as it does beside torch sooner or later
# What a step with a batch of 32 photographs takes, so that the next fold finds it; of more, all is given back.
KEPT_FOR_THE_NEXT = 512 * 2**20

_lock = threading.Lock()
_open = 0


@contextlib.contextmanager
def freed_memory_kept() -> Iterator[None]:
    """Keep what is freed for what is asked for next, while open, for the whole process; later, half a GiB at most.

    For training, and for passes through frozen stages, which ask for the same large arrays at each step. By default
    glibc has given them back to the system in between, which clears each page anew when it is touched: a tenth of a
    step's time, and up to two thirds of it where there is a hypervisor in between. Does nothing where the C library is
    another one.

    Examples
    --------
    >>> from sktl.utils._heap import freed_memory_kept
    >>> with freed_memory_kept():
    ...     pass  # train
    """
    libc = _glibc()
    if libc is None:
        yield
        return
    _enter(libc)
    try:
        yield
    finally:
        _leave(libc)


def _enter(libc: Any) -> None:
    global _open
    with _lock:
        _open += 1
        if _open == 1:
            libc.mallopt(M_MMAP_MAX, 0)
            libc.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def _leave(libc: Any) -> None:
    global _open
    with _lock:
        _open -= 1
        if _open == 0:
            libc.mallopt(M_MMAP_MAX, MOST_MAPS)
            libc.mallopt(M_MMAP_THRESHOLD, LARGEST_ON_HEAP)
            libc.mallopt(M_TRIM_THRESHOLD, KEPT_FOR_THE_NEXT)


@functools.cache
def _glibc() -> Any:
    """Return the GNU C library of this process; None where it is another one."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "gnu_get_libc_version") else None
