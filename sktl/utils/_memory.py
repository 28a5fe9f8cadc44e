"""Memory that this process may still take, and memory apart from the heap."""

import ctypes
import mmap
import os
import pathlib
import sys

import numpy as np

__all__ = ["available_memory", "copy_apart"]

# Where the system says nothing at all: little enough for any machine that runs torch.
FALLBACK_BYTES = 2 * 2**30

# On Windows an anonymous map is private anyway, and there are no flags.
_PRIVATE = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANON} if hasattr(mmap, "MAP_PRIVATE") else {}


def available_memory(root: str | os.PathLike[str] = "/") -> int:
    """Return the bytes of memory that this process may take without pushing others out.

    On Linux that is what the kernel counts as available, or less where a control group (a container, a batch job) has
    less left. On Windows it is the free physical memory; on macOS and elsewhere, half of the physical memory.

    Parameters
    ----------
    root : path-like, default="/"
        Where the file system that describes the machine begins.

    Returns
    -------
    int
        Bytes, 0 or more.
    """
    root = pathlib.Path(root)
    machine = _meminfo(root)
    if machine is None:
        machine = _windows() if sys.platform == "win32" else _half_of_physical()
    left = [left for folder, names in _control_groups(root) if (left := _left_in_group(folder, *names)) is not None]
    return max(0, min([machine, *left]))


def copy_apart(rows: np.ndarray) -> np.ndarray:
    """Return a copy in C order that has pages of its own, if it fills one, given back to the system as soon as it is.

    For what is kept while much larger arrays come and go. On the heap, each such copy would come to lie behind the
    arrays of its moment, and the hole that they leave is a little too small for those of the next: with glibc the heap
    grew by a multiple of what was kept.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.utils._memory import copy_apart
    >>> copy_apart(np.arange(6).reshape(2, 3).T)
    array([[0, 3],
           [1, 4],
           [2, 5]])
    """
    if rows.nbytes < mmap.PAGESIZE:
        return rows.copy(order="C")
    try:
        pages = mmap.mmap(-1, rows.nbytes, **_PRIVATE)
    except OSError:  # a process may have so many areas of memory, and no more
        return rows.copy(order="C")
    copy = np.frombuffer(pages, dtype=rows.dtype, count=rows.size).reshape(rows.shape)
    np.copyto(copy, rows)
    return copy


def _meminfo(root: pathlib.Path) -> int | None:
    for line in _lines(root / "proc" / "meminfo"):
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return int(value.split()[0]) * 1024  # the kernel writes kB and means KiB
    return None


def _half_of_physical() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, ValueError, OSError):
        return FALLBACK_BYTES


def _windows() -> int:
    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_uint32),
            ("load", ctypes.c_uint32),
            *((name, ctypes.c_uint64) for name in ("physical", "available", "a", "b", "c", "d", "e")),
        )

    status = Status(length=ctypes.sizeof(Status))
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - the name exists on Windows only
    return int(status.available) if kernel.GlobalMemoryStatusEx(ctypes.byref(status)) else FALLBACK_BYTES


def _control_groups(root: pathlib.Path) -> list[tuple[pathlib.Path, tuple[str, str, str]]]:
    """Return the folders of the groups this process is in, up to the top, with the names of their files."""
    version_1 = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
    version_2 = "memory.max", "memory.current", "inactive_file"
    groups = []
    for line in _lines(root / "proc" / "self" / "cgroup"):
        _, controllers, path = (line.split(":", 2) + ["", ""])[:3]
        top = root / "sys" / "fs" / "cgroup"
        if controllers and "memory" not in controllers.split(","):
            continue
        if controllers:
            top = top / "memory"
        group = top / path.strip("/")
        chain = [group, *group.parents]
        # A container often sees its own group at the top, whatever path it is told.
        up_to_top = chain[: chain.index(top) + 1] if top in chain else [top]
        groups += [(folder, version_1 if controllers else version_2) for folder in up_to_top]
    return groups


def _left_in_group(folder: pathlib.Path, limit_name: str, usage_name: str, reclaimable_name: str) -> int | None:
    """Return the bytes left below a group's limit; None where it has no limit."""
    limit, usage = _number(folder / limit_name), _number(folder / usage_name)
    if limit is None or usage is None:
        return None
    # Pages of files that nobody has used lately count as usage, and are given up when memory is asked for.
    reclaimable = 0
    for line in _lines(folder / "memory.stat"):
        name, _, value = line.partition(" ")
        if name == reclaimable_name:
            reclaimable = int(value)
    return limit - max(0, usage - reclaimable)


def _number(path: pathlib.Path) -> int | None:
    text = "".join(_lines(path)).strip()
    return int(text) if text.isdigit() else None  # "max" stands for no limit


def _lines(path: pathlib.Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
