import os

import numpy as np
import pytest

from sktl.features._block import (
    HEADER_BYTES,
    DamagedBlock,
    count_rows,
    map_rows,
    open_block,
    write_block,
)

DTYPES = ["f2", "f4", "f8", "i8", "u2", "u1", "?", "c8"]
SHAPES = [(), (1,), (7,), (3, 5, 4), (0,), (2,) * 12]


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / ("ab" * 16)
    folder.mkdir()
    return folder


def keys_of(n):
    return [b"%016d" % i for i in range(n)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_round_trip(folder, rng, dtype, shape):
    rows = (rng.standard_normal((3, *shape)) * 100).astype(dtype)
    path = write_block(folder, keys_of(3), rows, 1)
    block = open_block(path)
    assert block.keys == keys_of(3)
    assert (block.shape, block.dtype, block.priority) == (rows.shape, rows.dtype, 1)
    back = map_rows(path)
    assert back.dtype == rows.dtype
    assert back.flags.c_contiguous
    assert not back.flags.writeable
    np.testing.assert_array_equal(back, rows)
    assert count_rows(path) == 3
    assert path.stat().st_size <= rows.nbytes + 3 * 16 + HEADER_BYTES
    assert block.n_bytes == rows.nbytes + 3 * 16


def test_rows_in_any_order_of_memory(folder, rng):
    rows = rng.standard_normal((6, 4, 5))
    for view in (rows.transpose(0, 2, 1), rows[::2], np.asfortranarray(rows)):
        np.testing.assert_array_equal(map_rows(write_block(folder, keys_of(len(view)), view, 0)), view)


def test_large_rows_are_written_in_pieces(folder, rng, monkeypatch):
    monkeypatch.setattr("sktl.features._block.CHUNK_BYTES", 100)
    rows = rng.standard_normal((50, 7))
    path = write_block(folder, keys_of(50), rows, 1)
    open_block(path)
    np.testing.assert_array_equal(map_rows(path), rows)


def test_the_file_is_an_ordinary_npy(folder):
    path = write_block(folder, keys_of(2), np.eye(2), 0)
    content = np.load(path, allow_pickle=False)
    assert content.dtype.names == ("key", "row")
    np.testing.assert_array_equal(content["row"][0], np.eye(2))
    assert path.name.endswith("-0.npy")


def test_same_content_same_name(folder):
    paths = {write_block(folder, keys_of(2), np.eye(2), 0) for _ in range(2)}
    assert len(paths) == 1
    assert write_block(folder, keys_of(2), np.eye(2) + 1, 0) not in paths


@pytest.mark.parametrize("position", [0, 5, 130, -17, -1])
def test_a_flipped_byte(folder, position):
    path = write_block(folder, keys_of(4), np.ones((4, 3)), 1)
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedBlock, match="does not have the checksum in its name"):
        open_block(path)


@pytest.mark.parametrize("size", [0, 3, 128, 200])
def test_a_truncated_file(folder, size):
    path = write_block(folder, keys_of(4), np.ones((4, 3)), 1)
    os.truncate(path, size)
    with pytest.raises(DamagedBlock, match="does not have the checksum in its name"):
        open_block(path)


def test_a_block_of_another_space(folder, tmp_path):
    path = write_block(folder, keys_of(4), np.ones((4, 3)), 1)
    other = tmp_path / ("cd" * 16)
    other.mkdir()
    path.rename(other / path.name)
    with pytest.raises(DamagedBlock, match="does not have the checksum in its name"):
        open_block(other / path.name)


def test_a_foreign_name(folder):
    np.save(folder / "mine.npy", np.eye(2))
    with pytest.raises(DamagedBlock, match="does not have the checksum in its name"):
        open_block(folder / "mine.npy")


def test_an_array_of_another_layout_under_the_right_name(folder):
    path = write_block(folder, keys_of(2), np.eye(2), 1)
    from sktl.features._block import _checksum

    np.save(path, np.eye(2))
    digest = _checksum(folder)
    digest.update(path.read_bytes())
    path = path.rename(folder / f"{digest.hexdigest()}-1.npy")
    with pytest.raises(DamagedBlock, match="holds an array, but no block"):
        open_block(path)
    assert count_rows(path) == 0


def test_rows_of_junk_and_of_nothing(folder):
    (folder / "junk.npy").write_bytes(b"junk")
    assert count_rows(folder / "junk.npy") == 0
    assert count_rows(folder / "none.npy") == 0


def test_nothing_is_left_of_a_write_that_fails(folder, monkeypatch):
    def refuse(source, target):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(KeyboardInterrupt):
        write_block(folder, keys_of(2), np.eye(2), 1)
    assert list(folder.iterdir()) == []
