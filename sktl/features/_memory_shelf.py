"""Blocks of rows in the memory of this process."""

import contextlib
import itertools
import pathlib
from collections.abc import Mapping, Sequence

import numpy as np

from sktl.features._block import Block
from sktl.features._budget import Resident, memory_bound
from sktl.features._index import RowIndex
from sktl.utils._memory import copy_apart

__all__ = ["MemoryShelf"]


class MemoryShelf:
    """Blocks as arrays of this process; whatever a folder needs beside that is nothing here."""

    header_bytes = 0
    n_shares = 1

    def __init__(self) -> None:
        self._names = itertools.count()

    def bound(self, max_bytes: object) -> int:
        """Return how many bytes may be held."""
        return memory_bound(max_bytes)

    def lock(self, space: bytes | None, share: int = 0, waits: bool = True) -> contextlib.AbstractContextManager:
        """Shut out other processes."""
        return contextlib.nullcontext()

    def changes(self, space: bytes, index: RowIndex, floor: float) -> tuple[list[Block], list[pathlib.Path]]:
        """Return the blocks that others took away, and the files that others wrote."""
        return [], []

    def held(self, indexes: Mapping[bytes, RowIndex]) -> int:
        """Return how many bytes are held."""
        return sum(block.n_bytes for index in indexes.values() for block in index.blocks.values())

    def residents(self, indexes: Mapping[bytes, RowIndex]) -> list[Resident]:
        """Return all blocks that are held."""
        return [
            Resident(space, block.name, block.n_bytes, block.priority)
            for space, index in indexes.items()
            for block in index.blocks.values()
        ]

    def n_rows(self, indexes: Mapping[bytes, RowIndex]) -> int:
        """Return how many rows are held."""
        return sum(len(block.keys) for index in indexes.values() for block in index.blocks.values())

    def last_use(self, resident: Resident, block: Block | None) -> int:
        """Return when a block was last used."""
        return block.last_use if block is not None else 0

    def draft(self, space: bytes, keys: Sequence[bytes], rows: np.ndarray) -> None:
        """Do nothing, and so return None: no other process waits while rows are copied."""

    def put(self, space: bytes, keys: list[bytes], rows: np.ndarray, priority: int, draft: object = None) -> Block:
        """Hold a copy of ``rows``."""
        return Block(str(next(self._names)), keys, rows.shape, rows.dtype, priority, copy_apart(rows))

    def rows_of(self, space: bytes, block: Block) -> np.ndarray:
        """Return the rows of a block."""
        assert block.rows is not None, "a block in memory holds its rows"
        return block.rows

    def remove(self, resident: Resident) -> bool:
        """Give up a block that the index dropped, and return whether it is gone."""
        return True

    def touch(self, space: bytes, block: Block) -> None:
        """Let other processes know that a block was used."""

    def promote(self, space: bytes, block: Block) -> None:
        """Let other processes know that somebody asked for the rows of a block."""
        block.priority = 1
