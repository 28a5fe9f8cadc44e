"""Files that are no pictures."""

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from sktl.exceptions import UnreadableImageError
from sktl.inputs import open_images
from sktl.inputs._decode import decode, quiet_pillow, saying_why
from sktl.utils._preprocessing import Preprocessing


@pytest.fixture
def photo(rng):
    """Return the bytes of a JPEG of noise."""
    file = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(file, "JPEG")
    return file.getvalue()


def png_of_size(width, height):
    """Return a PNG whose header tells of a size, with hardly a pixel in it."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def reason(source, max_pixels=None):
    with pytest.raises(UnreadableImageError) as caught, quiet_pillow():
        decode(source, 3, max_pixels)
    return str(caught.value)


def test_a_missing_file(tmp_path):
    assert reason(tmp_path / "none.png") == "there is no such file"


def test_a_folder(tmp_path):
    assert reason(tmp_path) == "it is a folder: give the files in it"


def test_an_empty_file(tmp_path):
    path = tmp_path / "empty.png"
    path.touch()
    assert reason(path) == reason(b"") == "it is empty, 0 bytes long"


def test_something_else(tmp_path):
    path = tmp_path / "notes.jpg"
    path.write_text("these are notes")
    assert reason(path) == reason(b"notes") == "it is not a picture in a format that Pillow knows"


@pytest.mark.parametrize("n_bytes", [300, 700, 1500])
def test_a_truncated_file(n_bytes, photo, tmp_path):
    path = tmp_path / "cut.jpg"
    path.write_bytes(photo[:n_bytes])
    assert reason(path) == reason(photo[:n_bytes])
    assert "truncated" in reason(path).lower()


def test_damaged_data_raise_nothing_else(rng):
    """Whatever byte is wrong, a picture is read or is unreadable, and no warning is heard."""
    for format in ("PNG", "GIF", "TIFF", "BMP", "WEBP"):
        file = io.BytesIO()
        Image.fromarray(rng.integers(0, 256, (9, 9, 3), dtype=np.uint8)).save(file, format)
        sound = file.getvalue()
        failed = 0
        for place in rng.integers(0, len(sound), 60):
            damaged = bytearray(sound)
            damaged[place] ^= 0xFF
            with quiet_pillow():
                try:
                    decode(damaged, 3, 10**6)
                except UnreadableImageError:
                    failed += 1
        assert failed > 0


@pytest.mark.parametrize("side", [10_000, 12_000, 60_000])
def test_a_picture_bomb_is_not_decoded(side):
    """The three sides lie above Pillow's bound, above it still, and above the double, where Pillow refuses."""
    told = reason(png_of_size(side, side))
    assert "pixels, above the bound of 89,478,485" in told
    assert "raise PIL.Image.MAX_IMAGE_PIXELS" in told


def test_the_bound_can_be_moved(photo, monkeypatch):
    assert "4,096 pixels, above the bound of 4,095" in reason(photo, max_pixels=4095)
    assert decode(photo, 3, 4096)[0].shape == (3, 64, 64)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 4000)
    assert "4,096 pixels, above the bound of 4,000" in reason(photo)
    with quiet_pillow():
        assert decode(photo, 3, 5000)[0].shape == (3, 64, 64)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    assert decode(photo, 3, None)[0].shape == (3, 64, 64)


def test_open_images_hands_the_bound_on(photo):
    with pytest.raises(UnreadableImageError, match=r"X\[0\] cannot be read: its header tells of 4,096 pixels"):
        open_images([photo], max_pixels=100).load([0], None)


def test_a_mistake_without_words_is_named():
    with pytest.raises(UnreadableImageError, match="Pillow fails with AssertionError"), saying_why():
        raise AssertionError


def test_want_of_memory_is_no_fault_of_the_picture():
    with pytest.raises(MemoryError), saying_why():
        raise MemoryError


def test_only_pillow_is_silenced():
    with quiet_pillow(), pytest.warns(UserWarning, match="hear me"):
        warnings.warn("hear me", UserWarning, stacklevel=1)
    with quiet_pillow():
        warnings.warn_explicit("odd EXIF", UserWarning, "TiffImagePlugin.py", 1, module="PIL.TiffImagePlugin")


class TestScaledWhileDecoding:
    """JPEGs that are much larger than wanted."""

    @pytest.fixture(params=["upright", "turned"])
    def large(self, request):
        """Return a photograph, 1200 x 800, and what makes a file of it."""
        skimage_data = pytest.importorskip("skimage.data")
        picture = Image.fromarray(skimage_data.astronaut()).resize((1200, 800), Image.Resampling.BICUBIC)

        def encode(kind):
            file, exif = io.BytesIO(), Image.Exif()
            if request.param == "turned":
                exif[0x0112] = 6
            picture.save(file, kind, exif=exif)
            return file.getvalue()

        return encode

    @pytest.mark.parametrize(
        ("side", "short"), [(None, 800), (400, 800), (201, 800), (200, 400), (101, 400), (64, 200)]
    )
    def test_twice_the_side_is_left_to_scale(self, large, side, short):
        array, _ = decode(large("JPEG"), 3, None, side)
        assert (min(array.shape[1:]), max(array.shape[1:])) == (short, short * 3 // 2)

    def test_other_formats_are_decoded_as_they_are(self, large):
        assert min(decode(large("PNG"), 3, None, 32)[0].shape[1:]) == 800

    @pytest.mark.parametrize("preprocessing", [Preprocessing((64, 64), 72), Preprocessing((64, 80), None)])
    def test_the_network_sees_nearly_the_same(self, large, preprocessing):
        (array, _), file = decode(large("JPEG"), 3, None), large("JPEG")
        whole = open_images([array]).load([0], preprocessing)
        scaled = open_images([file]).load([0], preprocessing)
        levels = (whole - scaled).abs() * torch.tensor(preprocessing.std).view(3, 1, 1) * 255
        assert levels.mean() < 0.5
        assert levels.max() < 12

    def test_where_every_pixel_counts(self, large):
        images = open_images([large("JPEG")])
        assert min(images.load([0], None).shape[2:]) == 800
        seen = []
        images.load([0], Preprocessing((64, 64), 72), lambda place, picture: seen.append(picture.shape) or picture)
        assert min(seen[0][1:]) == 800
        nearest = Preprocessing((64, 64), None, interpolation="nearest")
        array, _ = decode(large("JPEG"), 3, None)
        assert torch.equal(images.load([0], nearest), open_images([array]).load([0], nearest))
