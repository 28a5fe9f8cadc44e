"""What samples may be."""

import pathlib

import numpy as np
import pytest
import torch
from PIL import Image

from sktl.inputs import open_images
from sktl.inputs._kinds import common_kind, kind_of


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        ("a.png", "path"),
        (np.str_("a.png"), "path"),
        (pathlib.PurePath("a.png"), "path"),
        (b"\x89PNG", "bytes"),
        (bytearray(b"\x89PNG"), "bytes"),
        (memoryview(b"\x89PNG"), "bytes"),
        (Image.new("L", (2, 2)), "picture"),
        (np.zeros((2, 2)), "array"),
        (torch.zeros(2, 2), "array"),
    ],
)
def test_kinds(item, kind):
    assert kind_of(item, 0) == kind


@pytest.mark.parametrize(
    ("item", "called"),
    [
        (None, "None"),
        (3, "int"),
        (float("nan"), "float"),
        ([1, 2], "list"),
        ({"image": 1}, "dict"),
        (np.float64(1), "float64"),
    ],
)
def test_items_that_are_no_pictures(item, called):
    with pytest.raises(TypeError, match=rf"X\[1\] is {called}: expected a path, a PIL image"):
        open_images(["a.png", item])
    with pytest.raises(TypeError, match=rf"X\[4\] is {called}: expected a path, a PIL image"):
        kind_of(item, 4)


def test_mixed_kinds_are_both_named():
    with pytest.raises(TypeError, match=r"X mixes kinds: X\[0\] is str and X\[2\] is ndarray of dtype uint8 and shape"):
        open_images(["a.png", pathlib.Path("b.png"), np.zeros((4, 4), dtype=np.uint8)])


def test_no_items():
    with pytest.raises(ValueError, match="X is empty: give at least one sample"):
        common_kind([])
