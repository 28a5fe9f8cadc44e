import dataclasses

import pytest

from sktl.utils._preprocessing import Preprocessing

DEFAULT = Preprocessing()


class TestAtSize:
    @pytest.mark.parametrize(("size", "resize"), [(224, 256), (112, 128), (300, 343)])
    def test_the_share_of_the_crop_stays(self, size, resize):
        assert DEFAULT.at_size(size) == Preprocessing(size=(size, size), resize=resize)
        assert DEFAULT.at_size((size, size)) == DEFAULT.at_size(size)

    def test_other_shapes_are_scaled_without_a_crop(self):
        assert DEFAULT.at_size((100, 50)) == Preprocessing(size=(100, 50), resize=None)

    def test_without_a_crop_there_is_none_later(self):
        assert Preprocessing(resize=None).at_size(64) == Preprocessing(size=(64, 64), resize=None)
        assert Preprocessing(size=None, resize=None).at_size(64) == Preprocessing(size=(64, 64), resize=None)

    def test_none_leaves_pictures_as_they_are(self):
        assert DEFAULT.at_size(None) == Preprocessing(size=None, resize=None)

    def test_the_rest_stays(self):
        other = Preprocessing(mean=(0.5,) * 3, std=(0.2,) * 3, interpolation="bicubic").at_size(32)
        assert (other.mean, other.std, other.interpolation) == ((0.5,) * 3, (0.2,) * 3, "bicubic")


class TestForChannels:
    def test_as_many_as_there_are(self):
        assert DEFAULT.for_channels(3) is DEFAULT

    def test_one_channel_has_the_averages(self):
        grey = DEFAULT.for_channels(1)
        assert grey.mean == (pytest.approx((0.485 + 0.456 + 0.406) / 3),)
        assert grey.std == (pytest.approx((0.229 + 0.224 + 0.225) / 3),)

    @pytest.mark.parametrize("n_channels", [2, 4, 6, 13])
    def test_others_repeat(self, n_channels):
        many = DEFAULT.for_channels(n_channels)
        assert len(many.mean) == len(many.std) == n_channels
        assert many.mean == tuple(DEFAULT.mean[k % 3] for k in range(n_channels))

    def test_from_one_to_three(self):
        assert Preprocessing(mean=(0.3,), std=(0.1,)).for_channels(3).mean == (0.3, 0.3, 0.3)


def test_equal_values_are_equal_and_read_the_same():
    assert repr(DEFAULT) == repr(Preprocessing())
    assert hash(DEFAULT) == hash(Preprocessing())


def test_it_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError, match="size"):
        DEFAULT.size = None
