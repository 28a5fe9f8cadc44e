import types

import numpy as np
import pytest

from sktl.features import _budget
from sktl.features._budget import (
    Resident,
    block_sizes,
    check_max_bytes,
    folder_bound,
    leaving,
    memory_bound,
)


def test_numbers_and_auto():
    assert check_max_bytes("auto") is None
    assert check_max_bytes(0) == 0
    assert check_max_bytes(np.int64(7)) == 7


@pytest.mark.parametrize("wrong", ["2GB", -1, 1.5, None, True, [1]])
def test_other_bounds_are_refused(wrong):
    with pytest.raises(
        ValueError, match=r"max_bytes .* must be 'auto' or a whole number of bytes.*write max_bytes=2 \*"
    ):
        check_max_bytes(wrong)


def test_a_quarter_of_the_memory(monkeypatch):
    monkeypatch.setattr(_budget, "available_memory", lambda: 4000)
    assert memory_bound("auto") == 1000
    assert memory_bound(12) == 12


@pytest.mark.parametrize(
    ("free", "held", "bound"),
    [(2**50, 0, 10 * 2**30), (1000, 0, 500), (600, 400, 500), (0, 400, 200)],
    ids=["a large disk", "a small disk", "what is held counts as free", "a full disk"],
)
def test_bound_of_a_folder(monkeypatch, tmp_path, free, held, bound):
    monkeypatch.setattr(_budget.shutil, "disk_usage", lambda path: types.SimpleNamespace(free=free))
    assert folder_bound("auto", tmp_path, held) == bound
    assert folder_bound(12, tmp_path, held) == 12


def test_bound_of_a_folder_that_is_not_there_yet(tmp_path):
    assert folder_bound("auto", tmp_path / "a" / "b", 0) > 0


@pytest.mark.parametrize("header", [0, 30])
@pytest.mark.parametrize("capacity", [-5, 0, 9, 39, 40, 41, 139, 140, 10_000])
def test_block_sizes_fill_the_capacity_and_no_more(monkeypatch, header, capacity):
    monkeypatch.setattr(_budget, "BLOCK_BYTES", 100)
    sizes = block_sizes(50, 10, header, capacity)
    used = sum(sizes) * 10 + len(sizes) * header
    assert used <= max(0, capacity)
    assert all(0 < size * 10 + header <= 100 for size in sizes)
    left, begun = capacity - used, not sizes or sizes[-1] * 10 + header > 90
    assert sum(sizes) == 50 or left < 10 + (header if begun else 0)


def test_a_row_larger_than_a_block_is_a_block(monkeypatch):
    monkeypatch.setattr(_budget, "BLOCK_BYTES", 100)
    assert block_sizes(3, 200, 0, 450) == [1, 1]


def test_no_rows_no_blocks():
    assert block_sizes(0, 10, 0, 100) == []


RESIDENTS = [Resident(b"", name, 10, int(name[0])) for name in ("1b", "0a", "1a", "0b")]
USES = {"1a": 1, "1b": 2, "0a": 3, "0b": 4}


@pytest.mark.parametrize(
    ("excess", "names"),
    [
        (-1, []),
        (0, []),
        (1, ["0a"]),
        (10, ["0a"]),
        (11, ["0a", "0b"]),
        (21, ["0a", "0b", "1a"]),
        (99, ["0a", "0b", "1a", "1b"]),
    ],
)
def test_what_nobody_asked_for_leaves_first_and_then_what_was_used_longest_ago(excess, names):
    assert [one.name for one in leaving(RESIDENTS, excess, lambda one: USES[one.name])] == names
