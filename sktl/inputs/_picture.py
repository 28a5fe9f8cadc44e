"""A PIL image as an array."""

import struct

import numpy as np
from PIL import Image, ImageOps

from sktl.exceptions import UnreadableImageError

__all__ = ["picture_to_array"]

_ORIENTATION = 0x0112  # the EXIF tag
_PREMULTIPLIED = {"La": "LA", "RGBa": "RGBA"}
# A file of floats does not tell its range: the first of these that its largest value does not exceed.
_FLOAT_PEAKS = (1.0, 255.0, 65535.0)


def picture_to_array(picture: Image.Image, n_channels: int) -> tuple[np.ndarray, float]:
    """Return a PIL image as an array (C, H, W), and the value in it that stands for full brightness.

    Transparent pictures are laid on white, unless the network takes four channels; palettes, CMYK and the like
    become RGB; 16 bits of grey stay 16 bits. The orientation that EXIF data tell is applied.

    Parameters
    ----------
    picture : PIL.Image.Image
        The image. It is loaded, and else left as it is.
    n_channels : int
        How many channels the network takes. Colour becomes grey for one.

    Returns
    -------
    array : ndarray of uint8 or float32
        With one channel where the picture is grey, else with three, or four.
    peak : float
        255, 65535, or for floats 1, 255 or 65535.

    Raises
    ------
    UnreadableImageError
        Where its values are on no usual scale.
    """
    picture.load()
    picture = _turn_upright(picture)
    if picture.mode == "F" or picture.mode.startswith("I"):
        return _deep_grey(np.asarray(picture))
    array = np.array(_to_plain_mode(picture, n_channels))
    return array[np.newaxis] if array.ndim == 2 else array.transpose(2, 0, 1), 255.0


def _turn_upright(picture: Image.Image) -> Image.Image:
    """Return the picture as it was held, where its EXIF data tell."""
    try:
        orientation = picture.getexif().get(_ORIENTATION, 1)
    except (OSError, SyntaxError, ValueError, KeyError, TypeError, struct.error):
        return picture  # damaged EXIF data: the pixels are sound
    return ImageOps.exif_transpose(picture) if orientation in range(2, 9) else picture


def _to_plain_mode(picture: Image.Image, n_channels: int) -> Image.Image:
    """Return the picture in the mode L, RGB or RGBA."""
    if picture.mode in _PREMULTIPLIED:
        picture = picture.convert(_PREMULTIPLIED[picture.mode])
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        if n_channels == 4:
            return picture
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture).convert("RGB")
    if n_channels == 1 or picture.mode in ("1", "L"):
        return picture.convert("L")
    return picture.convert("RGB")


def _deep_grey(array: np.ndarray) -> tuple[np.ndarray, float]:
    """Return a grey picture of more than 8 bits, (H, W), as (1, H, W) with its peak."""
    peaks = _FLOAT_PEAKS if array.dtype.kind == "f" else (65535.0,)
    lowest, largest = float(array.min()), float(array.max())
    if not (lowest >= 0 and largest <= peaks[-1]):
        raise UnreadableImageError(
            f"its values go from {lowest:.6g} to {largest:.6g}: expected 0 to 65535. Save it with 8 or 16 bits"
        )
    peak = next(peak for peak in peaks if largest <= peak)
    return array.astype(np.float32)[np.newaxis], peak
