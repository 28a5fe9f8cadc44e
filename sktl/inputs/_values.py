"""The range of the values of pictures."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from sktl.utils._warn import warn_user

if TYPE_CHECKING:
    from sktl.inputs._images import Images

__all__ = [
    "check_finite",
    "find_scale",
    "has_own_scale",
    "largest_value",
    "scale_for",
    "to_peak",
    "warn_of_smaller_scale",
    "writable",
]

# what floats of pictures reach: [0, 1], scikit-learn's 8x8 digits, 8, 10, 12 and 16 bits
_SCALES = (1.0, 16.0, 255.0, 1023.0, 4095.0, 65535.0)
# What interpolates or adds noise goes beyond full brightness, by less; another scale is four times as large at least.
_BEYOND = 1.5


def has_own_scale(dtype: np.dtype) -> bool:
    """Return whether the largest value of a picture follows from its type."""
    return dtype in (np.uint8, np.bool_, np.uint16)


def to_peak(array: np.ndarray, scale: float) -> tuple[np.ndarray, float]:
    """Return a picture as uint8 or float32, and the value in it that stands for full brightness."""
    if array.dtype == np.uint8:
        return array, 255.0
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255), 255.0
    return array.astype(np.float32), 65535.0 if array.dtype == np.uint16 else scale


def writable(array: np.ndarray) -> np.ndarray:
    """Return an array that torch takes: itself, or a copy where it runs backwards in memory or is read-only."""
    return array if array.flags.writeable and min(array.strides, default=0) >= 0 else array.copy()


def check_finite(start: int, chunk: np.ndarray) -> None:
    """Check that samples hold neither NaN nor infinity; ``start`` is the index of the first.

    Raises
    ------
    ValueError
        Naming the first sample that does.
    """
    if chunk.dtype.kind == "f" and not np.isfinite([chunk.min(), chunk.max()]).all():
        bad = ~np.isfinite(chunk.reshape(len(chunk), -1)).all(axis=1)
        index = start + int(np.argmax(bad))
        raise ValueError(f"Input X contains NaN or infinity: X[{index}] does. Replace the values or the sample.")


def largest_value(chunks: Iterable[tuple[int, np.ndarray]], scale: float | None = None) -> float:
    """Return the largest value of pictures whose type says nothing of it; 0.0 where there are none.

    Parameters
    ----------
    chunks : iterable of (int, array)
        Samples in parts, each with the index of its first sample.
    scale : float or None, default=None
        The scale that they have to be on, of an earlier fit. None: any.

    Raises
    ------
    ValueError
        Where a value is NaN, infinite, negative, or far beyond the scale; names the sample.
    """
    largest = 0.0
    for start, chunk in chunks:
        if has_own_scale(chunk.dtype):
            continue
        check_finite(start, chunk)
        if chunk.min() < 0:
            flat = chunk.reshape(len(chunk), -1).min(axis=1)
            first = int(np.argmax(flat < 0))
            raise ValueError(
                f"X[{start + first}] holds the negative value {flat[first]:.4g}: expected pictures in [0, 1] or "
                "[0, 255]. sktl standardises them itself: give them as they were before standardising."
            )
        largest = max(largest, float(chunk.max()))
        if scale is not None and largest > _BEYOND * scale:
            flat = chunk.reshape(len(chunk), -1).max(axis=1)
            first = int(np.argmax(flat > _BEYOND * scale))
            raise ValueError(
                f"X[{start + first}] holds the value {flat[first]:.6g}, but full brightness was {scale:g} in fit: give "
                "pictures on the scale of those, or as uint8. After a fit to files or bytes, floats go from 0 to 1"
            )
    return largest


def warn_of_smaller_scale(largest: float, scale: float) -> None:
    """Warn where pictures up to ``largest`` are black on their scale, and would not be from 0 to 1."""
    if 0 < largest <= 1 < scale:
        warn_user(
            f"the largest value of the pictures in X is {largest:.3g}, but full brightness was {scale:g} in fit, where "
            f"these are black. If they go from 0 to 1, give X * {scale:g}",
            UserWarning,
        )


def scale_for(largest: float) -> float:
    """Return the usual scale that values up to ``largest`` are on.

    Raises
    ------
    ValueError
        Where there is none.
    """
    for scale in _SCALES:
        if largest <= scale:
            return scale
    raise ValueError(
        f"the largest value of the pictures in X is {largest:.6g}: expected at most {_SCALES[-1]:.0f}. "
        "Divide them so that full brightness is 1."
    )


def find_scale(images: "Images") -> float:
    """Return the value that stands for full brightness in pictures of floats.

    It is the smallest of 1, 16, 255, 1023, 4095 and 65535 that no value exceeds. Integers other than bool, uint8
    and uint16 count as floats.

    Parameters
    ----------
    images : Images
        The pictures. A torch ``Dataset`` of floats is read once from end to end.

    Returns
    -------
    float
        The scale; 1.0 where the types of all pictures speak for themselves.

    Raises
    ------
    ValueError
        Where a value is NaN, infinite, negative or above 65535.
    """
    return scale_for(images.largest_value())
