import copy
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest
from sklearn.base import clone

from sktl.features._cache import ActivationCache, default_cache

SPACE, OTHER = b"a" * 16, b"b" * 16
ROW_SHAPES = [(), (3,), (2, 4, 5), (0,)]
DTYPES = ["f2", "f4", "f8", "i8", "u2", "?"]


def keys_of(*numbers):
    return [b"%016d" % i for i in numbers]


@pytest.fixture(params=["memory", "folder"])
def make(request, tmp_path):
    """Return a function that makes a cache; all those in a folder share it."""

    def make(max_bytes=2**20):
        return ActivationCache(None if request.param == "memory" else tmp_path / "cache", max_bytes=max_bytes)

    return make


class TestContract:
    """What holds in memory holds in a folder."""

    def test_an_empty_cache(self, make):
        cache = make()
        assert cache.contains(SPACE, keys_of(1, 2)).tolist() == [False, False]
        assert cache.contains(SPACE, []).tolist() == []
        assert cache.read(SPACE, []).shape == (0,)
        assert cache.info == {"n_rows": 0, "n_bytes": 0, "n_evicted": 0, "n_damaged": 0}
        assert cache.room(SPACE, keys_of(1)) == 2**20

    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("shape", ROW_SHAPES, ids=str)
    def test_what_is_written_is_read(self, make, rng, dtype, shape):
        cache = make()
        rows = (rng.standard_normal((5, *shape)) * 9).astype(dtype)
        assert cache.write(SPACE, keys_of(0, 1, 2), rows[:3]) == 3
        assert cache.write(SPACE, keys_of(3, 4), rows[3:]) == 2
        assert cache.contains(SPACE, keys_of(4, 9, 0)).dtype == bool
        assert cache.contains(SPACE, keys_of(4, 9, 0)).tolist() == [True, False, True]
        for order in ([0, 1, 2, 3, 4], [4, 0, 3], [0, 1, 2], [2, 2, 1]):
            back = cache.read(SPACE, keys_of(*order))
            assert back.dtype == rows.dtype
            assert back.flags.c_contiguous
            assert back.flags.writeable
            np.testing.assert_array_equal(back, rows[order])
        assert cache.read(SPACE, []).shape == (0, *shape)
        assert cache.n_rows == 5
        assert cache.n_bytes >= rows.nbytes

    def test_rows_are_copied_in_and_out(self, make):
        cache, rows = make(), np.ones((2, 3))
        cache.write(SPACE, keys_of(0, 1), rows)
        rows[:] = 7
        cache.read(SPACE, keys_of(0, 1))[:] = 8
        assert (cache.read(SPACE, keys_of(0, 1)) == 1).all()

    def test_spaces_are_apart(self, make):
        cache = make()
        cache.write(SPACE, keys_of(0), np.zeros((1, 2)))
        assert not cache.contains(OTHER, keys_of(0)).any()
        cache.write(OTHER, keys_of(0), np.ones((1, 5), dtype=np.float32))
        assert cache.read(SPACE, keys_of(0)).shape == (1, 2)
        assert cache.read(OTHER, keys_of(0)).shape == (1, 5)

    def test_rows_are_not_stored_twice(self, make):
        cache = make()
        cache.write(SPACE, keys_of(0, 1), np.array([0.0, 1.0]))
        n_bytes = cache.n_bytes
        assert cache.write(SPACE, keys_of(1, 0), np.array([8.0, 8.0])) == 2
        assert (cache.n_rows, cache.n_bytes) == (2, n_bytes)
        assert cache.write(SPACE, keys_of(1, 2, 2, 0), np.array([8.0, 2.0, 8.0, 8.0])) == 4
        assert cache.n_rows == 3
        assert cache.read(SPACE, keys_of(0, 1, 2)).tolist() == [0.0, 1.0, 2.0]

    def test_absent_rows_cannot_be_read(self, make):
        cache = make()
        cache.write(SPACE, keys_of(0), np.zeros(1))
        with pytest.raises(KeyError, match=r"2 of 3 rows are not in ActivationCache.*contains\(\)"):
            cache.read(SPACE, keys_of(0, 1, 2))

    def test_the_first_rows_are_stored_when_not_all_fit(self, make):
        cache = make(max_bytes=5000)
        n_stored = cache.write(SPACE, keys_of(*range(10)), np.zeros((10, 100)))
        assert 0 < n_stored < 10
        assert cache.contains(SPACE, keys_of(*range(10))).tolist() == [i < n_stored for i in range(10)]
        assert cache.n_bytes <= 5000

    def test_rows_that_are_held_count_among_the_first(self, make):
        cache = make(max_bytes=6000)
        cache.write(SPACE, keys_of(0, 2), np.zeros((2, 100)))
        with cache.lock(SPACE):
            assert cache.contains(SPACE, keys_of(0, 2)).all()
            n_stored = cache.write(SPACE, keys_of(*range(10)), np.zeros((10, 100)))
        assert 3 <= n_stored < 10
        assert cache.contains(SPACE, keys_of(*range(n_stored))).all()
        assert not cache.contains(SPACE, keys_of(n_stored)).any()

    def test_nothing_fits(self, make):
        cache = make(max_bytes=10)
        assert cache.write(SPACE, keys_of(0), np.zeros((1, 100))) == 0
        assert cache.n_rows == 0

    def test_a_row_that_never_fits_pushes_nothing_out(self, make):
        cache = make(max_bytes=3000)
        cache.write(SPACE, keys_of(0), np.zeros((1, 2)))
        assert cache.write(OTHER, keys_of(0), np.zeros((1, 1000))) == 0
        assert cache.contains(SPACE, keys_of(0)).all()

    def test_the_bound_holds_at_every_moment(self, make, rng):
        cache = make(max_bytes=20_000)
        for i in range(40):
            size = int(rng.integers(1, 9))
            cache.write(
                [SPACE, OTHER][i % 2],
                keys_of(*range(100 * i, 100 * i + size)),
                rng.standard_normal((size, 50)),
                priority=int(rng.integers(2)),
            )
            assert 0 < cache.n_bytes <= 20_000
        assert cache.info["n_evicted"] > 0

    def test_large_writes_become_several_blocks(self, make, rng, monkeypatch):
        monkeypatch.setattr("sktl.features._budget.BLOCK_BYTES", 4000)
        cache, rows = make(), rng.standard_normal((30, 50))
        assert cache.write(SPACE, keys_of(*range(30)), rows) == 30
        np.testing.assert_array_equal(cache.read(SPACE, keys_of(*range(30))), rows)
        with cache.lock(OTHER):
            cache.contains(SPACE, keys_of(29))
            assert 2**20 - 8000 < cache.room(SPACE, keys_of(0)) < 2**20

    def test_clear(self, make):
        cache = make()
        cache.write(SPACE, keys_of(0, 1), np.zeros((2, 2)))
        cache.clear()
        assert (cache.n_rows, cache.n_bytes) == (0, 0)
        assert not cache.contains(SPACE, keys_of(0)).any()
        assert cache.write(SPACE, keys_of(0), np.ones((1, 9))) == 1

    def test_rows_of_another_shape_or_type(self, make):
        cache = make()
        cache.write(SPACE, keys_of(0), np.zeros((1, 2)))
        with pytest.raises(ValueError, match=r"have the shape \(2,\) and type float64, got \(3,\) and float64"):
            cache.write(SPACE, keys_of(1), np.zeros((1, 3)))
        with pytest.raises(ValueError, match=r"got \(2,\) and float32"):
            cache.write(SPACE, keys_of(1), np.zeros((1, 2), dtype=np.float32))

    def test_rows_that_do_not_go_with_the_keys(self, make):
        with pytest.raises(ValueError, match=r"one row for each of 2 keys, got an array of the shape \(3,\)"):
            make().write(SPACE, keys_of(0, 1), np.zeros(3))
        with pytest.raises(ValueError, match=r"got an array of the shape \(\)"):
            make().write(SPACE, keys_of(0), np.float64(3))

    def test_rows_that_are_no_numbers(self, make):
        with pytest.raises(TypeError, match="must be numbers or booleans, got the type object"):
            make().write(SPACE, keys_of(0), np.array([None]))

    def test_priorities(self, make):
        with pytest.raises(ValueError, match=r"priority must be 0 .* or 1, got 2"):
            make().write(SPACE, keys_of(0), np.zeros(1), priority=2)

    @pytest.mark.parametrize("method", ["contains", "read", "room", "write"])
    def test_ids_are_checked(self, make, method):
        arguments = [np.zeros(1)] if method == "write" else []
        with pytest.raises(ValueError, match="keys of an activation cache must be made of 16 bytes"):
            getattr(make(), method)(SPACE, [b"x"], *arguments)

    def test_the_space_of_a_lock_is_checked(self, make):
        with (
            pytest.raises(ValueError, match="space of an activation cache must be made of 16 bytes"),
            make().lock(b"x"),
        ):
            pass

    def test_the_bound_is_checked_when_it_is_used(self, make):
        cache = make(max_bytes="2GB")
        with pytest.raises(ValueError, match="max_bytes of ActivationCache"):
            cache.write(SPACE, keys_of(0), np.zeros(1))

    def test_auto(self, make):
        cache = make(max_bytes="auto")
        assert cache.write(SPACE, keys_of(0), np.zeros(1)) == 1
        assert cache.room(SPACE, keys_of(1)) > 2**20

    def test_copies_are_the_cache_itself(self, make):
        cache = make()
        assert copy.copy(cache) is cache
        assert copy.deepcopy([cache])[0] is cache
        assert clone(cache) is cache

    def test_a_pickle_comes_back_as_the_cache_in_the_same_process(self, make):
        cache = make()
        cache.write(SPACE, keys_of(0), np.zeros(1))
        assert pickle.loads(pickle.dumps(cache)) is cache
        assert pickle.loads(pickle.dumps(cache)) is cache

    def test_repr(self, make):
        assert repr(make(max_bytes=7)).startswith("ActivationCache(")
        assert "max_bytes=7" in repr(make(max_bytes=7))

    def test_a_lock_is_released_by_what_interrupts_it(self, make):
        cache = make()
        with pytest.raises(KeyboardInterrupt), cache.lock(SPACE), cache.lock(SPACE):
            raise KeyboardInterrupt
        entered = []

        def enter():
            with cache.lock(SPACE):
                entered.append(True)

        thread = threading.Thread(target=enter)
        thread.start()
        thread.join(10)
        assert entered
        with cache.lock(SPACE):
            assert cache.write(OTHER, keys_of(0), np.zeros(1)) == 1

    def test_one_thread_at_a_time_computes(self, make):
        cache, computed = make(), []
        keys = keys_of(*range(20))
        start = threading.Barrier(4)

        def fill():
            start.wait()
            for at in range(0, 20, 5):
                with cache.lock(SPACE):
                    missing = [k for k, held in zip(keys, cache.contains(SPACE, keys), strict=True) if not held][:5]
                    computed.extend(missing)
                    cache.write(SPACE, missing, np.array([float(k) for k in missing]))
                cache.contains(OTHER, keys_of(at))

        threads = [threading.Thread(target=fill) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert sorted(computed) == keys
        assert cache.read(SPACE, keys).tolist() == list(range(20))

    def test_whoever_shall_not_wait_is_told(self, make):
        cache, told = make(), []

        def ask():
            for share in (0, 3):
                try:
                    with cache.lock(SPACE, share, waits=False):
                        told.append(share)
                except TimeoutError:
                    told.append("busy")

        def ask_in_a_thread():
            thread = threading.Thread(target=ask)
            thread.start()
            thread.join(30)

        with cache.lock(SPACE), cache.lock(SPACE, waits=False):
            ask_in_a_thread()
        ask_in_a_thread()
        assert told == ["busy", 3, 0, 3]

    def test_threads_that_write_and_evict_at_once(self, make):
        cache, wrong = make(max_bytes=30_000), []
        start = threading.Barrier(4)

        def work(number):
            start.wait()
            space = b"%016d" % number
            for i in range(15):
                with cache.lock(space):
                    n_stored = cache.write(space, keys_of(3 * i, 3 * i + 1), np.full((2, 100), i))
                    back = cache.read(space, keys_of(3 * i, 3 * i + 1)[:n_stored])
                    if (back != i).any() or cache.n_bytes > 30_000:
                        wrong.append((number, i))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert wrong == []
        assert cache.info["n_evicted"] > 0


def test_a_bound_that_is_shared_by_pickles(tmp_path):
    one, other = ActivationCache(max_bytes=5), ActivationCache(max_bytes=5)
    assert pickle.loads(pickle.dumps(one)) is not pickle.loads(pickle.dumps(other))


def in_another_process(code, *arguments):
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


LOAD = """
import pickle, sys
caches = [pickle.loads(bytes.fromhex(sys.argv[1])) for _ in range(2)]
keys = [b"%016d" % 0]
print(caches[0].folder is None, caches[0].max_bytes, caches[0].contains(b"a" * 16, keys)[0], caches[0] is caches[1])
"""


def test_a_cache_in_memory_is_empty_in_another_process():
    cache = ActivationCache(max_bytes=12345)
    cache.write(SPACE, keys_of(0), np.zeros(1))
    assert in_another_process(LOAD, pickle.dumps(cache).hex()) == "True 12345 False True"


def test_a_cache_in_a_folder_is_the_same_in_another_process(tmp_path):
    cache = ActivationCache(tmp_path, max_bytes=12345)
    cache.write(SPACE, keys_of(0), np.zeros(1))
    assert in_another_process(LOAD, pickle.dumps(cache).hex()) == "False 12345 True True"


def test_the_default_cache_is_one_in_each_process():
    cache = default_cache()
    assert default_cache() is cache
    assert (cache.folder, cache.max_bytes) == (None, "auto")
    assert pickle.loads(pickle.dumps(cache)) is cache
    code = (
        "import pickle, sys; from sktl.features._cache import default_cache;"
        "print(pickle.loads(bytes.fromhex(sys.argv[1])) is default_cache())"
    )
    assert in_another_process(code, pickle.dumps(cache).hex()) == "True"


def test_the_constructor_does_nothing(tmp_path):
    cache = ActivationCache(tmp_path / "new", max_bytes="nonsense")
    assert (cache.folder, cache.max_bytes) == (tmp_path / "new", "nonsense")
    assert list(tmp_path.iterdir()) == []
