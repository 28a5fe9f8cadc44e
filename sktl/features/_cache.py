"""The store of activations."""

import contextlib
import functools
import os
import pathlib
import threading
import uuid
import weakref
from collections.abc import Iterator, Sequence

import numpy as np

from sktl.features._index import check_ids, check_rows, gather
from sktl.features._store import RowStore

__all__ = ["ActivationCache", "default_cache"]

# Caches of this process by what their pickles hold, so that a pickle comes back as the cache it was made of.
_pickled: weakref.WeakValueDictionary[str, "ActivationCache"] = weakref.WeakValueDictionary()
_default: list["ActivationCache"] = []
_mutex = threading.Lock()


class ActivationCache:
    """Activations of frozen stages, one row per sample, each computed once.

    What the frozen part of a network makes of a sample depends on the two alone. A cache keeps it for all epochs, all
    folds and all candidates of a search; in a folder, for other processes and for tomorrow too. Pass one to the
    estimators that shall share it.

    A row is known by its *space*, 16 bytes that stand for everything but the sample (weights, code, stage, precision),
    and by its *key*, 16 bytes that stand for the sample. All rows of a space have one shape and one type.

    Parameters
    ----------
    folder : path-like or None, default=None
        Where rows are kept. None: in the memory of this process. Processes may share a folder. A file in it that is
        damaged is told by its checksum, deleted, and reported by a `CacheWarning`.
    max_bytes : int or "auto", default="auto"
        The most it may hold. What was not used for the longest time leaves first, in blocks of rows that were
        written together. "auto" is decided when something is first stored: a quarter of the memory that is then free;
        in a folder, 10 GiB, but at most half of the free space on its disk.

    See Also
    --------
    default_cache : The cache that estimators share when nothing else is said.

    Notes
    -----
    Copying, `sklearn.base.clone` and, within a process, pickling hand on the same cache. In another process, a pickled
    cache of a folder opens that folder; one in memory begins empty, with the same bound.

    All methods may be called from several threads. Each row takes 16 bytes beside its own, and each file about 1 KiB.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.features import ActivationCache
    >>> cache = ActivationCache(max_bytes=2**20)
    >>> space, keys = b"stem of a resnet", [b"%016d" % i for i in range(3)]
    >>> with cache.lock(space):
    ...     missing = [key for key, held in zip(keys, cache.contains(space, keys)) if not held]
    ...     cache.write(space, missing, np.arange(6.0).reshape(3, 2))
    3
    >>> cache.read(space, keys[::-1])
    array([[4., 5.],
           [2., 3.],
           [0., 1.]])
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None, *, max_bytes: int | str = "auto"):
        self.folder = folder
        self.max_bytes = max_bytes
        self._opened: RowStore | None = None
        self._token: str | None = None

    def contains(self, space: bytes, keys: Sequence[bytes]) -> np.ndarray:
        """Return whether there is a row for each key.

        Parameters
        ----------
        space : bytes of length 16
            What the rows are activations of.
        keys : sequence of bytes of length 16
            The samples.

        Returns
        -------
        ndarray of shape (n_keys,), dtype bool
            Under `lock`, this process drops no row that was found until the lock is released. Another process may, in a
            shared folder that is full.
        """
        check_ids(space, keys)
        return self._store.locate(space, keys)[1] >= 0

    def read(self, space: bytes, keys: Sequence[bytes]) -> np.ndarray:
        """Return the rows of ``keys``, stacked in their order.

        Parameters
        ----------
        space : bytes of length 16
            What the rows are activations of.
        keys : sequence of bytes of length 16
            The samples; one may come several times.

        Returns
        -------
        ndarray of shape (n_keys, ...)
            A fresh array, in C order. For no keys in an empty space, its shape is (0,).

        Raises
        ------
        KeyError
            Where a row is not there.
        """
        check_ids(space, keys)
        while True:
            index, places, blocks = self._store.locate(space, keys, wanted=True)
            n_absent = int((places < 0).sum())
            if n_absent:
                raise KeyError(
                    f"{n_absent} of {len(keys)} rows are not in {self!r}; ask contains() first, and compute them"
                )
            if not blocks:
                shape, dtype = index.like() or ((), np.dtype(np.float32))
                return np.empty((0, *shape), dtype)
            # A file that another process takes away or renames at this moment is forgotten; then look again.
            with contextlib.suppress(FileNotFoundError):
                return gather(blocks, places, functools.partial(self._store.rows_of, space, index))

    def write(self, space: bytes, keys: Sequence[bytes], rows: np.ndarray, *, priority: int = 1) -> int:
        """Store a copy of ``rows``, as far as there is room.

        Blocks that were used since this process took a lock that it still holds stay, and so do those of higher
        priority; others leave to make room. Rows that are there already are not stored twice.

        Parameters
        ----------
        space : bytes of length 16
            What the rows are activations of.
        keys : sequence of bytes of length 16
            The samples.
        rows : ndarray of shape (n_keys, ...)
            Numbers or booleans. What is written at once leaves at once, so write some megabytes at a time.
        priority : {0, 1}, default=1
            0 for rows that nobody has asked for yet: they leave first, and until they are read they push out no others.

        Returns
        -------
        int
            How many of the first ``keys`` have a row in the cache now.
        """
        check_ids(space, keys)
        rows = np.asarray(rows)
        check_rows(keys, rows, priority)
        draft = self._store.draft(space, keys, rows)
        with contextlib.ExitStack() as held:
            if draft is not None:
                held.callback(draft.discard)
            held.enter_context(self._store.exclusive(None))
            index, places, _ = self._store.locate(space, keys, wanted=priority == 1)
            shape, dtype = index.like() or (rows.shape[1:], rows.dtype)
            if (shape, dtype) != (rows.shape[1:], rows.dtype):
                raise ValueError(
                    f"rows of this space have the shape {shape} and type {dtype}, got {rows.shape[1:]} and "
                    f"{rows.dtype}. A space must stand for everything that makes its rows what they are."
                )
            first: dict[bytes, int] = {}
            for position in np.flatnonzero(places < 0).tolist():
                first.setdefault(keys[position], position)
            missing = list(first.values())
            n_stored = self._store.put(space, keys, rows, missing, priority, draft)
        return len(keys) if n_stored == len(missing) else missing[n_stored]

    @property
    def n_shares(self) -> int:
        """How many shares of a space have locks of their own: several where processes share a folder."""
        return self._store.shelf.n_shares

    @contextlib.contextmanager
    def lock(self, space: bytes, share: int = 0, *, waits: bool = True) -> Iterator[None]:
        """Let one thread of one process at a time compute what is missing in a space, or in a share of it.

        A thread may take the lock that it holds again. Whoever waits for it waits without an end; an exception, a
        keyboard interrupt or the end of a process releases it.

        Parameters
        ----------
        space : bytes of length 16
            The space.
        share : int, default=0
            Which share, below `n_shares`. Whoever takes several locks takes them from the first share on.
        waits : bool, default=True
            Whether to wait where another thread or process has the lock.

        Raises
        ------
        TimeoutError
            Where it has, and this one shall not wait.
        """
        check_ids(space, [])
        with self._store.exclusive(space, share, waits), self._store.session():
            yield

    def room(self, space: bytes, keys: Sequence[bytes]) -> int:
        """Return how many bytes can be written without pushing out rows of ``keys``, or any used under a held lock.

        Parameters
        ----------
        space : bytes of length 16
            What the rows are activations of.
        keys : sequence of bytes of length 16
            The samples.

        Returns
        -------
        int
            The bound, less the blocks that stay.
        """
        check_ids(space, keys)
        return self._store.room(self._store.locate(space, keys)[2])

    def clear(self) -> None:
        """Drop all rows, of all spaces and all processes that share the folder."""
        self._store.clear()

    @property
    def n_bytes(self) -> int:
        """Bytes that are held."""
        return self._store.n_bytes()

    @property
    def n_rows(self) -> int:
        """Rows that are held."""
        return self._store.n_rows()

    @property
    def info(self) -> dict[str, int]:
        """Rows and bytes that are held; blocks that left to make room, and files found damaged, in this process."""
        store = self._store
        return {
            "n_rows": store.n_rows(),
            "n_bytes": store.n_bytes(),
            "n_evicted": store.n_evicted,
            "n_damaged": store.n_damaged,
        }

    def __repr__(self) -> str:
        return (
            f"ActivationCache({'' if self.folder is None else f'{str(self.folder)!r}, '}max_bytes={self.max_bytes!r})"
        )

    def __copy__(self) -> "ActivationCache":
        return self

    def __deepcopy__(self, memo: dict) -> "ActivationCache":
        return self

    def __sklearn_clone__(self) -> "ActivationCache":
        return self

    def __reduce__(self):
        if self in _default:
            return default_cache, ()
        folder = None if self.folder is None else str(pathlib.Path(self.folder).expanduser().absolute())
        with _mutex:
            if self._token is None:
                self._token = f"{folder or uuid.uuid4().hex} {self.max_bytes!r}"
            _pickled.setdefault(self._token, self)
        return _unpickle, (self._token, folder, self.max_bytes)

    @property
    def _store(self) -> RowStore:
        if self._opened is None:
            with _mutex:
                self._opened = self._opened or RowStore(self.folder, self.max_bytes)
        return self._opened


def default_cache() -> ActivationCache:
    """Return the cache in memory that all estimators of this process share; it is made at the first call."""
    with _mutex:
        if not _default:
            _default.append(ActivationCache())
        return _default[0]


def _unpickle(token: str, folder: str | None, max_bytes: int | str) -> ActivationCache:
    with _mutex:
        cache = _pickled.get(token)
        if cache is None:
            cache = ActivationCache(folder, max_bytes=max_bytes)
            cache._token = token
            _pickled[token] = cache
        return cache
