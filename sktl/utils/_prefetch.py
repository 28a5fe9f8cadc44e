"""Loading ahead."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sktl.utils._ordered_map import OpenWork

__all__ = ["prefetch"]

Item = TypeVar("Item")
Loaded = TypeVar("Loaded")


def prefetch(load: Callable[[Item], Loaded], items: Iterable[Item]) -> Iterator[tuple[Item, Loaded]]:
    """Yield each item with what ``load`` makes of it, while a thread loads the next one.

    Whoever asks for the next one before it is there takes part in loading it: beside a network that is faster than the
    loading, one more thread is at work, and beside one that is slower, none stands in its way.
    """
    work = OpenWork()
    with ThreadPoolExecutor(max_workers=1) as thread:
        waiting = None
        for item in items:
            coming = (item, thread.submit(work.do, load, item))
            if waiting is not None:
                yield waiting[0], work.take_part_until(waiting[1])
            waiting = coming
        if waiting is not None:
            yield waiting[0], work.take_part_until(waiting[1])
