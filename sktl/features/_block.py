"""Blocks of rows, in memory or as files that tell when they are damaged."""

import contextlib
import hashlib
import math
import os
import pathlib
import re
import uuid
from collections.abc import Sequence

import numpy as np

__all__ = ["Block", "DamagedBlock", "Draft", "count_rows", "map_rows", "open_block", "write_block"]

KEY_BYTES = 16
NAME_DIGITS = 32  # of a checksum in hexadecimal
# More than the header of a block file ever takes: 64 bytes for each part of it, and up to 32 axes.
HEADER_BYTES = 1024
BLOCK_NAME = re.compile(r"(?P<checksum>[0-9a-f]{32})-(?P<priority>[01])\.npy")
TEMPORARY_NAME = re.compile(r"\.[0-9a-f]{32}\.tmp")
# Memory that is copied at once while a file is written or read.
CHUNK_BYTES = 2**22


class DamagedBlock(ValueError):
    """A file is not the block that its name says it is."""


class Block:
    """Rows with their keys.

    Parameters
    ----------
    name : str
        The only one of this name in its space.
    keys : list of bytes
        One per row.
    shape, dtype : tuple of int, dtype
        Of the rows; the first axis counts them.
    priority : {0, 1}
        0 where nobody has asked for the rows yet.
    rows : ndarray or None
        The rows themselves; None where they are in a file.

    Attributes
    ----------
    n_bytes : int
        What the rows and keys take up.
    last_use : int
        When rows were written, read or looked for; larger is later.
    last_request : int
        The same, but for writing rows that nobody had asked for.
    last_touch : int
        The last use that the block's file shows.
    """

    __slots__ = (
        "dtype",
        "keys",
        "last_request",
        "last_touch",
        "last_use",
        "n_bytes",
        "name",
        "priority",
        "rows",
        "shape",
    )

    def __init__(
        self,
        name: str,
        keys: list[bytes],
        shape: tuple[int, ...],
        dtype: np.dtype,
        priority: int,
        rows: np.ndarray | None = None,
    ):
        self.name = name
        self.keys = keys
        self.shape = shape
        self.dtype = dtype
        self.priority = priority
        self.rows = rows
        self.n_bytes = math.prod(shape) * dtype.itemsize + KEY_BYTES * len(keys)
        self.last_use = 0
        self.last_request = 0
        self.last_touch = 0


class Draft:
    """A file that holds a block and is none yet: nobody looks at it until it has its name.

    Parameters
    ----------
    folder : Path
        Where it is written.
    keys : sequence of bytes
        One per row.
    rows : ndarray
        The rows.
    """

    def __init__(self, folder: pathlib.Path, keys: Sequence[bytes], rows: np.ndarray):
        self._folder = folder
        self._temporary = folder / f".{uuid.uuid4().hex}.tmp"
        try:
            self._checksum = _write(self._temporary, keys, rows)
        except BaseException:
            self.discard()
            raise

    def publish(self, priority: int) -> pathlib.Path:
        """Make it a block and return its path, which tells its checksum and priority."""
        path = self._folder / f"{self._checksum}-{priority}.npy"
        os.replace(self._temporary, path)
        return path

    def discard(self) -> None:
        """Delete the file, unless it is a block by now."""
        with contextlib.suppress(OSError):
            self._temporary.unlink(missing_ok=True)


def write_block(folder: pathlib.Path, keys: Sequence[bytes], rows: np.ndarray, priority: int) -> pathlib.Path:
    """Write a block into ``folder`` and return its path, which tells its checksum and priority.

    Under that name there is a whole block or none. It is not forced onto the disk, which would cost more than it
    saves: what a power cut leaves of it fails its checksum, and is computed again.
    """
    draft = Draft(folder, keys, rows)
    try:
        return draft.publish(priority)
    finally:
        draft.discard()


def _write(path: pathlib.Path, keys: Sequence[bytes], rows: np.ndarray) -> str:
    """Write keys and rows to a new file, and return its checksum."""
    dtype = np.dtype([("key", f"V{KEY_BYTES}", (len(keys),)), ("row", rows.dtype, rows.shape)])
    with open(path, "xb") as file:
        tee = _Tee(file, _checksum(path.parent))
        header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (1,)}
        np.lib.format.write_array_header_1_0(tee, header)
        tee.write(b"".join(keys))
        step = max(1, CHUNK_BYTES // max(1, rows[:1].nbytes))
        for start in range(0, len(rows), step):
            chunk = np.ascontiguousarray(rows[start : start + step])
            tee.write(chunk.reshape(-1).view(np.uint8).data)
    return tee.digest.hexdigest()


def open_block(path: pathlib.Path) -> Block:
    """Read and verify a block file.

    Raises
    ------
    DamagedBlock
        Where the content is not what the name says, or no block.
    OSError
        Where the file is gone or cannot be read.
    """
    name = BLOCK_NAME.fullmatch(path.name)
    digest = _checksum(path.parent)
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    if name is None or digest.hexdigest() != name["checksum"]:
        raise DamagedBlock(f"the content of {path} does not have the checksum in its name")
    content = np.load(path, mmap_mode="r", allow_pickle=False)
    if content.shape != (1,) or content.dtype.names != ("key", "row"):
        raise DamagedBlock(f"{path} holds an array, but no block of activations")
    joined = content["key"][0].tobytes()
    keys = [joined[start : start + KEY_BYTES] for start in range(0, len(joined), KEY_BYTES)]
    rows = content["row"][0]
    return Block(name["checksum"], keys, rows.shape, rows.dtype, int(name["priority"]))


def map_rows(path: pathlib.Path) -> np.ndarray:
    """Return the rows of a block file that was verified before, mapped into memory, read only."""
    return np.load(path, mmap_mode="r", allow_pickle=False)["row"][0].view(np.ndarray)


def count_rows(path: pathlib.Path) -> int:
    """Return how many rows a block file holds by its header; 0 where it has none."""
    try:
        dtype = np.load(path, mmap_mode="r", allow_pickle=False).dtype
        return dtype["key"].shape[0]
    except (OSError, ValueError, EOFError, KeyError, IndexError):
        return 0


def _checksum(folder: pathlib.Path):
    # The name of the folder counts: a block that was moved to another space would be wrong there.
    return hashlib.blake2b(digest_size=16, key=folder.name.encode()[:64])


class _Tee:
    """A file that is hashed while it is written."""

    def __init__(self, file, digest):
        self.file = file
        self.digest = digest

    def write(self, data) -> int:
        self.digest.update(data)
        return self.file.write(data)
