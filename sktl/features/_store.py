"""The machinery of a cache: what it holds, what it takes in, what leaves it."""

import contextlib
import errno
import os
import pathlib
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from sktl.exceptions import CacheWarning
from sktl.features._block import KEY_BYTES, NAME_DIGITS, Block, DamagedBlock, Draft, open_block
from sktl.features._budget import Resident, block_sizes, leaving
from sktl.features._folder_shelf import FolderShelf
from sktl.features._index import RowIndex
from sktl.features._memory_shelf import MemoryShelf
from sktl.utils._warn import warn_user

__all__ = ["RowStore"]


class RowStore:
    """Rows by space and key, within a bound.

    Locks are taken in this order: those of the shares of a space, from the first on, that of the bound (the space
    None), and the mutex, which is held for moments and guards what this object knows.

    Parameters
    ----------
    folder : path-like or None
        Where rows are kept; None: in memory.
    max_bytes : int or "auto"
        The bound.

    Attributes
    ----------
    shelf : MemoryShelf or FolderShelf
        Where the blocks are.
    n_evicted, n_damaged : int
        Blocks that left to make room, and files that were damaged or foreign.
    """

    def __init__(self, folder: str | os.PathLike[str] | None, max_bytes: object):
        self.shelf: MemoryShelf | FolderShelf = MemoryShelf() if folder is None else FolderShelf(folder)
        self.max_bytes = max_bytes
        self.n_evicted = 0
        self.n_damaged = 0
        self._mutex = threading.RLock()
        self._thread_locks: dict[tuple[bytes | None, int], Any] = {}
        self._indexes: dict[bytes, RowIndex] = {}
        self._bound: int | None = None
        self._sessions: list[int] = []
        self._now = 0
        self._is_full = False
        self._unreadable: set[pathlib.Path] = set()
        self._messages: list[str] = []

    @contextlib.contextmanager
    def exclusive(self, space: bytes | None, share: int = 0, waits: bool = True) -> Iterator[None]:
        """Shut out other threads and processes; a thread that is inside may enter again.

        TimeoutError where another is inside and it shall not wait.
        """
        with self._mutex:
            thread_lock = self._thread_locks.setdefault((space, share), threading.RLock())
        if not thread_lock.acquire(blocking=waits):
            raise TimeoutError("another thread has the lock")
        try:
            with self.shelf.lock(space, share, waits):
                yield
        finally:
            thread_lock.release()

    @contextlib.contextmanager
    def session(self) -> Iterator[None]:
        """Keep the blocks that are asked for from now on."""
        start = self._tick()
        try:
            self._sessions.append(start)
            yield
        finally:
            with contextlib.suppress(ValueError):  # interrupted before it began
                self._sessions.remove(start)

    def locate(
        self, space: bytes, keys: Sequence[bytes], *, wanted: bool = False
    ) -> tuple[RowIndex, np.ndarray, dict[int, Block]]:
        """Return the index of a space, the places of ``keys`` in it, and the blocks there.

        The blocks count as used; if the rows are ``wanted``, as asked for.
        """
        with self._mutex:
            index = self._indexes.setdefault(space, RowIndex())
            places = index.find(keys)
            if (places < 0).any():
                self._refresh(space, index)
                places = index.find(keys)
            blocks = index.blocks_at(places)
            now = self._tick()
            for block in blocks.values():
                block.last_use = block.last_request = now
                self.shelf.touch(space, block)
                if wanted and block.priority == 0:
                    self.shelf.promote(space, block)
        self._warn()
        return index, places, blocks

    def rows_of(self, space: bytes, index: RowIndex, block: Block) -> np.ndarray:
        """Return the rows of a block; where its file went away, forget the block and raise FileNotFoundError."""
        try:
            return self.shelf.rows_of(space, block)
        except FileNotFoundError:
            with self._mutex:
                index.drop(block.name)
            raise

    def draft(self, space: bytes, keys: Sequence[bytes], rows: np.ndarray) -> Draft | None:
        """Write rows apart from the others, so that other processes need not wait while it is done.

        None where it would be in vain: some of the rows are there, or no more fit.
        """
        if self._is_full or len(set(keys)) < len(keys) or (self.locate(space, keys)[1] >= 0).any():
            return None
        return self.shelf.draft(space, keys, rows)

    def put(
        self,
        space: bytes,
        keys: Sequence[bytes],
        rows: np.ndarray,
        positions: list[int],
        priority: int,
        draft: Draft | None = None,
    ) -> int:
        """Store the rows at ``positions``, which are not there, and return how many fit; hold the lock of the bound.

        If all fit into one block, the draft of all rows is made that block.
        """
        index = self._indexes[space]
        row_bytes = KEY_BYTES + rows[:1].nbytes
        n_stored = 0
        for size in self._make_room(len(positions), row_bytes, priority):
            part = positions[n_stored : n_stored + size]
            try:
                is_run = part[-1] - part[0] == len(part) - 1  # positions rise: a view will do
                chosen = rows[part[0] : part[-1] + 1] if is_run else rows[part]
                whole = draft if size == len(keys) else None
                block = self.shelf.put(space, [keys[i] for i in part], chosen, priority, whole)
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
                self._messages.append(
                    f"the disk is full: {len(positions) - n_stored} rows of activations were not stored ({error}). "
                    "Free some space, or give ActivationCache a smaller max_bytes."
                )
                break
            with self._mutex:
                block.last_use = self._tick()
                block.last_request = block.last_use if priority else 0
                index.add(block)
            n_stored += size
        self._is_full = n_stored < len(positions)
        self._warn()
        return n_stored

    def room(self, blocks: dict[int, Block]) -> int:
        """Return how many bytes can be stored while ``blocks`` and those in use stay."""
        kept = set(blocks.values())
        with self._mutex:
            stays = [
                resident.n_bytes
                for resident in self._residents()
                if self._in_use(resident) or self._block(resident) in kept
            ]
            return max(0, self.bound() - sum(stays))

    def bound(self) -> int:
        """Return how many bytes may be held, decided at the first call."""
        with self._mutex:
            if self._bound is None:
                self._bound = self.shelf.bound(self.max_bytes)
            return self._bound

    def clear(self) -> None:
        """Drop all rows."""
        with self.exclusive(None), self._mutex:
            for resident in self._residents():
                self.shelf.remove(resident)
            self._indexes.clear()

    def n_bytes(self) -> int:
        """Return how many bytes are held."""
        with self._mutex:
            return self.shelf.held(self._indexes)

    def n_rows(self) -> int:
        """Return how many rows are held."""
        with self._mutex:
            return self.shelf.n_rows(self._indexes)

    def _make_room(self, n_rows: int, row_bytes: int, priority: int) -> list[int]:
        """Drop what may leave, as far as it must, and return the sizes of the blocks that fit then."""
        with self._mutex:
            free, header_bytes = self.bound() - self.n_bytes(), self.shelf.header_bytes
            sizes = block_sizes(n_rows, row_bytes, header_bytes, free)
            if sum(sizes) == n_rows:
                return sizes
            may_leave = [r for r in self._residents() if r.priority <= priority and not self._in_use(r)]
            most = free + sum(resident.n_bytes for resident in may_leave)
            sizes = block_sizes(n_rows, row_bytes, header_bytes, most)
            if not sizes:
                return []
            excess = sum(sizes) * row_bytes + len(sizes) * header_bytes - free
            for resident in leaving(may_leave, excess, lambda r: self.shelf.last_use(r, self._block(r))):
                if self.shelf.remove(resident):
                    self._indexes.get(resident.space, RowIndex()).drop(resident.name[:NAME_DIGITS])
                    self.n_evicted += 1
                    free += resident.n_bytes
            return block_sizes(n_rows, row_bytes, header_bytes, free)

    def _refresh(self, space: bytes, index: RowIndex) -> None:
        """Take in what other processes wrote, and drop what they took away; hold the mutex."""
        lost, new = self.shelf.changes(space, index, self._floor())
        for block in lost:
            index.drop(block.name)
        for path in new:
            if path in self._unreadable:
                continue
            try:
                block = open_block(path)
                if index.like() not in (None, (block.shape[1:], block.dtype)):
                    raise DamagedBlock("its rows have another shape or type than the rows beside it")
                index.add(block)
            except FileNotFoundError:
                continue
            except (OSError, ValueError, EOFError) as error:
                self._discard(path, error)

    def _discard(self, path: pathlib.Path, error: Exception) -> None:
        """Delete a file that is no block, and let the user know."""
        done = "It is deleted"
        try:
            if isinstance(error, OSError):
                raise error
            path.unlink(missing_ok=True)
        except OSError:
            self._unreadable.add(path)
            done = "It is left where it is and not used; delete it or change its permissions"
        self.n_damaged += 1
        self._messages.append(
            f"the cache file {path} is damaged or foreign: {error}. {done}; its rows are computed anew."
        )

    def _warn(self) -> None:
        with self._mutex:
            messages, self._messages = self._messages, []
        for message in messages:
            warn_user(message, CacheWarning)

    def _residents(self) -> list[Resident]:
        return self.shelf.residents(self._indexes)

    def _block(self, resident: Resident) -> Block | None:
        index = self._indexes.get(resident.space)
        return index.by_name(resident.name[:NAME_DIGITS]) if index else None

    def _in_use(self, resident: Resident) -> bool:
        block = self._block(resident)
        return block is not None and block.last_request >= self._floor()

    def _floor(self) -> float:
        return min(self._sessions, default=float("inf"))

    def _tick(self) -> int:
        """Return the time in nanoseconds, later than ever before."""
        with self._mutex:
            self._now = max(self._now + 1, time.time_ns())
            return self._now
