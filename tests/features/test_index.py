import numpy as np
import pytest

from sktl.features._block import Block
from sktl.features._index import RowIndex, check_ids, gather


def key(number):
    return b"%016d" % number


def block(name, numbers, rows):
    return Block(name, [key(i) for i in numbers], rows.shape, rows.dtype, 1, rows)


def read(index, numbers):
    places = index.find([key(i) for i in numbers])
    return gather(index.blocks_at(places), places, lambda one: one.rows)


@pytest.fixture
def index(rng):
    index = RowIndex()
    rows = np.arange(20).reshape(10, 2)
    index.add(block("a", range(4), rows[:4]))
    index.add(block("b", range(4, 7), rows[4:7]))
    index.add(block("c", range(7, 10), rows[7:]))
    return index


@pytest.mark.parametrize(
    "numbers", [range(10), range(9, -1, -1), [5], [4, 5, 6], [6, 5], [0, 9, 0, 4, 4], range(4)], ids=str
)
def test_rows_come_in_the_order_of_the_keys(index, numbers):
    rows = read(index, numbers)
    np.testing.assert_array_equal(rows, np.arange(20).reshape(10, 2)[list(numbers)])
    assert rows.flags.c_contiguous


@pytest.mark.parametrize("numbers", [[0, 1, 2, 3], [1], [0, 5]], ids=str)
def test_rows_are_fresh(index, numbers):
    rows = read(index, numbers)
    rows[:] = -1
    assert (read(index, numbers) >= 0).all()


def test_absent_keys(index):
    places = index.find([key(3), key(77)])
    assert places[0] >= 0
    assert places[1] == -1
    assert [one.name for one in index.blocks_at(places).values()] == ["a"]


def test_a_dropped_block_takes_its_own_keys_along(index):
    index.add(block("d", [3, 30], np.zeros((2, 2), int)))
    index.drop("d")
    index.drop("unknown")
    assert (index.find([key(i) for i in range(10)]) >= 0).all()
    assert (index.find([key(30)]) == -1).all()
    index.drop("a")
    assert index.find([key(i) for i in range(5)]).tolist()[:4] == [-1] * 4
    assert index.by_name("a") is None
    assert index.by_name("b") is not None


def test_shape_and_type(index):
    assert index.like() == ((2,), np.dtype(int))
    assert RowIndex().like() is None


@pytest.mark.parametrize(
    ("space", "keys", "name"),
    [
        (b"short", [], "space"),
        ("x" * 16, [], "space"),
        (b"x" * 16, [key(1), b"short"], "keys"),
        (b"x" * 16, ["x" * 16], "keys"),
    ],
)
def test_ids_that_are_not_16_bytes(space, keys, name):
    with pytest.raises(ValueError, match=f"{name} of an activation cache must be made of 16 bytes.*blake2b"):
        check_ids(space, keys)


def test_ids_of_16_bytes():
    check_ids(b"x" * 16, [key(1), key(2)])
