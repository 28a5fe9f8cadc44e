"""Ranges of values."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import Dataset

from sktl.inputs import _containers as containers
from sktl.inputs import find_scale, open_images
from sktl.inputs._values import check_finite, scale_for, to_peak


class Items(Dataset):
    """Pictures that are read when they are asked for."""

    def __init__(self, pictures):
        self.pictures = pictures

    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, index):
        return self.pictures[index]


@pytest.mark.parametrize(
    ("largest", "scale"),
    [(0, 1), (0.3, 1), (1, 1), (1.01, 16), (16, 16), (17, 255), (255, 255), (256, 1023), (4095, 4095), (5e4, 65535)],
)
@pytest.mark.parametrize("form", [np.asarray, list, torch.from_numpy])
def test_the_scale_of_floats(form, largest, scale):
    X = np.zeros((3, 4, 5))
    X[2, 1, 1] = largest
    found = find_scale(open_images(form(X)))
    assert found == scale
    assert isinstance(found, float)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, bool])
def test_types_that_speak_for_themselves(dtype):
    assert find_scale(open_images(np.ones((3, 4, 5), dtype=dtype))) == 1.0
    assert find_scale(open_images([np.full((4, 5), 9, dtype=dtype)])) == 1.0


def test_pil_images_speak_for_themselves():
    assert find_scale(open_images([Image.new("RGB", (4, 4), "white")])) == 1.0


def test_values_on_no_scale():
    with pytest.raises(ValueError, match="largest value of the pictures in X is 70000: expected at most 65535"):
        scale_for(70000.0)
    with pytest.raises(ValueError, match="Divide them so that full brightness is 1"):
        find_scale(open_images(np.full((2, 4, 4), 1e6)))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("form", [np.asarray, list, torch.from_numpy])
def test_nan_and_infinity_are_named(form, bad, monkeypatch):
    monkeypatch.setattr(containers, "_CHUNK_BYTES", 2 * 4 * 5 * 8)
    X = np.zeros((9, 4, 5))
    X[5, 2, 3] = bad
    X[7] = np.nan
    with pytest.raises(ValueError, match=r"Input X contains NaN or infinity: X\[5\] does"):
        open_images(form(X))


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int64, np.int8])
@pytest.mark.parametrize("form", [np.asarray, list, torch.from_numpy])
def test_negative_values_are_named(form, dtype, monkeypatch):
    monkeypatch.setattr(containers, "_CHUNK_BYTES", 3 * 4 * 5 * 8)
    X = np.zeros((9, 4, 5), dtype=dtype)
    X[7, 2, 3] = -2
    with pytest.raises(ValueError, match=r"X\[7\] holds the negative value -2.*standardises them itself"):
        open_images(form(X))


@pytest.mark.parametrize("form", [np.asarray, list, torch.from_numpy, Items])
@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_values_on_another_scale_than_in_a_fit_are_named(form, dtype, monkeypatch):
    monkeypatch.setattr(containers, "_CHUNK_BYTES", 3 * 4 * 5 * 8)
    X = np.ones((9, 4, 5), dtype=dtype)
    X[7, 2, 3] = 200
    message = r"X\[7\] holds the value 200, but full brightness was 16 in fit: give .* floats go from 0 to 1"
    with pytest.raises(ValueError, match=message):
        open_images(form(X), scale=16.0, bounded=True).load(range(9), None)
    assert open_images(form(X), scale=16.0).load(range(9), None).max() == 200 / 16


@pytest.mark.parametrize("X", [np.full((2, 4, 5), 24.0), np.full((2, 4, 5), 200, dtype=np.uint8), np.zeros((2, 4, 5))])
def test_values_a_little_beyond_the_scale_types_that_tell_and_black_pictures_pass(X):
    assert len(open_images(X, scale=16.0, bounded=True)) == 2


@pytest.mark.parametrize("form", [np.asarray, list])
def test_pictures_that_are_black_on_the_scale_of_a_fit(form):
    X = np.full((3, 4, 5), 0.9)
    with pytest.warns(UserWarning, match=r"value of the pictures in X is 0\.9, but full brightness was 255 in fit"):
        open_images(form(X), scale=255.0, bounded=True)
    open_images(form(X), scale=255.0)
    open_images(form(X), scale=1.0, bounded=True)


def test_minus_zero_is_not_negative():
    assert open_images(np.full((2, 4, 4), -0.0)).scale == 1.0


def test_a_scan_never_holds_all(monkeypatch):
    monkeypatch.setattr(containers, "_CHUNK_BYTES", 5 * 16 * 4)
    chunks = list(containers.Dense(np.zeros((12, 4, 4), dtype=np.float32)).chunks())
    assert [start for start, _ in chunks] == [0, 5, 10]
    assert [len(chunk) for _, chunk in chunks] == [5, 5, 2]


def test_integers_are_finite():
    check_finite(0, np.array([[2**62]]))


def test_to_peak_keeps_bytes():
    x = np.ones((2, 2), dtype=np.uint8)
    assert to_peak(x, 1.0)[0] is x
    assert to_peak(x > 0, 1.0)[0].max() == 255
    assert to_peak(x.astype(np.uint16), 1.0)[1] == 65535
    assert to_peak(x.astype(float), 16.0)[1] == 16
