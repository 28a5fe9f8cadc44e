"""Where the rows of one space lie."""

from collections.abc import Callable, Sequence

import numpy as np

from sktl.features._block import KEY_BYTES, Block

__all__ = ["RowIndex", "check_ids", "check_rows", "gather"]

# A place is the number of a block and a position in it, in one integer.
POSITION_BITS = 32
POSITIONS = (1 << POSITION_BITS) - 1
ABSENT = -1


def check_ids(space: bytes, keys: Sequence[bytes]) -> None:
    """Refuse a space or keys that are not 16 bytes."""
    for name, ids in (("space", [space]), ("keys", keys)):
        if any(not isinstance(one, bytes) or len(one) != KEY_BYTES for one in ids):
            wrong = next(one for one in ids if not isinstance(one, bytes) or len(one) != KEY_BYTES)
            raise ValueError(
                f"{name} of an activation cache must be made of {KEY_BYTES} bytes each, got {wrong!r}. "
                f"Hash what they stand for, with hashlib.blake2b(..., digest_size={KEY_BYTES})."
            )


def check_rows(keys: Sequence[bytes], rows: np.ndarray, priority: int) -> None:
    """Refuse what is no row of numbers for each key, and a priority that there is not."""
    if rows.dtype.kind not in "biufc":
        raise TypeError(
            f"rows of an activation cache must be numbers or booleans, got the type {rows.dtype}; convert them"
        )
    if rows.ndim == 0 or len(rows) != len(keys):
        raise ValueError(f"expected one row for each of {len(keys)} keys, got an array of the shape {rows.shape}")
    if priority not in (0, 1):
        raise ValueError(f"priority must be 0 (nobody has asked for the rows yet) or 1, got {priority!r}")


class RowIndex:
    """The blocks of one space, and for each key the place of its row.

    Attributes
    ----------
    blocks : dict of int to Block
        By number.
    numbers : dict of str to int
        The numbers of the blocks by their names.
    """

    def __init__(self) -> None:
        self.blocks: dict[int, Block] = {}
        self.numbers: dict[str, int] = {}
        self._places: dict[bytes, int] = {}
        self._next = 0

    def find(self, keys: Sequence[bytes]) -> np.ndarray:
        """Return the places of ``keys``, -1 where there is no row."""
        get = self._places.get
        return np.fromiter((get(key, ABSENT) for key in keys), dtype=np.int64, count=len(keys))

    def blocks_at(self, places: np.ndarray) -> dict[int, Block]:
        """Return the blocks that ``places`` lie in, by number."""
        return {number: self.blocks[number] for number in np.unique(places[places >= 0] >> POSITION_BITS).tolist()}

    def by_name(self, name: str) -> Block | None:
        """Return the block of this name, or None."""
        return self.blocks.get(self.numbers.get(name, ABSENT))

    def like(self) -> tuple[tuple[int, ...], np.dtype] | None:
        """Return the shape and type of a row, or None where there is none."""
        first = next(iter(self.blocks.values()), None)
        return None if first is None else (first.shape[1:], first.dtype)

    def add(self, block: Block) -> None:
        """Take a block in; keys that have a place keep it."""
        number, self._next = self._next, self._next + 1
        self.blocks[number] = block
        self.numbers[block.name] = number
        for position, key in enumerate(block.keys):
            self._places.setdefault(key, number << POSITION_BITS | position)

    def drop(self, name: str) -> None:
        """Forget a block, where it is known."""
        number = self.numbers.pop(name, ABSENT)
        if number == ABSENT:
            return
        for position, key in enumerate(self.blocks.pop(number).keys):
            if self._places.get(key) == number << POSITION_BITS | position:
                del self._places[key]


def gather(blocks: dict[int, Block], places: np.ndarray, rows_of: Callable[[Block], np.ndarray]) -> np.ndarray:
    """Return the rows at ``places``, which are one or more, stacked in a fresh array."""
    numbers, positions = places >> POSITION_BITS, places & POSITIONS
    first = blocks[int(numbers[0])]
    if len(blocks) == 1:
        rows = rows_of(first)
        whole = len(places) == len(rows) and np.array_equal(positions, np.arange(len(rows)))
        return np.array(rows) if whole else rows[positions]
    rows = np.empty((len(places), *first.shape[1:]), first.dtype)
    order = np.argsort(numbers, kind="stable")
    for part in np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1):
        rows[part] = rows_of(blocks[int(numbers[part[0]])])[positions[part]]
    return rows
