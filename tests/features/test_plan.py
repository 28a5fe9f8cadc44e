import numpy as np
import pytest

from sktl.features import ActivationCache
from sktl.features._cut import Cut
from sktl.features._plan import StoragePlan

SHALLOW, MIDDLE, WANTED = Cut(1), Cut(2), Cut(3, pooled=True)
SPACES = {SHALLOW: b"s" * 16, MIDDLE: b"m" * 16, WANTED: b"w" * 16}
WIDTHS = {SHALLOW: 100, MIDDLE: 10, WANTED: 2}  # numbers a row
N = 40


def keys_of(numbers):
    return [b"%016d" % i for i in numbers]


def store_batch(plan, numbers):
    for cut in (SHALLOW, MIDDLE):
        rows = np.full((len(numbers), WIDTHS[cut]), WIDTHS[cut], np.float32)
        plan.offer(cut, SPACES[cut], keys_of(numbers), rows)
        rows[:] = 0  # as a stage does that works in place
    return plan.store(SPACES[WANTED], keys_of(numbers), np.zeros((len(numbers), WIDTHS[WANTED]), np.float32))


def store(cache, numbers_of_batches):
    plan = StoragePlan(cache, sum(map(len, numbers_of_batches)))
    return [store_batch(plan, numbers) for numbers in numbers_of_batches]


def held(cache):
    return {cut: int(cache.contains(space, keys_of(range(N))).sum()) for cut, space in SPACES.items()}


def test_everything_where_there_is_room():
    cache = ActivationCache(max_bytes=2**20)
    assert store(cache, [range(20), range(20, N)]) == [20, 20]
    assert held(cache) == {SHALLOW: N, MIDDLE: N, WANTED: N}
    for cut in (SHALLOW, MIDDLE):
        assert (cache.read(SPACES[cut], keys_of(range(N))) == WIDTHS[cut]).all()


@pytest.mark.parametrize(
    ("spare", "expected"),
    [
        (2 * 4 * N * 110 + 20_000, {SHALLOW: N, MIDDLE: N, WANTED: N}),
        (2 * 4 * N * 60, {SHALLOW: 0, MIDDLE: N, WANTED: N}),  # half of what is left holds the smaller, deeper rows
        (4 * N * 10, {SHALLOW: 0, MIDDLE: 0, WANTED: N}),
    ],
)
def test_rows_on_the_way_get_half_of_the_room_that_is_left(spare, expected):
    cache = ActivationCache(max_bytes=4 * N * WIDTHS[WANTED] + N * 16 + spare)
    assert store(cache, [range(10), range(10, N)]) == [10, 30]
    assert held(cache) == expected


def test_what_is_kept_is_chosen_once():
    cache = ActivationCache(max_bytes=2**20)
    plan = StoragePlan(cache, N)
    store_batch(plan, [0])
    cache.room = None  # asking again would fail
    assert store_batch(plan, [1]) == 1
    assert held(cache) == {SHALLOW: 2, MIDDLE: 2, WANTED: 2}


def test_without_room_nothing_is_stored():
    cache = ActivationCache(max_bytes=0)
    assert store(cache, [range(N)]) == [0]
    assert held(cache) == {SHALLOW: 0, MIDDLE: 0, WANTED: 0}


def test_what_is_taken_on_the_way():
    cache = ActivationCache()
    for keeps_pooled in (False, True):
        for keeps_rows in (False, True):
            plan = StoragePlan(cache, 5, keeps_pooled, keeps_rows)
            assert (plan.wants(True), plan.wants(False)) == (keeps_pooled, keeps_rows)
