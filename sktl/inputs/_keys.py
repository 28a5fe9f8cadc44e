"""Sixteen bytes that stand for a sample."""

import hashlib
import os

import numpy as np

__all__ = ["key_of_array", "key_of_bytes", "key_of_file"]

_KEY_BYTES = 16  # 128 bits: no two of 10^12 samples collide with a chance above 10^-14


def _digest(kind: str, *parts: bytes | memoryview) -> bytes:
    state = hashlib.blake2b(kind.encode() + b"\0", digest_size=_KEY_BYTES)
    for part in parts:
        state.update(part)
    return state.digest()


def key_of_array(array: np.ndarray, how_read: str) -> bytes:
    """Return the key of an array: its bytes, type and shape, and ``how_read``, which tells its layout."""
    header = f"{array.dtype.str} {array.shape} {how_read}\0".encode()
    return _digest("array", header, np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)


def key_of_bytes(data: bytes | bytearray | memoryview) -> bytes:
    """Return the key of an encoded picture."""
    return _digest("bytes", data if isinstance(data, bytes) else bytes(data))


def key_of_file(path: str | os.PathLike) -> bytes:
    """Return the key of a file: where it lies, its size and when it was last written.

    Raises
    ------
    OSError
        Where there is no such file.
    """
    status = os.stat(path)
    where = os.fsencode(os.path.abspath(os.fspath(path)))
    return _digest("path", f"{status.st_size} {status.st_mtime_ns}\0".encode(), where)
