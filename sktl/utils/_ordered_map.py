"""Work on many samples with a few threads, one of which may be that which waits for it."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, TypeVar

__all__ = ["OpenWork", "ordered_map"]

Result = TypeVar("Result")


def ordered_map(function: Callable[[int], Result], indices: Sequence[int], n_threads: int) -> list[Result]:
    """Return ``function`` of each index, in order; the first index that fails raises.

    The calling thread is one of those at work. Where another one waits for it (``OpenWork``), that is one of them too
    for as long as it waits.

    Parameters
    ----------
    function : callable
        May be called by several threads at once.
    indices : sequence of int
    n_threads : int
        How many threads are at work, at most.

    Examples
    --------
    >>> from sktl.utils._ordered_map import ordered_map
    >>> ordered_map(lambda index: 10 * index, [3, 1, 2], n_threads=2)
    [30, 10, 20]
    """
    n_threads = min(n_threads, len(indices))
    if n_threads < 2:
        return [function(index) for index in indices]
    work = _Work(function, indices)
    open_work: OpenWork | None = getattr(_this_thread, "open_work", None)
    n_more = n_threads - (1 if open_work is None else 2)
    with contextlib.ExitStack() as stack:
        if open_work is not None:
            stack.enter_context(open_work.laid_out(work))
        if n_more:
            pool = stack.enter_context(ThreadPoolExecutor(n_more))
            for _ in range(n_more):
                pool.submit(work.take_part)
        return work.results()


class OpenWork:
    """What a thread that works ahead has in hand, so that the one that waits for it can take part."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._work: _Work[Any] | None = None

    def do(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Return what a function returns, while its ordered maps in this thread are open to the one that waits."""
        _this_thread.open_work = self
        try:
            return function(*arguments)
        finally:
            del _this_thread.open_work

    def take_part_until(self, future: "Future[Result]") -> Result:
        """Return the result of a future, and do what work there is as long as it is not there."""
        future.add_done_callback(lambda _: self._notify())
        while not future.done():
            with self._changed:
                self._changed.wait_for(lambda: future.done() or (self._work is not None and self._work.is_open))
                work = self._work
            if work is not None:
                work.take_part()
        return future.result()

    @contextlib.contextmanager
    def laid_out(self, work: "_Work[Any]") -> Iterator[None]:
        """Keep some work open."""
        self._lay_out(work)
        try:
            yield
        finally:
            self._lay_out(None)

    def _lay_out(self, work: "_Work[Any] | None") -> None:
        with self._changed:
            self._work = work
            self._changed.notify_all()

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()


class _Work(Generic[Result]):
    """Calls of a function, each of which is taken by whoever is free."""

    def __init__(self, function: Callable[[int], Result], indices: Sequence[int]):
        self._function = function
        self._indices = indices
        self._found: dict[int, Result] = {}
        self._errors: dict[int, BaseException] = {}
        self._n_taken = self._n_busy = 0
        self._changed = threading.Condition()

    @property
    def is_open(self) -> bool:
        """Whether a call is left to be taken; after an error none is."""
        return self._n_taken < len(self._indices) and not self._errors

    def take_part(self) -> None:
        """Make calls until none is left."""
        while (place := self._take()) is not None:
            try:
                self._found[place] = self._function(self._indices[place])
            except BaseException as error:  # an interrupt too: whoever asks for the results shall see it
                self._errors[place] = error
            finally:
                with self._changed:
                    self._n_busy -= 1
                    self._changed.notify_all()

    def results(self) -> list[Result]:
        """Take part, wait for the others, and return all results."""
        self.take_part()
        with self._changed:
            self._changed.wait_for(lambda: self._n_busy == 0)
        if self._errors:
            raise self._errors[min(self._errors)]
        return [self._found[place] for place in range(len(self._indices))]

    def _take(self) -> int | None:
        with self._changed:
            if not self.is_open:
                return None
            self._n_taken += 1
            self._n_busy += 1
            return self._n_taken - 1


_this_thread = threading.local()
