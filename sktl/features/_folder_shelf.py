"""Blocks of rows as files, in a folder that processes share."""

import collections
import contextlib
import errno
import os
import pathlib
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence

import filelock
import numpy as np

from sktl.features._block import (
    BLOCK_NAME,
    HEADER_BYTES,
    NAME_DIGITS,
    TEMPORARY_NAME,
    Block,
    Draft,
    count_rows,
    map_rows,
    write_block,
)
from sktl.features._budget import Resident, folder_bound
from sktl.features._index import RowIndex

__all__ = ["FolderShelf"]

SPACE_NAME = re.compile(r"[0-9a-f]{32}")
# Of the rows of a space, for processes to take turns at; four have four turns each.
N_SHARES = 16
# A mapped file counts as open, and some systems let a process open no more than 256.
N_MAPPED = 64
# The file of a block shows its last use this exactly, in nanoseconds; less would cost more than it tells.
TOUCH_EVERY = 500_000_000
# No process takes a day to write a block: it died, and what it left is swept.
DAY = 24 * 3600


class FolderShelf:
    """Blocks as files ``<folder>/<space>/<checksum>-<priority>.npy``.

    Parameters
    ----------
    folder : path-like
        It is made when something is first written.
    """

    header_bytes = HEADER_BYTES
    n_shares = N_SHARES

    def __init__(self, folder: str | os.PathLike[str]):
        if not isinstance(folder, (str, os.PathLike)):
            raise TypeError(
                f"folder of ActivationCache must be the path of a folder, or None; got {folder!r}. "
                "None keeps activations in memory."
            )
        self.folder = pathlib.Path(folder).expanduser()
        if self.folder.exists() and not self.folder.is_dir():
            raise NotADirectoryError(
                f"folder of ActivationCache must be the path of a folder, but {str(self.folder)!r} is a file. "
                "Name another folder, or move the file away."
            )
        self._mutex = threading.Lock()
        self._mapped: collections.OrderedDict[pathlib.Path, np.ndarray] = collections.OrderedDict()
        self._locks: dict[tuple[bytes | None, int], filelock.BaseFileLock] = {}
        self._sizes: dict[bytes, dict[str, int]] = {}

    def bound(self, max_bytes: object) -> int:
        """Return how many bytes may be held."""
        return folder_bound(max_bytes, self.folder, self.held({}))

    def lock(self, space: bytes | None, share: int = 0, waits: bool = True) -> contextlib.AbstractContextManager:
        """Shut out other processes, from a share of a space or, for None, from all that changes what the folder holds.

        The lock is taken at once; TimeoutError where another process has it and it shall not wait.
        """
        folder = self.folder if space is None else self.folder / space.hex()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            writable = os.access(folder, os.W_OK | os.X_OK)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise
            writable = False
        if not writable:
            raise PermissionError(
                f"folder of ActivationCache must be one that can be written to, but {str(folder)!r} cannot. "
                "Change its permissions, name another folder, or pass folder=None to keep activations in memory."
            )
        with self._mutex:
            if (space, share) not in self._locks:
                file = folder / (f".lock-{share}" if share else ".lock")
                self._locks[space, share] = filelock.FileLock(file, thread_local=False)
            lock = self._locks[space, share]
        return lock.acquire(blocking=waits)

    def changes(self, space: bytes, index: RowIndex, floor: float) -> tuple[list[Block], list[pathlib.Path]]:
        """Return the blocks that others took away, and the files that the index does not know, foreign ones too.

        A block that is mapped and was asked for since ``floor`` is not lost: its rows can be read all the same.
        """
        names = self._names(space)
        here = {match["checksum"] for match in map(BLOCK_NAME.fullmatch, names) if match}
        known = here & index.numbers.keys()
        new = [name for name in names if not (name[:NAME_DIGITS] in known and BLOCK_NAME.fullmatch(name))]
        lost = [block for block in index.blocks.values() if block.name not in here]
        if lost:
            with self._mutex:
                lost = [b for b in lost if b.last_request < floor or self._path(space, b) not in self._mapped]
                for block in lost:
                    self._mapped.pop(self._path(space, block), None)
        return lost, [self.folder / space.hex() / name for name in new]

    def held(self, indexes: Mapping[bytes, RowIndex]) -> int:
        """Return how many bytes are held, those of other processes and foreign files among them."""
        return sum(size for space in self._spaces() for size in self._sizes_in(space).values())

    def residents(self, indexes: Mapping[bytes, RowIndex]) -> list[Resident]:
        """Return all blocks that are held; foreign files are blocks that nobody asked for."""
        found = []
        for space in self._spaces():
            for name, size in self._sizes_in(space).items():
                match = BLOCK_NAME.fullmatch(name)
                found.append(Resident(space, name, size, int(match["priority"]) if match else 0))
        return found

    def n_rows(self, indexes: Mapping[bytes, RowIndex]) -> int:
        """Return how many rows are held."""
        return sum(
            count_rows(self.folder / space.hex() / name) for space in self._spaces() for name in self._names(space)
        )

    def last_use(self, resident: Resident, block: Block | None) -> int:
        """Return when a block was last used, by this process or another."""
        with contextlib.suppress(FileNotFoundError):
            shown = (self.folder / resident.space.hex() / resident.name).stat().st_mtime_ns
            return max(shown, block.last_use) if block is not None else shown
        return 0

    def draft(self, space: bytes, keys: Sequence[bytes], rows: np.ndarray) -> Draft | None:
        """Write a file of rows that is no block yet, which takes most of the time of `put`; None where it fails."""
        try:
            return Draft(self.folder / space.hex(), keys, rows)
        except OSError:
            return None

    def put(
        self, space: bytes, keys: list[bytes], rows: np.ndarray, priority: int, draft: Draft | None = None
    ) -> Block:
        """Make a file of rows a block: the draft of them, or one that is written now."""
        folder = self.folder / space.hex()
        folder.mkdir(exist_ok=True)
        path = write_block(folder, keys, rows, priority) if draft is None else draft.publish(priority)
        return Block(path.name[:NAME_DIGITS], keys, rows.shape, rows.dtype, priority)

    def rows_of(self, space: bytes, block: Block) -> np.ndarray:
        """Return the rows of a block; FileNotFoundError where another process took it away or renamed it."""
        path = self._path(space, block)
        with self._mutex:
            if path not in self._mapped:
                self._mapped[path] = map_rows(path)
                if len(self._mapped) > N_MAPPED:
                    self._mapped.popitem(last=False)
            self._mapped.move_to_end(path)
            return self._mapped[path]

    def remove(self, resident: Resident) -> bool:
        """Delete a file, and return whether it is gone."""
        path = self.folder / resident.space.hex() / resident.name
        with self._mutex:
            self._mapped.pop(path, None)
        try:
            path.unlink(missing_ok=True)
        except PermissionError:  # Windows deletes no file that a process has mapped
            return False
        return True

    def touch(self, space: bytes, block: Block) -> None:
        """Let other processes know that a block was used, where the folder can be written to."""
        if block.last_use - block.last_touch >= TOUCH_EVERY:
            block.last_touch = block.last_use
            with contextlib.suppress(OSError):
                os.utime(self._path(space, block), ns=(block.last_use, block.last_use))

    def promote(self, space: bytes, block: Block) -> None:
        """Let other processes know that somebody asked for the rows of a block."""
        old, new = self._path(space, block), self.folder / space.hex() / f"{block.name}-1.npy"
        with contextlib.suppress(OSError), self._mutex:
            os.replace(old, new)
            block.priority = 1
            if old in self._mapped:
                self._mapped[new] = self._mapped.pop(old)

    def _path(self, space: bytes, block: Block) -> pathlib.Path:
        return self.folder / space.hex() / f"{block.name}-{block.priority}.npy"

    def _spaces(self) -> Iterator[bytes]:
        try:
            names = sorted(os.listdir(self.folder))
        except FileNotFoundError:
            return
        yield from (bytes.fromhex(name) for name in names if SPACE_NAME.fullmatch(name))

    def _names(self, space: bytes) -> list[str]:
        """Return the names of files that are blocks, or pretend to be; sweep what dead processes left."""
        folder = self.folder / space.hex()
        try:
            names = os.listdir(folder)
        except FileNotFoundError:
            return []
        for name in names:
            if name.endswith(".tmp") and TEMPORARY_NAME.fullmatch(name):
                with contextlib.suppress(OSError):
                    if time.time() - (folder / name).stat().st_mtime > DAY:
                        (folder / name).unlink()
        return [name for name in names if name.endswith(".npy")]

    def _sizes_in(self, space: bytes) -> dict[str, int]:
        """Return the sizes of the files of a space by their names; a file is asked for its size once."""
        known, sizes = self._sizes.get(space, {}), {}
        for name in self._names(space):
            with contextlib.suppress(FileNotFoundError):
                sizes[name] = known.get(name) or (self.folder / space.hex() / name).stat().st_size
        self._sizes[space] = sizes
        return sizes
