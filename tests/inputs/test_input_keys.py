"""Keys tell samples apart and nothing else."""

import io
import os

import numpy as np
import pytest
import torch
from PIL import Image

from sktl.exceptions import UnreadableImageError
from sktl.inputs import _pictures as pictures_module
from sktl.inputs import open_images, open_tensors


@pytest.fixture
def arrays(rng):
    return rng.integers(0, 256, (4, 8, 9, 3), dtype=np.uint8)


def png(array):
    file = io.BytesIO()
    Image.fromarray(array).save(file, "PNG")
    return file.getvalue()


FORMS = {
    "array": lambda x: x,
    "list": list,
    "PIL": lambda x: [Image.fromarray(a) for a in x],
    "bytes": lambda x: [png(a) for a in x],
    "pairs": lambda x: [(Image.fromarray(a), 0) for a in x],
}


@pytest.mark.parametrize("form", FORMS)
def test_copies_share_a_key_and_others_do_not(form, arrays):
    keys = open_images(FORMS[form](arrays)).keys(range(4))
    assert all(isinstance(key, bytes) and len(key) == 16 for key in keys)
    assert len(set(keys)) == 4
    assert open_images(FORMS[form](arrays[[3, 1]].copy())).keys([1, 0]) == [keys[1], keys[3]]
    arrays[1, 0, 0, 0] ^= 1
    changed = open_images(FORMS[form](arrays)).keys(range(4))
    assert [a == b for a, b in zip(keys, changed, strict=True)] == [True, False, True, True]


def test_arrays_and_tensors_in_any_container_share_keys(arrays):
    keys = open_images(arrays).keys(range(4))
    for X in (list(arrays), torch.from_numpy(arrays), np.asfortranarray(arrays), [(a, 0) for a in arrays]):
        assert open_images(X).keys(range(4)) == keys


def test_type_shape_and_layout_are_part_of_a_key():
    samples = [
        np.zeros((1, 4, 6), dtype=np.uint8),
        np.zeros((1, 6, 4), dtype=np.uint8),
        np.zeros((1, 4, 3), dtype=np.uint16),
        np.zeros((1, 4, 6), dtype=bool),
        np.zeros((1, 4, 6, 1), dtype=np.uint8),
        np.zeros((1, 1, 4, 6), dtype=np.uint8),
    ]
    assert len({open_images(x).keys([0])[0] for x in samples}) == len(samples)
    square = np.zeros((3, 4, 3), dtype=np.uint8)
    first = open_images([square, np.zeros((3, 4, 9), dtype=np.uint8)]).keys([0])
    assert first != open_images([square]).keys([0])


def test_the_mode_is_part_of_the_key_of_a_pil_image():
    L, I16 = Image.new("L", (4, 4), 9), Image.new("I;16", (4, 4), 9)
    L_key, I16_key, F_key = open_images([L, I16, Image.new("F", (4, 4), 9)]).keys(range(3))
    assert len({L_key, I16_key, F_key}) == 3


@pytest.fixture
def paths(arrays, tmp_path):
    found = [tmp_path / f"{i}.png" for i in range(2)]
    for path in found:
        path.write_bytes(png(arrays[0]))
    return found


def test_a_path_stands_for_its_file_as_last_written(paths, monkeypatch):
    keys = open_images(paths).keys([0, 1])
    assert keys[0] != keys[1]
    monkeypatch.chdir(paths[0].parent)
    assert open_images(["0.png", "./1.png"]).keys([0, 1]) == keys
    status = os.stat(paths[0])
    os.utime(paths[0], ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    touched = open_images(paths).keys([0, 1])
    assert touched[0] != keys[0]
    assert touched[1] == keys[1]
    status = os.stat(paths[1])
    with paths[1].open("ab") as file:
        file.write(b"\0")
    os.utime(paths[1], ns=(status.st_atime_ns, status.st_mtime_ns))
    assert open_images(paths).keys([1]) != keys[1:]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UnreadableImageError, match=r"X\[0\] \('.*none\.png'\) cannot be read: there is no such file"):
        open_images([tmp_path / "none.png"]).keys([0])


def test_keys_are_computed_once(arrays, monkeypatch):
    computed = []
    key_of_array = pictures_module.key_of_array

    def counting(array, how_read):
        computed.append(array)
        return key_of_array(array, how_read)

    monkeypatch.setattr(pictures_module, "key_of_array", counting)
    images = open_images(arrays)
    assert images.keys([2, 0, 2]) == images.keys([2, 0, 2])
    assert len(computed) == 2


def test_keys_of_tensors(rng):
    X = rng.normal(size=(4, 3, 2))
    keys = open_tensors(X).keys(range(4))
    assert len(set(keys)) == 4
    assert open_tensors(list(X)).keys(range(4)) == keys
    assert open_tensors(torch.from_numpy(X)).keys([3, 3]) == [keys[3]] * 2
    assert open_tensors(X.astype(np.float32)).keys([0]) != keys[:1]
    assert open_tensors(X.reshape(4, 6)).keys([0]) != keys[:1]
