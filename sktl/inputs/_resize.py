"""From pixels to what a network takes: size, crop, scale, standardisation."""

import numpy as np
import torch
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional

from sktl.utils._device import Send
from sktl.utils._preprocessing import Preprocessing

__all__ = ["prepare", "side_wanted"]

_INTERPOLATIONS = {
    "nearest": InterpolationMode.NEAREST_EXACT,  # Pillow's nearest; torch's own "nearest" is half a pixel off
    "bilinear": InterpolationMode.BILINEAR,
    "bicubic": InterpolationMode.BICUBIC,
}
_MAX_PIXELS = 2**27  # of one scaled picture: 1.6 GB of float32 in colour, which only extreme shapes reach


def prepare(
    pictures: torch.Tensor,
    peak: float,
    preprocessing: Preprocessing | None,
    n_channels: int,
    out: np.ndarray | None = None,
    send: Send | None = None,
) -> torch.Tensor:
    """Return pictures scaled, cropped and standardised. Each comes out as it would alone, bit for bit.

    With ``send``, pixels go to a device once they are scaled, and are standardised there.

    Parameters
    ----------
    pictures : Tensor of uint8 or float32, (b, C, H, W)
        Pictures of one size.
    peak : float
        The value in them that stands for full brightness.
    preprocessing : Preprocessing or None
        What to do. None leaves size and mean as they are.
    n_channels : int
        The number of channels after repeating a grey one.
    out : ndarray of float32, (b, n_channels, height, width), or None, default=None
        Where the result goes. None: a new array.
    send : callable or None, default=None
        Brings pixels to the device. None: they stay where they are.

    Returns
    -------
    Tensor of float32, (b, n_channels, height, width)
        The pictures; the input is left as it is.

    Raises
    ------
    ValueError
        Where the interpolation has another name, or a picture is so narrow that scaling it would fill the memory.
    """
    if pictures.shape[1] != n_channels:
        pictures = pictures.expand(-1, n_channels, -1, -1)
    if preprocessing is None:
        return torch.from_numpy(_divided(pictures, peak, out)) if send is None else _divided_there(send(pictures), peak)
    preprocessing = preprocessing.for_channels(n_channels)
    size = _scaled_size(pictures, preprocessing)
    if size is not None:
        # One memory layout for all: torch has a kernel for each, which need not round alike. Decoded pixels have their
        # channels last, and bytes are scaled fastest so.
        is_bytes = pictures.dtype == torch.uint8
        pictures = pictures.contiguous(memory_format=torch.channels_last if is_bytes else torch.contiguous_format)
        pictures = _scale(pictures, size, preprocessing.interpolation)
    if preprocessing.size is not None:
        pictures = functional.center_crop(pictures, list(preprocessing.size))
    mean, std = (np.array(of, dtype=np.float32)[:, None, None] for of in (preprocessing.mean, preprocessing.std))
    if send is not None:
        there = _divided_there(send(pictures), peak)
        return there.sub_(torch.from_numpy(mean).to(there.device)).div_(torch.from_numpy(std).to(there.device))
    values = _divided(pictures, peak, out)
    values -= mean
    values /= std
    return torch.from_numpy(values)


def side_wanted(preprocessing: Preprocessing | None) -> int | None:
    """Return what the shorter side of a picture is scaled to, or more; None where every pixel counts."""
    if preprocessing is None or preprocessing.interpolation == "nearest":
        return None
    if preprocessing.resize is not None:
        return preprocessing.resize
    return None if preprocessing.size is None else max(preprocessing.size)


def _divided(pictures: torch.Tensor, peak: float, out: np.ndarray | None) -> np.ndarray:
    """Return pictures in parts of full brightness, in an array of their own.

    By numpy: torch shares even one picture among all cores, which then stand in the way of the network and of other
    threads that decode.
    """
    return np.divide(pictures.numpy(), np.float32(peak), out=out, dtype=np.float32, order="C")


def _divided_there(pictures: torch.Tensor, peak: float) -> torch.Tensor:
    """Return pictures in parts of full brightness, computed where they are."""
    # By a tensor: CUDA multiplies by the reciprocal of a number, which is rounded once more.
    return pictures.to(torch.float32) / torch.full((), peak, device=pictures.device)


def _scaled_size(pictures: torch.Tensor, preprocessing: Preprocessing) -> list[int] | None:
    """Return the height and width before the crop."""
    height, width = pictures.shape[-2:]
    if preprocessing.resize is None:
        return None if preprocessing.size is None else list(preprocessing.size)
    short, side = min(height, width), preprocessing.resize
    size = [side * height // short, side * width // short]
    if size[0] * size[1] > _MAX_PIXELS:
        raise ValueError(
            f"a picture of {height} x {width} pixels would have {size[0]} x {size[1]} with a shorter side of {side}. "
            "Crop it before."
        )
    return size


def _scale(pictures: torch.Tensor, size: list[int], interpolation: str) -> torch.Tensor:
    """Return the pictures at ``size``, with no value outside the range that each had."""
    if interpolation not in _INTERPOLATIONS:
        raise ValueError(f"interpolation is {interpolation!r}: expected one of {sorted(_INTERPOLATIONS)}")
    scaled = functional.resize(pictures, size, _INTERPOLATIONS[interpolation], antialias=True)
    if scaled.is_floating_point() and interpolation == "bicubic":
        axes = (-3, -2, -1)
        return scaled.clamp(pictures.amin(axes, keepdim=True), pictures.amax(axes, keepdim=True))
    return scaled
