"""Every mode of PIL images, from memory and from files."""

import io

import numpy as np
import pytest
from PIL import Image

from sktl.exceptions import UnreadableImageError
from sktl.inputs._decode import decode, quiet_pillow
from sktl.inputs._picture import picture_to_array

ORIENTATION = 0x0112


def saved(picture, format="PNG", **options):
    file = io.BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


@pytest.fixture
def colour(rng):
    return rng.integers(0, 256, (6, 9, 3), dtype=np.uint8)


@pytest.fixture
def grey(rng):
    return rng.integers(0, 256, (6, 9), dtype=np.uint8)


UPRIGHT = {
    1: lambda x: x,
    2: np.fliplr,
    3: lambda x: np.rot90(x, 2),
    4: np.flipud,
    5: lambda x: x.transpose(1, 0, 2),
    6: lambda x: np.rot90(x, -1),
    7: lambda x: np.rot90(x, 2).transpose(1, 0, 2),
    8: np.rot90,
}


@pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", UPRIGHT)
def test_exif_orientation_is_applied(orientation, format, colour):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    options = {"lossless": True} if format == "WEBP" else {}
    data = saved(Image.fromarray(colour), format, exif=exif, **options)
    expected = np.ascontiguousarray(UPRIGHT[orientation](colour)).transpose(2, 0, 1)
    assert np.array_equal(decode(data, 3, None)[0], expected)
    assert np.array_equal(picture_to_array(Image.open(io.BytesIO(data)), 3)[0], expected)


def test_damaged_exif_data_do_not_matter(colour):
    data = saved(Image.fromarray(colour), "PNG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x05nonsense")
    with quiet_pillow():
        assert np.array_equal(decode(data, 3, None)[0], colour.transpose(2, 0, 1))


def test_the_picture_of_the_user_is_left_as_it_is(colour):
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    picture = Image.open(io.BytesIO(saved(Image.fromarray(colour), exif=exif)))
    picture_to_array(picture, 3)
    assert picture.size == (9, 6)
    assert picture.getexif()[ORIENTATION] == 6


def on_white(rgb, alpha):
    """Return pixels laid on white, to within one step of rounding."""
    alpha = alpha[..., None] / 255
    return (rgb * alpha + 255 * (1 - alpha)).transpose(2, 0, 1)


def close(array, expected):
    return array.shape == expected.shape and np.abs(array.astype(float) - expected).max() <= 1


def test_alpha_is_laid_on_white(colour, grey):
    picture = Image.fromarray(np.dstack([colour, grey]))
    for array, peak in (picture_to_array(picture, 3), decode(saved(picture), 3, None)):
        assert peak == 255
        assert close(array, on_white(colour, grey))


def test_grey_with_alpha_is_laid_on_white(grey):
    alpha = grey[::-1].copy()
    picture = Image.merge("LA", [Image.fromarray(grey), Image.fromarray(alpha)])
    for array, _ in (picture_to_array(picture, 3), decode(saved(picture), 3, None)):
        assert close(array, on_white(np.dstack([grey] * 3), alpha))
    assert close(picture_to_array(picture, 1)[0], on_white(grey[..., None], alpha))


@pytest.mark.parametrize("mode", ["RGBa", "La"])
def test_premultiplied_alpha_is_laid_on_white(mode, colour):
    alpha = np.full((6, 9), 128, dtype=np.uint8)
    picture = Image.fromarray(np.dstack([colour, alpha])).convert("RGBA" if mode == "RGBa" else "LA")
    array, _ = picture_to_array(picture.convert(mode), 3)
    assert np.abs(array.astype(int) - picture_to_array(picture, 3)[0]).max() <= 2


@pytest.mark.parametrize("n_channels", [1, 3])
def test_a_palette_becomes_its_colours(n_channels):
    picture = Image.new("P", (2, 1))
    picture.putpalette([10, 20, 30, 200, 100, 0])
    picture.putdata([0, 1])
    expected = np.array([[[10, 200]], [[20, 100]], [[30, 0]]])
    if n_channels == 1:
        expected = np.array([[[18, 118]]])  # .299 R + .587 G + .114 B
    for array, _ in (picture_to_array(picture, n_channels), decode(saved(picture), n_channels, None)):
        assert np.array_equal(array, expected)


@pytest.mark.parametrize("transparency", [1, b"\xff\x00"])
def test_a_palette_with_transparency_is_laid_on_white(transparency):
    picture = Image.new("P", (2, 1))
    picture.putpalette([10, 20, 30, 200, 100, 0])
    picture.putdata([0, 1])
    data = saved(picture, transparency=transparency)
    expected = np.array([[[10, 255]], [[20, 255]], [[30, 255]]])
    assert np.array_equal(decode(data, 3, None)[0], expected)
    assert np.array_equal(picture_to_array(Image.open(io.BytesIO(data)), 3)[0], expected)


def test_a_transparent_grey_level_is_laid_on_white():
    data = saved(Image.fromarray(np.array([[7, 50]], dtype=np.uint8)), transparency=7)
    assert np.array_equal(decode(data, 3, None)[0], np.array([[[255, 50]]] * 3))


def test_cmyk_becomes_rgb():
    cyan = Image.new("CMYK", (8, 8), (255, 0, 0, 0))
    for array, _ in (picture_to_array(cyan, 3), decode(saved(cyan, "TIFF"), 3, None)):
        assert np.array_equal(array[:, 0, 0], [0, 255, 255])
    jpeg, _ = decode(saved(cyan, "JPEG"), 3, None)
    assert np.abs(jpeg[:, 0, 0].astype(int) - [0, 255, 255]).max() <= 2


@pytest.mark.parametrize("mode", ["YCbCr", "HSV", "RGBX"])
def test_other_colour_spaces_become_rgb(mode):
    array, _ = picture_to_array(Image.new("RGB", (2, 2), (255, 0, 0)).convert(mode), 3)
    assert np.abs(array[:, 0, 0].astype(int) - [255, 0, 0]).max() <= 2


def test_black_and_white(grey):
    picture = Image.fromarray(grey > 100)
    for array, peak in (picture_to_array(picture, 3), decode(saved(picture), 3, None)):
        assert peak == 255
        assert np.array_equal(array, np.where(grey > 100, 255, 0)[None])


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_sixteen_bits_are_kept(format, rng):
    deep = rng.integers(0, 65536, (6, 9), dtype=np.uint16)
    picture = Image.fromarray(deep)
    for array, peak in (picture_to_array(picture, 3), decode(saved(picture, format), 3, None)):
        assert peak == 65535
        assert array.dtype == np.float32
        assert np.array_equal(array[0], deep)


def test_whole_numbers_of_32_bits_are_16_bits(rng):
    deep = rng.integers(0, 65536, (6, 9), dtype=np.int32)
    array, peak = picture_to_array(Image.fromarray(deep), 3)
    assert peak == 65535
    assert np.array_equal(array[0], deep)


@pytest.mark.parametrize(("largest", "peak"), [(0.9, 1), (1, 1), (200, 255), (300, 65535)])
def test_floats_have_the_peak_that_their_largest_value_tells(largest, peak):
    deep = np.array([[0, largest]], dtype=np.float32)
    array, found = decode(saved(Image.fromarray(deep), "TIFF"), 3, None)
    assert found == peak
    assert np.array_equal(array[0], deep)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (np.array([[-1, 5]], dtype=np.int32), "-1 to 5"),
        (np.array([[0, 70000]], dtype=np.int32), "0 to 70000"),
        (np.array([[-0.5, 1]], dtype=np.float32), "-0.5 to 1"),
        (np.array([[np.nan, 1]], dtype=np.float32), "nan to nan"),
        (np.array([[0, np.inf]], dtype=np.float32), "0 to inf"),
    ],
)
def test_values_on_no_scale_are_unreadable(values, told):
    with pytest.raises(UnreadableImageError, match=f"its values go from {told}: expected 0 to 65535"):
        picture_to_array(Image.fromarray(values), 3)


def test_an_animation_gives_its_first_frame(grey):
    frames = [Image.fromarray(grey), Image.fromarray(255 - grey)]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.n_frames == 2
    assert np.array_equal(decode(data, 1, None)[0][0], grey)
