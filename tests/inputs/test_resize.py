"""Scaling, cropping, standardising."""

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.models import ResNet18_Weights

from sktl.inputs import open_images
from sktl.inputs._resize import prepare
from sktl.utils._preprocessing import Preprocessing


@pytest.mark.parametrize("shape", [(40, 56), (300, 250), (256, 256), (7, 300)])
def test_as_torchvision_prepares_pictures(shape, rng):
    x = torch.from_numpy(rng.integers(0, 256, (2, 3, *shape), dtype=np.uint8))
    expected = ResNet18_Weights.IMAGENET1K_V1.transforms()(x)
    step = 1 / 255 / min(Preprocessing().std)  # torchvision's presets round bytes at another place
    assert torch.allclose(prepare(x, 255.0, Preprocessing(), 3), expected, atol=1.01 * step, rtol=0)


@pytest.mark.parametrize(
    ("size", "resize", "expected"),
    [
        ((10, 12), None, (10, 12)),
        ((10, 12), 16, (10, 12)),
        (None, 16, (16, 24)),
        (None, None, (20, 30)),
        ((10, 12), 5, (10, 12)),
    ],
)
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_sizes(size, resize, expected, dtype):
    preprocessing = Preprocessing(size=size, resize=resize)
    assert prepare(torch.ones(2, 3, 20, 30, dtype=dtype), 1.0, preprocessing, 3).shape == (2, 3, *expected)


def test_without_preprocessing_values_are_scaled_only():
    x = torch.arange(12.0).reshape(1, 1, 3, 4)
    assert torch.equal(prepare(x, 16.0, None, 1), x / 16)


def test_mean_and_std():
    preprocessing = Preprocessing(size=None, resize=None, mean=(0.5, 0.25, 0.0), std=(0.5, 0.25, 2.0))
    out = prepare(torch.ones(1, 3, 2, 2), 1.0, preprocessing, 3)
    assert out[0, :, 0, 0].tolist() == [1.0, 3.0, 0.5]


def test_mean_and_std_follow_the_channels():
    assert prepare(torch.zeros(1, 1, 8, 8), 1.0, Preprocessing(size=(4, 4), resize=None), 1).shape == (1, 1, 4, 4)
    assert prepare(torch.zeros(1, 5, 8, 8), 1.0, Preprocessing(size=(4, 4), resize=None), 5).shape == (1, 5, 4, 4)


def test_sharp_edges_stay_in_range():
    """Bicubic interpolation overshoots; bytes are cut off at 0 and 255, so are floats at their range."""
    x = torch.zeros(1, 1, 8, 8)
    x[..., 4:] = 0.75
    preprocessing = Preprocessing((32, 32), None, (0.0,), (1.0,), "bicubic")
    out = prepare(x, 1.0, preprocessing, 1)
    assert out.min() == 0
    assert out.max() == 0.75


def test_nearest_is_that_of_pillow(rng):
    array = rng.integers(0, 256, (9, 7), dtype=np.uint8)
    preprocessing = Preprocessing((5, 16), None, (0.0,), (1.0,), "nearest")
    out = open_images(array[None], n_channels=1).load([0], preprocessing)
    expected = np.array(Image.fromarray(array).resize((16, 5), Image.Resampling.NEAREST))
    assert np.array_equal((out[0, 0] * 255).round(), expected)


def test_the_input_is_left_as_it_is():
    x = torch.ones(1, 3, 4, 4)
    prepare(x, 2.0, Preprocessing(size=(4, 4), resize=None), 3)
    prepare(x, 2.0, None, 3)
    assert (x == 1).all()


def test_an_unknown_interpolation():
    with pytest.raises(
        ValueError, match=r"interpolation is 'cubist': expected one of \['bicubic', 'bilinear', 'nearest'\]"
    ):
        prepare(torch.ones(1, 3, 4, 4), 1.0, Preprocessing(interpolation="cubist"), 3)


def test_a_sliver_does_not_fill_the_memory():
    with pytest.raises(ValueError, match="a picture of 1 x 9000 pixels would have 256 x 2304000 with a shorter side"):
        prepare(torch.ones(1, 3, 1, 9000), 1.0, Preprocessing(), 3)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_the_result_goes_where_it_is_wanted(dtype):
    x = (200 * torch.rand(2, 3, 12, 10)).to(dtype)
    preprocessing = Preprocessing(size=(6, 5), resize=8)
    whole = np.full((4, 3, 6, 5), np.nan, dtype=np.float32)
    out = prepare(x, 200.0, preprocessing, 3, whole[1:3])
    assert np.array_equal(whole[1:3], prepare(x, 200.0, preprocessing, 3).numpy())
    assert np.shares_memory(out.numpy(), whole)
    assert np.isnan(whole[[0, 3]]).all()
