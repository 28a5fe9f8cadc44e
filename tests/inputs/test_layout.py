"""Which axis counts channels."""

import numpy as np
import pytest

from sktl.inputs import open_images
from sktl.inputs._layout import channel_axis, channels_first, check_channels, check_dense


@pytest.mark.parametrize(
    ("shape", "n_channels", "axis"),
    [
        ((8, 9), 3, None),
        ((8, 9, 3), 3, -1),
        ((3, 8, 9), 3, 0),
        ((8, 9, 1), 3, -1),
        ((1, 8, 9), 3, 0),
        ((8, 9, 4), 3, -1),
        ((4, 8, 9), 3, 0),
        ((3, 8, 3), 3, -1),
        ((3, 8, 4), 3, -1),
        ((1, 1, 1), 3, -1),
        ((8, 64, 64), 8, 0),
        ((64, 64, 8), 8, -1),
        ((20, 20, 13), 13, -1),
        ((13, 20, 20), 13, 0),
        ((10, 20, 24), 3, 0),
        ((24, 20, 10), 3, -1),
        ((20, 2, 2), 2, -1),
    ],
)
def test_the_axis_of_one_shape(shape, n_channels, axis):
    assert channel_axis([shape], n_channels) == axis


@pytest.mark.parametrize(
    ("shapes", "axis"),
    [
        ([(8, 9, 3), (3, 8, 3)], -1),
        ([(3, 8, 9), (3, 8, 3)], 0),
        ([(8, 9), (3, 8, 9), (7, 7)], 0),
        ([(8, 9), (5, 5)], None),
        ([(8, 9, 1), (8, 9, 3)], -1),
    ],
)
def test_all_samples_decide_together(shapes, axis):
    assert channel_axis(shapes, 3) == axis


@pytest.mark.parametrize("shapes", [[(8, 8, 8)], [(20, 20, 13)], [(8, 9, 3), (3, 8, 9)]])
def test_an_axis_that_cannot_be_told(shapes):
    with pytest.raises(ValueError, match=r"cannot tell which axis counts channels .* numpy\.moveaxis"):
        channel_axis(shapes, 3)


def test_shapes_that_differ_are_both_named():
    with pytest.raises(ValueError, match=r"\(8, 9, 3\), and others such as \(3, 8, 9\)"):
        open_images([np.zeros((8, 9, 3)), np.zeros((3, 8, 9))])


@pytest.mark.parametrize("shape", [(), (5,), (2, 3, 4, 5)])
def test_samples_of_other_shapes(shape):
    with pytest.raises(ValueError, match=r"X\[1\] has the shape .*: expected a picture \(H, W\)"):
        channel_axis([(8, 9), shape], 3)


@pytest.mark.parametrize("shape", [(5,), (2, 3, 4, 5, 6), (2, 10)])
def test_arrays_of_other_shapes(shape):
    with pytest.raises(ValueError, match=r"X has the shape \(.*\): expected pictures \(n, H, W\)"):
        open_images(np.zeros(shape))


def test_flat_pictures_are_told_their_shape():
    with pytest.raises(ValueError, match=r"X\.reshape\(-1, 8, 8\)"):
        check_dense((10, 64))


def test_one_picture_is_not_many():
    with pytest.raises(ValueError, match=r"This looks like one picture: give X\[numpy\.newaxis\]"):
        check_dense((224, 200, 3))
    check_dense((5, 8, 3))
    check_dense((224, 200, 3, 1))
    check_dense((3, 224, 224))


def test_channels_first_is_a_view():
    x = np.zeros((2, 4, 5, 3))
    assert channels_first(x, -1).shape == (2, 3, 4, 5)
    assert np.shares_memory(channels_first(x, -1), x)
    assert channels_first(x, 0) is x
    assert channels_first(x[..., 0], None).shape == (2, 1, 4, 5)


@pytest.mark.parametrize(("n_found", "n_channels"), [(1, 1), (3, 3), (1, 3), (7, 7)])
def test_channels_that_fit(n_found, n_channels):
    check_channels(n_found, n_channels, "X")


@pytest.mark.parametrize(
    ("n_found", "n_channels", "hint"),
    [(3, 1, "Choose or combine"), (1, 4, "Choose or combine"), (4, 3, "Drop the alpha channel")],
)
def test_channels_that_do_not_fit(n_found, n_channels, hint):
    message = f"X\\[2\\] has {n_found} channels: the network takes {n_channels}. {hint}"
    with pytest.raises(ValueError, match=message):
        check_channels(n_found, n_channels, "X[2]")


def test_the_layout_is_decided_once_for_an_array():
    """A sample (3, 4, 3) of an array (n, C, H, W) whose other pictures tell."""
    x = np.arange(2 * 36, dtype=np.uint8)
    wide, narrow = np.zeros((3, 4, 9), dtype=np.uint8), x[:36].reshape(3, 4, 3)
    loaded = open_images([wide, narrow]).load([1], None)
    assert np.array_equal(loaded[0] * 255, narrow)
