"""How much a cache may hold, and what leaves it first."""

import dataclasses
import pathlib
import shutil
from collections.abc import Callable, Iterable

import numpy as np

from sktl.utils._memory import available_memory

__all__ = ["Resident", "block_sizes", "check_max_bytes", "folder_bound", "leaving", "memory_bound"]

# Of the memory that is free: the network, its gradients and the user's own arrays need the rest.
MEMORY_SHARE = 0.25
# Room for the last activations of some 10,000 to 100,000 pictures; little beside a data set of that size.
FOLDER_BYTES = 10 * 2**30
# Of the free space on a disk: other programs need some too.
DISK_SHARE = 0.5
# A block leaves as a whole, so that one must not hold too much; and its type must stay below 2 GiB (numpy 1.26).
BLOCK_BYTES = 2**28


@dataclasses.dataclass(frozen=True)
class Resident:
    """A block as the budget sees it.

    Parameters
    ----------
    space : bytes
        What its rows are activations of.
    name : str
        Its name within the space.
    n_bytes : int
        What it takes up.
    priority : {0, 1}
        0 where nobody has asked for its rows yet.
    """

    space: bytes
    name: str
    n_bytes: int
    priority: int


def check_max_bytes(max_bytes: object) -> int | None:
    """Return the bound that a user wrote down, or None for "auto"."""
    if isinstance(max_bytes, str) and max_bytes == "auto":
        return None
    if isinstance(max_bytes, (int, np.integer)) and not isinstance(max_bytes, bool) and max_bytes >= 0:
        return int(max_bytes)
    raise ValueError(
        f"max_bytes of ActivationCache must be 'auto' or a whole number of bytes, 0 or more; got {max_bytes!r}. "
        "For 2 GiB, write max_bytes=2 * 2**30."
    )


def memory_bound(max_bytes: object) -> int:
    """Return how many bytes a cache may hold in memory."""
    given = check_max_bytes(max_bytes)
    return int(MEMORY_SHARE * available_memory()) if given is None else given


def folder_bound(max_bytes: object, folder: pathlib.Path, held: int) -> int:
    """Return how many bytes a cache may hold in ``folder``, where it holds ``held`` bytes already.

    What it holds counts as free: else each process would find less free space than the one before it, and take away
    what that one stored.
    """
    given = check_max_bytes(max_bytes)
    if given is not None:
        return given
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return min(FOLDER_BYTES, int(DISK_SHARE * (shutil.disk_usage(existing).free + held)))


def block_sizes(n_rows: int, row_bytes: int, header_bytes: int, capacity: int) -> list[int]:
    """Return the numbers of rows of the blocks that take in as many of ``n_rows`` as ``capacity`` bytes can hold."""
    per_block = max(1, (BLOCK_BYTES - header_bytes) // row_bytes)
    sizes = []
    while n_rows > 0:
        size = min(n_rows, per_block, (capacity - header_bytes) // row_bytes)
        if size <= 0:
            break
        sizes.append(size)
        n_rows -= size
        capacity -= header_bytes + size * row_bytes
    return sizes


def leaving(residents: Iterable[Resident], excess: int, last_use: Callable[[Resident], int]) -> list[Resident]:
    """Return the blocks to drop so that at least ``excess`` bytes become free, in the order in which they go.

    Blocks that nobody has asked for go first, then those that were used the longest time ago.
    """
    chosen: list[Resident] = []
    if excess <= 0:
        return chosen
    for resident in sorted(residents, key=lambda one: (one.priority, last_use(one))):
        if excess <= 0:
            break
        chosen.append(resident)
        excess -= resident.n_bytes
    return chosen
