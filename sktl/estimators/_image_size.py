"""The parameter ``image_size``."""

import numbers
from typing import Any

__all__ = ["read_image_size"]


def read_image_size(image_size: Any) -> tuple[int, int] | str | None:
    """Return height and width as Python's integers, "auto" or None.

    Parameters
    ----------
    image_size : int, array-like of two int, "auto" or None
        As users give it.

    Raises
    ------
    ValueError
        Where it is anything else.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.estimators._image_size import read_image_size
    >>> read_image_size(32), read_image_size(np.array([24, 40]))
    ((32, 32), (24, 40))
    """
    if image_size is None or (isinstance(image_size, str) and image_size == "auto"):
        return image_size
    try:
        sides = list(image_size)
    except TypeError:  # one number
        sides = [image_size] * 2
    if len(sides) != 2 or not all(map(_is_side, sides)):
        raise ValueError(
            f"image_size is {image_size!r}: expected a whole number of pixels from 1 on, two of them as (height, "
            "width), 'auto' or None"
        )
    height, width = sides
    return int(height), int(width)


def _is_side(side: Any) -> bool:
    return isinstance(side, numbers.Integral) and not isinstance(side, bool) and side >= 1
