"""Which axis of an array of a picture counts its channels."""

from collections.abc import Sequence

import numpy as np

__all__ = ["channel_axis", "channels_first", "check_channels", "check_dense"]

_USUAL = (1, 3, 4)  # grey, colour, colour with alpha
_ONE_PICTURE_ROWS = 16  # (n, H, 3) with more rows than this is a picture without its first axis, not n slivers


def channel_axis(shapes: Sequence[tuple[int, ...]], n_channels: int) -> int | None:
    """Return the axis of channels that all samples share: 0, -1, or None where all are grey without one.

    An axis of length 1, 3 or 4 counts channels, the last where both may. Where neither has such a length, it is
    the axis as long as the network has channels, or the one at most half as long as both others.

    Parameters
    ----------
    shapes : sequence of tuple of int
        Shapes of samples: (H, W), (H, W, C) or (C, H, W).
    n_channels : int
        How many channels the network takes.

    Raises
    ------
    ValueError
        Where a shape is no picture's, or the axis cannot be told.
    """
    for index, shape in enumerate(shapes):
        if len(shape) not in (2, 3):
            raise ValueError(f"X[{index}] has the shape {shape}: expected a picture (H, W), (H, W, C) or (C, H, W)")
    volumes = [shape for shape in shapes if len(shape) == 3]
    if not volumes:
        return None
    for fits in (
        lambda shape, axis: shape[axis] in _USUAL,
        lambda shape, axis: shape[axis] == n_channels,
        lambda shape, axis: 2 * shape[axis] <= min(shape[1], shape[-1 - axis]),
    ):
        last, first = (all(fits(shape, axis) for shape in volumes) for axis in (-1, 0))
        if last or first:
            return -1 if last else 0
    different = "" if len(set(volumes)) == 1 else f", and others such as {volumes[-1]}"
    raise ValueError(
        f"cannot tell which axis counts channels in pictures of shape {volumes[0]}{different}: expected (H, W, C) or "
        "(C, H, W), the same way for all, with 1, 3 or 4 channels or far fewer channels than pixels. "
        "Arrange them as (n, H, W, C) with numpy.moveaxis."
    )


def check_dense(shape: tuple[int, ...]) -> None:
    """Check that an array of ``shape`` holds pictures.

    Raises
    ------
    ValueError
        Where it does not.
    """
    hint = ""
    if len(shape) == 2:
        side = round(shape[1] ** 0.5)
        hint = f" Flat pictures need their shape back: X.reshape(-1, {side}, {side})" if side**2 == shape[1] else ""
    elif len(shape) == 3 and shape[2] in (3, 4) and shape[1] >= _ONE_PICTURE_ROWS:
        hint = " This looks like one picture: give X[numpy.newaxis]. For slivers, give X[..., numpy.newaxis]"
    elif len(shape) in (3, 4):
        return
    raise ValueError(f"X has the shape {shape}: expected pictures (n, H, W), (n, H, W, C) or (n, C, H, W).{hint}")


def channels_first(pictures: np.ndarray, axis: int | None) -> np.ndarray:
    """Return a batch of pictures as (b, C, H, W), a view."""
    if pictures.ndim == 3:
        return pictures[:, np.newaxis]
    return np.moveaxis(pictures, -1, 1) if axis == -1 else pictures


def check_channels(n_found: int, n_channels: int, name: str) -> None:
    """Check that pictures have the channels that the network takes, or one that can stand for three.

    Raises
    ------
    ValueError
        Where they do not.
    """
    if n_found == n_channels or (n_found == 1 and n_channels == 3):
        return
    hint = "Choose or combine channels before"
    if n_found == 4 and n_channels == 3:
        hint = "Drop the alpha channel, X[..., :3], or give PIL images, which are laid on white"
    raise ValueError(f"{name} has {n_found} channels: the network takes {n_channels}. {hint}.")
