import random
import threading

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from sktl.inputs import Augmentation, open_views
from sktl.inputs._views import drawing_view

KEYS = [bytes([number]) * 16 for number in range(4)]
SEEN_AS_TENSORS = (v2.ToPILImage(), v2.ToImage(), v2.ToDtype(torch.float32, scale=True))


def views_of(transform, kind="image"):
    return open_views(Augmentation(transform), kind)


def noise_of_torch(x):
    return x * torch.rand(())


def noise_of_numpy(x):
    return x * np.random.rand()


def noise_of_python(x):
    return x * random.random()


NOISES = [noise_of_torch, noise_of_numpy, noise_of_python]


@pytest.fixture
def picture(rng):
    return torch.from_numpy(rng.random((3, 10, 14), dtype=np.float32))


def states():
    return torch.get_rng_state().tolist(), np.random.get_state()[1].tolist(), random.getstate()


@pytest.mark.parametrize("transform", [*NOISES, "auto", v2.RandomRotation(30)])
class TestFixed:
    def test_a_view_is_a_function_of_key_number_and_seed(self, picture, transform):
        def draw(key, view, seed):
            torch.rand(1)  # whatever is drawn elsewhere
            np.random.rand()
            random.random()
            return views_of(transform).fixed([key], view, seed)(0, picture)

        first = draw(KEYS[0], 1, 0)
        assert torch.equal(first, draw(KEYS[0], 1, 0))
        for other in (draw(KEYS[1], 1, 0), draw(KEYS[0], 2, 0), draw(KEYS[0], 1, 5)):
            assert not torch.equal(first, other)

    def test_order_and_batch_do_not_matter(self, picture, transform):
        views = views_of(transform)
        whole, parts = views.fixed(KEYS, 3, 0), views.fixed(KEYS[2:], 3, 0)
        assert torch.equal(whole(3, picture), parts(1, picture))
        assert torch.equal(parts(0, picture), whole(2, picture))

    def test_global_generators_are_left_as_they_were(self, picture, transform):
        views, before = views_of(transform), states()
        views.fixed(KEYS, 1, 0)(0, picture)
        assert states() == before

    def test_the_sample_is_left_as_it_was(self, picture, transform):
        before = picture.clone()
        views_of(transform).fixed(KEYS, 1, 0)(0, picture)
        assert torch.equal(picture, before)


@pytest.mark.parametrize("transform", NOISES)
def test_fresh_views_follow_torch_alone(picture, transform):
    def draw(seed):
        torch.manual_seed(seed)
        alter = views_of(transform).fresh(2)
        return [alter(0, picture), alter(1, picture)]

    one, two, again = draw(0), draw(1), draw(0)
    assert all(torch.equal(a, b) for a, b in zip(one, again, strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    assert not torch.equal(one[0], one[1])
    np.random.seed(9)
    random.seed(9)
    assert torch.equal(draw(0)[0], one[0])


def test_fresh_views_differ_from_call_to_call(picture):
    views = views_of(noise_of_torch)
    assert not torch.equal(views.fresh(1)(0, picture), views.fresh(1)(0, picture))


def test_generators_are_put_back_after_an_error(picture):
    def fails(x):
        noise_of_torch(noise_of_numpy(noise_of_python(x)))
        raise RuntimeError("oh")

    before = states()
    with pytest.raises(RuntimeError, match="oh"):
        views_of(fails).fixed(KEYS, 1, 0)(0, picture)
    assert states() == before


def test_threads_do_not_mix_their_numbers(picture):
    views = views_of("auto")
    keys = [bytes([number % 256, number // 256]) * 8 for number in range(400)]
    expected = [views.fixed(keys, 1, 0)(place, picture) for place in range(400)]
    found, alter = {}, views.fixed(keys, 1, 0)

    def work(places):
        found.update({place: alter(place, picture) for place in places})

    threads = [threading.Thread(target=work, args=(range(start, 400, 4),)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(torch.equal(found[place], expected[place]) for place in range(400))


def test_a_generator_of_its_own_is_told(picture):
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"gave two views for one seed, .* let it draw from the global generators"):
        views_of(lambda x: x * rng.random()).fixed(KEYS, 1, 0)(0, picture)
    # where nothing is cached, it may
    assert views_of(lambda x: x * rng.random()).fresh(1)(0, picture).shape == picture.shape


def test_purity_is_tried_once(picture):
    calls = []

    def counted(x):
        calls.append(1)
        return x

    views = views_of(counted)
    for view in (1, 2, 3):
        views.fixed(KEYS, view, 0)(0, picture)
    assert len(calls) == 3 + 8


def test_a_transform_may_write_to_what_it_gets(picture):
    before = picture.clone()
    view = views_of(lambda x: x.zero_()).fixed(KEYS, 1, 0)(0, picture)
    assert view.sum() == 0
    assert torch.equal(picture, before)


def test_auto_is_for_pictures():
    for kind in ("table", "tensor"):
        with pytest.raises(ValueError, match=r"augment='auto' is for pictures.* give a callable"):
            views_of("auto", kind)


def test_the_name_is_that_of_the_transform():
    assert views_of(v2.RandomRotation(10)).name == views_of(v2.RandomRotation(10)).name
    assert views_of(v2.RandomRotation(10)).name != views_of(v2.RandomRotation(11)).name
    assert views_of("auto").name.startswith("FlipAndCrop ")


def test_transforms_of_pil_images_can_be_wrapped(picture):
    def grey(image):
        assert isinstance(image, Image.Image)
        return image.convert("L").convert("RGB")

    to_pil, to_image, to_float = SEEN_AS_TENSORS
    view = views_of(v2.Compose([to_pil, v2.Lambda(grey), to_image, to_float])).fixed(KEYS, 1, 0)(0, picture)
    assert type(view) is torch.Tensor
    assert view.dtype == torch.float32
    assert torch.equal(view[0], view[2])


@pytest.mark.parametrize(
    ("transform", "error", "match"),
    [
        (v2.ToPILImage(), TypeError, r"returned Image: expected a tensor\. For pictures, end with v2\.ToImage"),
        (lambda x: x.numpy(), TypeError, "returned ndarray: expected a tensor"),
        (lambda x: (x * 255).byte(), TypeError, r"returned torch\.uint8 for torch\.float32: .*end with v2\.ToImage"),
        (
            lambda x: x[None],
            ValueError,
            r"made \(1, 3, 10, 14\) of a picture of shape \(3, 10, 14\): expected a picture",
        ),
        (lambda x: x[:2], ValueError, r"made \(2, 10, 14\) of a picture .*: expected a picture \(3, h, w\)"),
        (lambda x: x[:, :0], ValueError, r"made \(3, 0, 14\) of a picture"),
        (v2.Normalize([0.5] * 3, [0.1] * 3), ValueError, r"returned values from -\S+ to 4\S+: .* Leave out Normalize"),
        (lambda x: x * torch.nan, ValueError, "returned values from nan to nan: expected a picture in"),
    ],
)
def test_what_is_no_view_of_a_picture(picture, transform, error, match):
    for alter in (views_of(transform).fixed(KEYS, 1, 0), views_of(transform).fresh(1)):
        with pytest.raises(error, match=match):
            alter(0, picture)


@pytest.mark.parametrize(
    ("transform", "error", "match"),
    [
        (lambda x: x[:2], ValueError, r"made \(2,\) of a sample of shape \(3,\): expected the same shape"),
        (lambda x: x / 0, ValueError, "returned NaN or infinity"),
        (lambda x: x.long(), TypeError, r"returned torch\.int64 for torch\.float32: keep the type$"),
    ],
)
def test_what_is_no_view_of_a_row(transform, error, match):
    with pytest.raises(error, match=match):
        views_of(transform, "table").fixed(KEYS, 1, 0)(0, torch.ones(3))


def test_values_a_little_beyond_are_fine(picture):
    assert views_of(lambda x: x * 1.4 - 0.2).fresh(1)(0, picture).max() > 1
    assert views_of(lambda x: x).fresh(1)(0, picture * 2).max() > 1.5  # as bright as what came in


def test_a_grey_view_and_another_float_type(picture):
    view = views_of(lambda x: x[:1].double()).fresh(1)(0, picture)
    assert view.shape == (1, 10, 14)
    assert view.dtype == torch.float32


def test_an_error_of_the_transform_tells_what_it_got(picture):
    def fails(image):
        raise AttributeError(f"no {type(image).__name__}")

    with pytest.raises(AttributeError, match="no Tensor") as caught, drawing_view(7):
        views_of(fails).fresh(1)(0, picture)
    hint, place = caught.value.__notes__
    assert "one picture (C, H, W) in [0, 1]: a tensor of shape (3, 10, 14) and torch.float32" in hint
    assert "v2.ToPILImage()" in hint
    assert place == "This was while drawing a view of X[7]."
    with pytest.raises(AttributeError, match="no Tensor") as caught:
        views_of(fails, "table").fresh(1)(0, torch.ones(3))
    assert caught.value.__notes__ == [
        "augment gives the transform one sample: a tensor of shape (3,) and torch.float32."
    ]
