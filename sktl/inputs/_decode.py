"""An encoded picture, in a file or in memory, as an array."""

import contextlib
import io
import math
import os
import warnings
from collections.abc import Iterator
from typing import IO

import numpy as np
from PIL import Image

from sktl.exceptions import UnreadableImageError
from sktl.inputs._picture import picture_to_array

__all__ = ["decode", "quiet_pillow", "saying_why"]

# A JPEG that is to be scaled down is decoded at a half, a quarter or an eighth of its size, if this many times the
# side that is wanted are left for the scaling proper: with 2 a photograph's values differ by a few of 255 at most
# (benchmarks/decoding.py), with 1 by up to 16.
LEFT_TO_SCALE = 2


@contextlib.contextmanager
def quiet_pillow() -> Iterator[None]:
    """Silence what Pillow says of odd metadata and large pictures; what matters of it raises here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield


def decode(
    source: str | os.PathLike | bytes | bytearray | memoryview,
    n_channels: int,
    max_pixels: int | None,
    side: int | None = None,
) -> tuple[np.ndarray, float]:
    """Return the first frame of an encoded picture as an array (C, H, W), and its value for full brightness.

    Parameters
    ----------
    source : path or bytes
        Where the picture is.
    n_channels : int
        How many channels the network takes.
    max_pixels : int or None
        The size, read from the header, from which a picture is not decoded. None: Pillow's
        ``Image.MAX_IMAGE_PIXELS``.
    side : int or None, default=None
        What the shorter side will be scaled to, at least. A JPEG that is much larger is scaled in part while it is
        decoded. None: every pixel is wanted.

    Returns
    -------
    array : ndarray of uint8 or float32
        The pixels.
    peak : float
        See ``picture_to_array``.

    Raises
    ------
    UnreadableImageError
        With the reason, and without the place of the picture in X.
    """
    bound = Image.MAX_IMAGE_PIXELS if max_pixels is None else max_pixels
    with saying_why(), _open(source) as file:
        if not file.read(1):
            raise UnreadableImageError("it is empty, 0 bytes long")
        file.seek(0)
        with Image.open(file) as picture:
            n_pixels = picture.width * picture.height
            if bound is not None and n_pixels > bound:
                raise UnreadableImageError(_too_large(f"{n_pixels:,}", bound))
            if side is not None:
                factor = LEFT_TO_SCALE * side / min(picture.size)
                picture.draft(None, (math.ceil(picture.width * factor), math.ceil(picture.height * factor)))
            return picture_to_array(picture, n_channels)


@contextlib.contextmanager
def saying_why() -> Iterator[None]:
    """Turn whatever Pillow raises on a picture that it cannot read into an ``UnreadableImageError``."""
    try:
        yield
    except (UnreadableImageError, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise UnreadableImageError(_too_large("too many", Image.MAX_IMAGE_PIXELS)) from error
    except Image.UnidentifiedImageError as error:
        raise UnreadableImageError("it is not a picture in a format that Pillow knows") from error
    except FileNotFoundError as error:
        raise UnreadableImageError("there is no such file") from error
    except IsADirectoryError as error:
        raise UnreadableImageError("it is a folder: give the files in it") from error
    except Exception as error:  # decoders meet damaged data with exceptions of every type
        raise UnreadableImageError(str(error) or f"Pillow fails with {type(error).__name__}") from error


def _open(source: str | os.PathLike | bytes | bytearray | memoryview) -> IO[bytes]:
    if isinstance(source, (bytes, bytearray, memoryview)):
        return io.BytesIO(source)
    return open(source, "rb")


def _too_large(found: str, bound: int | None) -> str:
    known = "" if bound is None else f" of {bound:,}"
    return (
        f"its header tells of {found} pixels, above the bound{known} that protects from pictures made to fill the "
        "memory. If you trust it, raise PIL.Image.MAX_IMAGE_PIXELS, and max_pixels where it is set"
    )
