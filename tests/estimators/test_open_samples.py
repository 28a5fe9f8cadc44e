import numpy as np
import pytest
import torch
from torch import nn

from sktl.backbones import Backbone
from sktl.estimators._open_samples import choose_preprocessing, image_samples, tensor_samples
from sktl.inputs import Augmentation, open_images, open_tensors
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


def test_the_shape_is_known_where_the_view_settles_it(rng):
    pictures = rng.integers(0, 255, size=(4, 8, 8), dtype=np.uint8)
    assert image_samples(open_images(pictures), KNOWN).shape == (3, 20, 20)
    assert image_samples(open_images(pictures), KNOWN, Augmentation(noisy), 1).subset(np.arange(2)).shape == (3, 20, 20)
    assert image_samples(open_images(pictures), KNOWN.at_size(None)).shape is None
    assert image_samples(open_images(pictures), None).shape is None
    assert tensor_samples(open_tensors(pictures / 255), torch.float32).shape == (8, 8)


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


def halve(sample):
    return sample / 2


def noisy(sample):
    return sample * torch.rand(())


class TestViews:
    """Views of pictures and of rows, numbered or drawn anew."""

    @pytest.fixture(params=["pictures", "rows"])
    def make(self, request, rng):
        """Return a function that opens a view."""
        images = open_images(rng.integers(0, 255, size=(6, 8, 8), dtype=np.uint8))
        tensors = open_tensors(rng.normal(size=(6, 3)))

        def make(*others):
            if request.param == "pictures":
                return image_samples(images, KNOWN, *others)
            return tensor_samples(tensors, torch.float32, *others)

        return make

    def test_view_0_is_the_plain_sample(self, make):
        plain, view = make(), make(Augmentation(noisy), 0, 3)
        assert view.view == plain.view
        assert torch.equal(view.load([1, 0]), plain.load([1, 0]))

    def test_keys_are_those_of_the_plain_sample(self, make):
        assert make(Augmentation(noisy), 2).keys([4, 1]) == make().keys([4, 1])
        assert make(Augmentation(noisy), 2).in_memory

    def test_a_view_is_the_same_whenever_it_is_loaded(self, make):
        whole = make(Augmentation(noisy), 1).load(np.arange(6))
        again = make(Augmentation(noisy), 1)
        torch.rand(5)
        assert torch.equal(again.load([4, 2]), whole[[4, 2]])
        assert torch.equal(again.subset(np.array([5, 2])).load(np.array([1])), whole[[2]])
        assert not torch.equal(make(Augmentation(noisy), 2).load(np.arange(6)), whole)
        assert not torch.equal(make(Augmentation(noisy), 1, 1).load(np.arange(6)), whole)

    def test_the_view_tells_transform_number_and_seed(self, make):
        views = [
            make().view,
            make(Augmentation(noisy), 1).view,
            make(Augmentation(noisy), 2).view,
            make(Augmentation(noisy), 1, 1).view,
            make(Augmentation(halve), 1).view,
            make(Augmentation(noisy), None).view,
        ]
        assert len(set(views)) == 6
        assert make(Augmentation(noisy, n_views=9, average=True), 1).view == views[1]

    def test_fresh_views_are_new_at_each_load(self, make):
        fresh = make(Augmentation(noisy), None)
        assert len(fresh) == 6
        assert not fresh.in_memory
        first, second = fresh.load(np.arange(6)), fresh.load(np.arange(6))
        assert first.shape == make().load(np.arange(6)).shape
        assert not torch.equal(first, second)
        torch.manual_seed(3)
        one = fresh.subset(np.array([2, 4])).load(np.array([1, 0]))
        torch.manual_seed(3)
        assert torch.equal(fresh.load(np.array([4, 2])), one)

    def test_fresh_views_are_never_cached(self, make):
        with pytest.raises(ValueError, match=r"views that are drawn anew .* have no keys: .* cache=None"):
            make(Augmentation(noisy), None).keys([0])

    @pytest.mark.parametrize("view", [1, None])
    def test_a_view_needs_an_augmentation(self, make, view):
        with pytest.raises(ValueError, match="a view other than 0 was asked for, and augment is None"):
            make(None, view)


def test_equal_samples_have_equal_views(rng):
    X = rng.normal(size=(2, 3))
    samples = tensor_samples(open_tensors(np.stack([X[0], X[1], X[0]])), torch.float32, Augmentation(noisy), 1)
    first, second, third = samples.load(np.arange(3))
    assert torch.equal(first, third)
    assert not np.allclose(first.numpy() / X[0], second.numpy() / X[1])


def test_auto_needs_pictures():
    with pytest.raises(ValueError, match=r"augment='auto' is for pictures, and this backbone takes tables or tensors"):
        tensor_samples(open_tensors([[1.0, 2.0]]), torch.float32, Augmentation(), 1)
