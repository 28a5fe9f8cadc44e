"""What processes that share a folder take turns at."""

import contextlib
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

__all__ = ["split_into_turns", "work_in_turns"]

Turn = tuple[list[int], np.ndarray]  # the shares to lock, in rising order, and the positions of the rows
Done = TypeVar("Done")


def split_into_turns(keys: Sequence[bytes], is_missing: np.ndarray, n_shares: int, least: int) -> list[Turn]:
    """Split rows into parts, each computed by one process at a time while others are at other parts.

    A row belongs to a share by its key, so that all processes agree. A part is made of shares.

    Parameters
    ----------
    keys : sequence of bytes
        The samples.
    is_missing : ndarray of shape (n_keys,), dtype bool
        Which rows are to be computed. The others need no lock.
    n_shares : int
        Shares that have locks of their own.
    least : int
        Missing rows in a part, at least, unless there are fewer in all.

    Returns
    -------
    list of (list of int, ndarray of int)
        The shares to lock, in rising order, and the positions of the rows.

    Examples
    --------
    >>> from sktl.features._turns import split_into_turns
    >>> keys = [bytes([number]) for number in range(6)]
    >>> [shares for shares, _ in split_into_turns(keys, np.ones(6, dtype=bool), n_shares=4, least=3)]
    [[0, 1, 2, 3]]
    >>> [shares for shares, _ in split_into_turns(keys, np.ones(6, dtype=bool), n_shares=4, least=2)]
    [[0], [1], [2, 3]]
    """
    share_of = np.array([key[-1] % n_shares for key in keys], dtype=int)
    counts = np.bincount(share_of[is_missing], minlength=n_shares)
    groups: list[list[int]] = [[]]
    for share in range(n_shares):
        rest = counts[share:].sum()
        if counts[groups[-1]].sum() >= least and rest >= least:
            groups.append([])
        groups[-1].append(share)
    locked = ([share for share in group if counts[share]] or group[:1] for group in groups)
    return [(shares, np.flatnonzero(np.isin(share_of, group))) for shares, group in zip(locked, groups, strict=True)]


def work_in_turns(
    turns: Sequence[Turn],
    lock: Callable[..., contextlib.AbstractContextManager],
    work: Callable[[np.ndarray], Done],
) -> list[Done]:
    """Return what ``work`` makes of the positions of each turn, under its locks.

    Turns that others are at come last: by then, their rows are there.

    Parameters
    ----------
    turns : sequence of (list of int, ndarray of int)
        As ``split_into_turns`` returns them.
    lock : callable
        Takes a share and the keyword ``waits``, and returns a context; it raises TimeoutError where another has the
        lock and this one shall not wait.
    work : callable
        Takes positions.
    """
    done = []
    for waits in (False, True):
        postponed = []
        for shares, positions in turns:
            with contextlib.ExitStack() as locks:
                if _enter(locks, lock, shares, waits):
                    done.append(work(positions))
                else:
                    postponed.append((shares, positions))
        turns = postponed
    return done


def _enter(locks: contextlib.ExitStack, lock: Callable, shares: list[int], waits: bool) -> bool:
    """Take the locks of some shares, and return whether they were to be had."""
    try:
        for share in shares:
            locks.enter_context(lock(share, waits=waits))
    except TimeoutError:
        return False
    return True
