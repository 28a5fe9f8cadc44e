import numpy as np
import pytest
import torch
from torch import nn

from sktl.backbones import Backbone
from sktl.estimators._open_samples import choose_preprocessing, image_samples, tensor_samples
from sktl.inputs import open_images, open_tensors
from sktl.utils._preprocessing import Preprocessing

KNOWN = Preprocessing(size=(20, 20), resize=25)


def make_backbone(preprocessing, **others):
    stages = [("one", nn.Conv2d(others.get("n_channels") or 3, 2, 1))]
    return Backbone(stages=stages, input_kind="image", preprocessing=preprocessing, name="net", **others)


@pytest.mark.parametrize("known", [KNOWN, None])
def test_auto_is_what_the_weights_expect(known):
    assert choose_preprocessing(make_backbone(known), "auto") is known


def test_a_size_keeps_the_crop():
    assert choose_preprocessing(make_backbone(KNOWN), 40) == Preprocessing(size=(40, 40), resize=50)


def test_a_shape_is_scaled_to_without_a_crop():
    assert choose_preprocessing(make_backbone(KNOWN), (40, 30)) == Preprocessing(size=(40, 30), resize=None)


def test_none_leaves_pictures_as_they_are():
    assert choose_preprocessing(make_backbone(KNOWN), None) == Preprocessing(size=None, resize=None)


@pytest.mark.parametrize("n_channels", [1, 3, None])
def test_a_network_that_expects_nothing_gets_values_in_0_and_1(n_channels):
    chosen = choose_preprocessing(make_backbone(None, n_channels=n_channels), 10)
    assert (chosen.size, chosen.resize) == ((10, 10), None)
    assert set(chosen.mean) == {0.0}
    assert set(chosen.std) == {1.0}
    assert len(chosen.mean) == (n_channels or 3)


def test_one_size_only():
    fixed = make_backbone(KNOWN, fixed_size=True)
    assert choose_preprocessing(fixed, 20).size == (20, 20)
    with pytest.raises(ValueError, match=r"'net' takes pictures of \(20, 20\) pixels only, got image_size=32; leave"):
        choose_preprocessing(fixed, 32)


def test_pictures_are_loaded_and_told_apart(rng):
    images = open_images(rng.integers(0, 255, size=(4, 8, 8), dtype=np.uint8))
    samples = image_samples(images, KNOWN)
    assert len(samples) == 4
    assert torch.equal(samples.load([2, 0]), images.load([2, 0], KNOWN))
    assert samples.keys([2, 0]) == images.keys([2, 0])


def test_the_view_tells_preprocessing_and_scale(rng):
    floats = rng.uniform(size=(4, 8, 8))
    views = {
        image_samples(open_images(floats), KNOWN).view,
        image_samples(open_images(floats), KNOWN.at_size(10)).view,
        image_samples(open_images(floats, scale=255.0), KNOWN).view,
        image_samples(open_images(floats), None).view,
    }
    assert len(views) == 4
    assert image_samples(open_images(floats), KNOWN).view in views


def test_tables_come_in_the_type_of_the_weights(rng):
    tensors = open_tensors(rng.normal(size=(5, 3)))
    single, double = (tensor_samples(tensors, dtype) for dtype in (torch.float32, torch.float64))
    assert single.load([1]).dtype == torch.float32
    assert double.load([1]).dtype == torch.float64
    assert single.view != double.view
    assert single.keys([0, 1]) == double.keys([0, 1])


def test_whole_numbers_stay_whole():
    samples = tensor_samples(open_tensors(np.arange(6).reshape(2, 3)), torch.float32)
    assert samples.load([0]).tolist() == [[0, 1, 2]]
    assert samples.load([0]).dtype == torch.int64
