import os
import pathlib
import pickle
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from sktl.features import _folder_shelf
from sktl.features._cache import ActivationCache
from sktl.features._folder_shelf import FolderShelf

SPACE, OTHER = b"a" * 16, b"b" * 16


def keys_of(*numbers):
    return [b"%016d" % i for i in numbers]


def files(folder):
    return sorted(folder.glob("*/*.npy"))


@pytest.fixture
def pair(tmp_path):
    """Return two caches on one folder, as two processes have them, with room for three blocks of one row."""
    return [ActivationCache(tmp_path, max_bytes=3 * 1200 + 1024) for _ in range(2)]


def write(cache, number, **kwargs):
    return cache.write(SPACE, keys_of(number), np.full((1, 123), float(number)), **kwargs)


def test_rows_survive_the_process(tmp_path):
    code = (
        "import sys, numpy as np; from sktl.features._cache import ActivationCache;"
        "ActivationCache(sys.argv[1]).write(b'a' * 16, [b'%016d' % i for i in range(4)], np.arange(8.).reshape(4, 2))"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code, str(tmp_path)], check=True, timeout=120)
    assert ActivationCache(tmp_path).read(SPACE, keys_of(3, 1)).tolist() == [[6.0, 7.0], [2.0, 3.0]]


def test_layout(tmp_path):
    cache = ActivationCache(tmp_path)
    cache.write(SPACE, keys_of(0), np.zeros((1, 2)))
    cache.write(SPACE, keys_of(1), np.zeros((1, 2)), priority=0)
    assert {path.parent.name for path in files(tmp_path)} == {SPACE.hex()}
    assert sorted(path.stem[32:] for path in files(tmp_path)) == ["-0", "-1"]
    assert list(tmp_path.rglob("*.tmp")) == []


def test_new_blocks_of_others_are_seen(pair):
    one, other = pair
    assert not other.contains(SPACE, keys_of(0)).any()
    write(one, 0)
    assert other.contains(SPACE, keys_of(0)).all()
    write(one, 1)
    assert other.read(SPACE, keys_of(1, 0))[:, 0].tolist() == [1.0, 0.0]
    assert other.n_rows == 2


def test_rows_of_others_are_not_stored_again(pair):
    one, other = pair
    write(one, 0)
    assert write(other, 0) == 1
    assert other.n_rows == 1


def test_the_bound_counts_what_others_wrote(pair):
    one, other = pair
    for number in range(3):
        write(one, number)
    write(other, 3)
    assert one.n_bytes == other.n_bytes <= one.max_bytes
    assert other.n_rows == 3
    assert one.contains(SPACE, keys_of(3)).all()


def test_what_others_used_lately_leaves_last(pair):
    one, other = pair
    for number in range(3):
        write(one, number)
        os.utime(max(files(pathlib.Path(one.folder)), key=lambda p: p.stat().st_mtime_ns), (number, number))
    assert other.contains(SPACE, keys_of(0)).all()
    fresh = ActivationCache(one.folder, max_bytes=one.max_bytes)
    write(fresh, 3)
    assert fresh.contains(SPACE, keys_of(0, 1, 2, 3)).tolist() == [True, False, True, True]


def test_what_others_asked_for_is_known(pair):
    one, other = pair
    write(one, 0, priority=0)
    write(one, 1)
    write(one, 2)
    one.contains(SPACE, keys_of(0))
    assert other.read(SPACE, keys_of(0)).shape == (1, 123)
    assert write(other, 3, priority=0) == 0
    np.testing.assert_array_equal(one.read(SPACE, keys_of(0, 1))[:, 0], [0.0, 1.0])


def test_blocks_that_others_took_away(pair):
    one, other = pair
    write(one, 0)
    assert other.contains(SPACE, keys_of(0)).all()
    one.clear()
    with pytest.raises(KeyError, match="1 of 1 rows are not in"):
        other.read(SPACE, keys_of(0))
    assert not other.contains(SPACE, keys_of(0)).any()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows deletes no file that is mapped")
def test_blocks_that_others_took_away_under_the_lock(pair):
    one, other = pair
    write(one, 0)
    with other.lock(SPACE):
        other.read(SPACE, keys_of(0))
        one.clear()
        assert other.contains(SPACE, keys_of(0, 1)).tolist() == [True, False]
        assert other.read(SPACE, keys_of(0))[0, 0] == 0.0
    assert not other.contains(SPACE, keys_of(0, 1)).any()


def test_temporary_files_are_never_read_and_swept_after_a_day(tmp_path):
    cache = ActivationCache(tmp_path)
    cache.write(SPACE, keys_of(0), np.zeros((1, 2)))
    young, old, foreign = (
        files(tmp_path)[0].with_name(name) for name in (f".{'1' * 32}.tmp", f".{'2' * 32}.tmp", "x.tmp")
    )
    for path in (young, old, foreign):
        path.write_bytes(files(tmp_path)[0].read_bytes()[:50])
    for path in (old, foreign):
        os.utime(path, (time.time() - 2 * _folder_shelf.DAY,) * 2)
    again = ActivationCache(tmp_path)
    assert again.contains(SPACE, keys_of(0, 1)).tolist() == [True, False]
    assert again.n_rows == 1
    assert (young.exists(), old.exists(), foreign.exists()) == (True, False, True)


class TestDrafts:
    """Rows are written before the lock of the bound is taken, and have their name under it."""

    @pytest.fixture
    def cache(self, tmp_path):
        cache = ActivationCache(tmp_path, max_bytes=10_000)
        write(cache, 0)
        return cache

    @pytest.fixture
    def drafts(self, monkeypatch):
        made, plain = [], FolderShelf.draft
        monkeypatch.setattr(FolderShelf, "draft", lambda *args: made.append(args[2]) or plain(*args))
        return made

    def test_rows_are_written_while_another_process_has_the_lock(self, cache, tmp_path):
        other = ActivationCache(tmp_path)
        with other._store.exclusive(None):
            thread = threading.Thread(target=write, args=(cache, 1))
            thread.start()
            (draft,) = wait_for(lambda: list(tmp_path.glob("*/.*.tmp")))
            inode = draft.stat().st_ino
            assert not other.contains(SPACE, keys_of(1)).any()
        thread.join()
        assert other.contains(SPACE, keys_of(1)).all()
        assert inode in [path.stat().st_ino for path in files(tmp_path)]

    def test_of_rows_that_are_there_none_is_written(self, cache, tmp_path, drafts):
        write(cache, 0)
        cache.write(SPACE, keys_of(0, 1), np.ones((2, 123)))
        assert not drafts
        assert cache.contains(SPACE, keys_of(0, 1)).all()

    def test_rows_that_come_twice(self, cache, drafts):
        cache.write(SPACE, keys_of(1, 1), np.ones((2, 123)))
        assert not drafts
        assert cache.n_rows == 2

    def test_a_draft_of_rows_that_another_has_written_by_then_is_discarded(self, cache, tmp_path):
        other = ActivationCache(tmp_path)
        with other._store.exclusive(None):
            thread = threading.Thread(target=write, args=(cache, 1))
            thread.start()
            wait_for(lambda: list(tmp_path.glob("*/.*.tmp")))
            write(other, 1)
        thread.join()
        assert cache.n_rows == 2
        assert not list(tmp_path.glob("*/.*.tmp"))

    def test_a_full_cache_stops_writing_them(self, tmp_path, drafts):
        cache = ActivationCache(tmp_path, max_bytes=4_000)
        with cache.lock(SPACE):  # what is written under it stays
            stored = [write(cache, number) for number in range(5)]
        assert stored == [1, 1, 0, 0, 0]
        assert drafts == [keys_of(0), keys_of(1), keys_of(2)]
        write(cache, 5)
        assert drafts[3:] == []
        write(cache, 6)
        assert drafts[3:] == [keys_of(6)]
        assert not list(tmp_path.glob("*/.*.tmp"))

    def test_rows_of_another_shape_leave_nothing_behind(self, cache, tmp_path):
        with pytest.raises(ValueError, match="rows of this space have the shape"):
            cache.write(SPACE, keys_of(5), np.ones((1, 7)))
        assert not list(tmp_path.glob("*/.*.tmp"))


def wait_for(found, seconds=10):
    """Return what is found as soon as it is something."""
    end = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < end
        time.sleep(0.01)
    return result


def test_a_process_that_is_killed_leaves_no_block(tmp_path):
    code = (
        "import os, sys, numpy as np; from sktl.features._cache import ActivationCache;"
        "os.replace = lambda source, target: os._exit(7);"
        "ActivationCache(sys.argv[1]).write(b'a' * 16, [b'%016d' % 0], np.zeros((1, 2)))"
    )
    result = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, timeout=120)
    assert result.returncode == 7
    assert len(list(tmp_path.rglob("*.tmp"))) == 1
    cache = ActivationCache(tmp_path)
    assert not cache.contains(SPACE, keys_of(0)).any()
    assert cache.write(SPACE, keys_of(0), np.zeros((1, 2))) == 1


COMPUTE = """
import sys, time, numpy as np
from sktl.features._cache import ActivationCache

cache, keys = ActivationCache(sys.argv[1]), [b"%016d" % i for i in range(12)]
for start in range(0, 12, 4):
    with cache.lock(b"a" * 16):
        held = cache.contains(b"a" * 16, keys[: start + 4])
        missing = [key for key, there in zip(keys, held) if not there]
        time.sleep(0.05)
        for key in missing:
            print(int(key))
        cache.write(b"a" * 16, missing, np.array([float(key) for key in missing]))
"""


def test_each_row_is_computed_by_one_process(tmp_path):
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", COMPUTE, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    computed = []
    for process in processes:
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        computed += [int(line) for line in output.split()]
    assert sorted(computed) == list(range(12))
    assert ActivationCache(tmp_path).read(SPACE, keys_of(*range(12))).tolist() == list(range(12))


HOLD = """
import sys
from sktl.features._cache import ActivationCache

with ActivationCache(sys.argv[1]).lock(b"a" * 16):
    print("locked", flush=True)
    sys.stdin.read(1)
"""


@pytest.mark.parametrize("end", ["release", "kill"])
def test_the_lock_keeps_other_processes_out_until_it_is_released_or_its_holder_dies(tmp_path, end):
    filelock = pytest.importorskip("filelock")
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "locked\n"
        cache = ActivationCache(tmp_path)
        with pytest.raises(filelock.Timeout):
            filelock.FileLock(tmp_path / SPACE.hex() / ".lock", timeout=0.1).acquire()
        with cache.lock(OTHER):
            assert cache.write(SPACE, keys_of(0), np.zeros(1)) == 1
        with pytest.raises(TimeoutError), cache.lock(SPACE, waits=False):
            pass
        with cache.lock(SPACE, 1, waits=False):
            pass
        if end == "release":
            process.communicate("x", timeout=60)
        else:
            process.kill()
            process.communicate(timeout=60)
        with cache.lock(SPACE):
            assert cache.contains(SPACE, keys_of(0)).all()
    finally:
        process.kill()
        process.communicate()


def test_few_files_are_open_however_many_blocks_there_are(tmp_path, monkeypatch):
    monkeypatch.setattr(_folder_shelf, "N_MAPPED", 3)
    cache = ActivationCache(tmp_path)
    for number in range(10):
        cache.write(SPACE, keys_of(number), np.full((1, 2), float(number)))
    assert cache.read(SPACE, keys_of(*range(10)))[:, 0].tolist() == list(range(10))
    assert len(cache._store.shelf._mapped) == 3


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    cache = ActivationCache(tmp_path / "file")
    with pytest.raises(NotADirectoryError, match=r"folder of ActivationCache .* is a file.*Name another folder"):
        cache.write(SPACE, keys_of(0), np.zeros(1))


@pytest.mark.parametrize("folder", [3, ["a"]])
def test_a_folder_that_is_no_path(folder):
    with pytest.raises(TypeError, match="folder of ActivationCache must be the path of a folder, or None; got"):
        ActivationCache(folder).contains(SPACE, keys_of(0))


def test_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME" if os.name == "posix" else "USERPROFILE", str(tmp_path))
    cache = ActivationCache("~/cache")
    cache.write(SPACE, keys_of(0), np.zeros(1))
    assert len(files(tmp_path / "cache")) == 1
    assert str(tmp_path / "cache") in pickle.dumps(cache).decode("latin-1")


class TestReadOnly:
    """The superuser may write anywhere, so that the refusal is simulated."""

    @pytest.fixture
    def cache(self, tmp_path, monkeypatch):
        ActivationCache(tmp_path).write(SPACE, keys_of(0), np.ones((1, 2)), priority=0)

        def refuse(*args, **kwargs):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr("os.access", lambda path, mode: False)
        for name in ("os.utime", "os.replace"):
            monkeypatch.setattr(name, refuse)
        return ActivationCache(tmp_path)

    def test_rows_can_be_read(self, cache):
        assert cache.contains(SPACE, keys_of(0, 1)).tolist() == [True, False]
        assert cache.read(SPACE, keys_of(0)).tolist() == [[1.0, 1.0]]
        assert cache.read(SPACE, keys_of(0)).tolist() == [[1.0, 1.0]]

    def test_rows_cannot_be_written(self, cache):
        with pytest.raises(PermissionError, match=r"must be one that can be written to.*name another folder"):
            cache.write(SPACE, keys_of(1), np.ones((1, 2)))
        with pytest.raises(PermissionError, match="must be one that can be written to"), cache.lock(SPACE):
            pass

    def test_a_folder_that_cannot_be_made(self, tmp_path, monkeypatch):
        def refuse(self, **kwargs):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr("pathlib.Path.mkdir", refuse)
        with pytest.raises(PermissionError, match="must be one that can be written to"):
            ActivationCache(tmp_path / "new").write(SPACE, keys_of(0), np.ones((1, 2)))

    def test_other_errors_are_errors(self, tmp_path, monkeypatch):
        def fail(self, **kwargs):
            raise OSError(5, "Input/output error")

        monkeypatch.setattr("pathlib.Path.mkdir", fail)
        with pytest.raises(OSError, match="Input/output error"):
            ActivationCache(tmp_path / "new").write(SPACE, keys_of(0), np.ones((1, 2)))


def test_a_file_that_is_mapped_elsewhere_cannot_be_removed_on_windows(pair, monkeypatch):
    def refuse(self, missing_ok=False):
        raise PermissionError(13, "The process cannot access the file")

    for number in range(3):
        write(pair[0], number)
    monkeypatch.setattr("pathlib.Path.unlink", refuse)
    assert write(pair[0], 3) == 0
    assert pair[0].n_rows == 3
