import errno
import os

import numpy as np
import pytest

from sktl.exceptions import CacheWarning
from sktl.features._block import HEADER_BYTES
from sktl.features._cache import ActivationCache

SPACE, OTHER = b"a" * 16, b"b" * 16
# Two such rows with their keys take 2 * (16 + 992) bytes, and the header of a file less than 1024 more.
ROW = np.zeros(124)
PAIR = 2 * (16 + ROW.nbytes)


def keys_of(*numbers):
    return [b"%016d" % i for i in numbers]


def held(cache, *numbers, space=SPACE):
    """Return which of the pairs with these numbers are held, without using them."""
    places = cache._store._indexes[space].find(keys_of(*(2 * i for i in numbers)))
    return [number for number, place in zip(numbers, places, strict=True) if place >= 0]


def write_pair(cache, number, space=SPACE, **kwargs):
    return cache.write(space, keys_of(2 * number, 2 * number + 1), np.array([ROW, ROW]), **kwargs)


@pytest.fixture(params=["memory", "folder"])
def cache(request, tmp_path):
    """Return a cache with room for three pairs."""
    extra = 0 if request.param == "memory" else 2 * HEADER_BYTES
    return ActivationCache(tmp_path if extra else None, max_bytes=3 * PAIR + extra)


class TestEviction:
    def test_what_was_used_longest_ago_leaves_first(self, cache):
        for number in range(3):
            assert write_pair(cache, number) == 2
        cache.read(SPACE, keys_of(1))
        cache.contains(SPACE, keys_of(4))
        assert write_pair(cache, 3) == 2
        assert held(cache, 0, 1, 2, 3) == [0, 2, 3]
        assert write_pair(cache, 4) == 2
        assert held(cache, 0, 2, 3, 4) == [2, 3, 4]
        assert cache.info["n_evicted"] == 2

    def test_other_spaces_leave_too(self, cache):
        for number in range(3):
            write_pair(cache, number, OTHER)
        assert write_pair(cache, 0) == 2
        assert held(cache, 0, 1, 2, space=OTHER) == [1, 2]

    def test_what_nobody_asked_for_leaves_before_older_rows(self, cache):
        write_pair(cache, 0)
        write_pair(cache, 1, priority=0)
        write_pair(cache, 2)
        write_pair(cache, 3)
        assert held(cache, 0, 1, 2, 3) == [0, 2, 3]

    def test_what_nobody_asked_for_pushes_out_its_like_only(self, cache):
        for number in range(2):
            write_pair(cache, number)
        assert write_pair(cache, 2, priority=0) == 2
        assert write_pair(cache, 3, priority=0) == 2
        assert held(cache, 0, 1, 2, 3) == [0, 1, 3]
        write_pair(cache, 4)
        assert write_pair(cache, 5, priority=0) == 0
        assert held(cache, 0, 1, 4, 5) == [0, 1, 4]

    def test_what_was_read_has_been_asked_for(self, cache):
        write_pair(cache, 0, priority=0)
        write_pair(cache, 1, priority=0)
        write_pair(cache, 2)
        cache.read(SPACE, keys_of(0))
        assert write_pair(cache, 3, priority=0) == 2
        assert write_pair(cache, 4, priority=0) == 2
        assert held(cache, 0, 1, 2, 3, 4) == [0, 2, 4]
        assert len(cache.read(SPACE, keys_of(0, 1))) == 2

    def test_what_was_written_again_has_been_asked_for(self, cache):
        write_pair(cache, 0, priority=0)
        write_pair(cache, 0)
        write_pair(cache, 1)
        write_pair(cache, 2)
        assert write_pair(cache, 3, priority=0) == 0

    @pytest.mark.parametrize("use", ["contains", "read", "write"])
    def test_what_was_used_under_the_lock_stays(self, cache, use):
        if use != "write":
            write_pair(cache, 0)
            write_pair(cache, 1)
        with cache.lock(SPACE):
            for number in range(2):
                if use == "write":
                    write_pair(cache, number)
                else:
                    getattr(cache, use)(SPACE, keys_of(2 * number))
            assert write_pair(cache, 2) == 2
            assert write_pair(cache, 3) == 0
            with cache.lock(OTHER):
                assert write_pair(cache, 4, OTHER) == 0
            assert cache.room(SPACE, []) < PAIR
        assert write_pair(cache, 3) == 2
        assert held(cache, 0, 1, 2, 3) == [1, 2, 3]

    def test_what_was_used_before_the_lock_may_leave(self, cache):
        for number in range(3):
            write_pair(cache, number)
        with cache.lock(SPACE):
            assert write_pair(cache, 3) == 2
        assert held(cache, 0, 1, 2, 3) == [1, 2, 3]

    def test_what_nobody_asked_for_may_leave_under_the_lock(self, cache):
        with cache.lock(SPACE):
            for number in range(3):
                write_pair(cache, number, OTHER, priority=0)
            assert write_pair(cache, 0) == 2
        assert held(cache, 0, 1, 2, space=OTHER) == [1, 2]

    def test_room(self, cache):
        bound = cache.max_bytes
        assert cache.room(SPACE, keys_of(0, 2)) == bound
        for number in range(3):
            write_pair(cache, number)
        one_pair = cache.n_bytes // 3
        assert cache.room(SPACE, []) == bound
        assert cache.room(SPACE, keys_of(0, 1, 99)) == bound - one_pair
        assert cache.room(SPACE, keys_of(0, 2)) == bound - 2 * one_pair
        assert cache.room(OTHER, keys_of(0, 2)) == bound

    def test_a_block_that_cannot_be_removed_keeps_its_room(self, cache, monkeypatch):
        for number in range(3):
            write_pair(cache, number)
        monkeypatch.setattr(cache._store.shelf, "remove", lambda resident: False)
        assert write_pair(cache, 3) == 0
        assert held(cache, 0, 1, 2, 3) == [0, 1, 2]
        assert cache.info["n_evicted"] == 0


class TestDamage:
    @pytest.fixture
    def path(self, tmp_path):
        cache = ActivationCache(tmp_path, max_bytes=2**20)
        write_pair(cache, 0)
        (path,) = tmp_path.glob("*/*.npy")
        write_pair(cache, 1)
        return path

    def flip(path):
        content = bytearray(path.read_bytes())
        content[-5] ^= 1
        path.write_bytes(content)

    @pytest.mark.parametrize(
        "damage",
        [
            flip,
            lambda path: os.truncate(path, 100),
            lambda path: path.write_bytes(b""),
            lambda path: path.write_text("junk"),
        ],
        ids=["a flipped bit", "truncated", "empty", "junk"],
    )
    def test_damaged_files_are_deleted_and_their_rows_absent(self, tmp_path, path, damage):
        damage(path)
        cache = ActivationCache(tmp_path, max_bytes=2**20)
        with pytest.warns(CacheWarning, match=rf"{path.name} is damaged or foreign.*It is deleted") as caught:
            assert cache.contains(SPACE, keys_of(0, 1, 2, 3)).tolist() == [False, False, True, True]
        assert len(caught) == 1
        assert not path.exists()
        assert cache.info["n_damaged"] == 1
        assert write_pair(cache, 0) == 2
        assert cache.contains(SPACE, keys_of(0, 1, 2, 3)).all()

    @pytest.mark.parametrize("content", [np.eye(3), np.array([{}], dtype=object)], ids=["numbers", "a pickle"])
    def test_foreign_files(self, tmp_path, path, content):
        np.save(path.with_name("mine.npy"), content, allow_pickle=True)
        cache = ActivationCache(tmp_path, max_bytes=2**20)
        with pytest.warns(CacheWarning, match=r"mine.npy is damaged or foreign"):
            assert cache.contains(SPACE, keys_of(0, 1, 9)).tolist() == [True, True, False]
        assert not path.with_name("mine.npy").exists()

    def test_other_files_are_left_alone(self, tmp_path, path):
        for folder in (tmp_path, path.parent):
            (folder / "notes.txt").write_text("mine")
        np.save(tmp_path / "mine.npy", np.eye(3))
        cache = ActivationCache(tmp_path, max_bytes=2**20)
        assert cache.contains(SPACE, keys_of(0, 1, 2, 3)).all()
        cache.clear()
        assert sorted(p.name for p in tmp_path.glob("*.*")) == [".lock", "mine.npy", "notes.txt"]
        assert (path.parent / "notes.txt").exists()

    def test_rows_of_another_shape_in_one_space(self, tmp_path, path):
        spare = ActivationCache(tmp_path / "spare", max_bytes=2**20)
        spare.write(SPACE, keys_of(8), np.zeros((1, 3)))
        (strange,) = (tmp_path / "spare").glob("*/*.npy")
        strange.rename(path.with_name(strange.name))
        cache = ActivationCache(tmp_path, max_bytes=2**20)
        with pytest.warns(CacheWarning, match="its rows have another shape or type"):
            cache.contains(SPACE, keys_of(0, 8))
        assert cache.info["n_damaged"] == 1

    def test_files_that_cannot_be_read_are_left_and_reported_once(self, tmp_path, path, monkeypatch):
        def refuse(path):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))

        monkeypatch.setattr("sktl.features._store.open_block", refuse)
        cache = ActivationCache(tmp_path, max_bytes=2**20)
        with pytest.warns(CacheWarning, match="It is left where it is and not used"):
            assert not cache.contains(SPACE, keys_of(0)).any()
        assert not cache.contains(SPACE, keys_of(0)).any()
        assert path.exists()

    def test_damaged_files_that_cannot_be_deleted_are_reported_once(self, tmp_path, path, monkeypatch):
        def refuse(path, missing_ok=False):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))

        os.truncate(path, 10)
        monkeypatch.setattr("pathlib.Path.unlink", refuse)
        cache = ActivationCache(tmp_path, max_bytes=2**20)
        with pytest.warns(CacheWarning, match="It is left where it is and not used"):
            assert not cache.contains(SPACE, keys_of(0)).any()
        assert not cache.contains(SPACE, keys_of(0)).any()


class TestFullDisk:
    def refuse(self, monkeypatch, code):
        def refuse(source, target):
            raise OSError(code, os.strerror(code))

        monkeypatch.setattr("os.replace", refuse)

    @pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
    def test_rows_are_not_stored(self, tmp_path, monkeypatch, code):
        cache = ActivationCache(tmp_path, max_bytes=2**20)
        self.refuse(monkeypatch, code)
        with pytest.warns(CacheWarning, match="the disk is full: 2 rows .* smaller max_bytes"):
            assert write_pair(cache, 0) == 0
        assert not cache.contains(SPACE, keys_of(0)).any()
        assert list(tmp_path.glob("*/.*.tmp")) == []

    def test_other_errors_are_errors(self, tmp_path, monkeypatch):
        cache = ActivationCache(tmp_path, max_bytes=2**20)
        self.refuse(monkeypatch, errno.EIO)
        with pytest.raises(OSError, match="Input/output error"):
            write_pair(cache, 0)
