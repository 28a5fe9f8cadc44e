"""The augmentation of pictures that ``"auto"`` stands for."""

import dataclasses

import torch
from torchvision.transforms import RandomResizedCrop
from torchvision.transforms.v2 import functional

__all__ = ["FlipAndCrop"]


@dataclasses.dataclass(frozen=True)
class FlipAndCrop:
    """Cuts a rectangle out of a picture, and mirrors some.

    The rectangle is not scaled: preparing the picture for the network does that once.

    Parameters
    ----------
    flip : float, default=0.5
        The share of views that are mirrored left to right.
    area : tuple of float, default=(0.6, 1.0)
        The least and the largest share of the area that is left. Networks train on (0.08, 1) from scratch; a head on
        frozen features has to know the object still.
    ratio : tuple of float, default=(0.75, 4 / 3)
        The least and the largest width over height, torchvision's own.
    """

    flip: float = 0.5
    area: tuple[float, float] = (0.6, 1.0)
    ratio: tuple[float, float] = (0.75, 4 / 3)

    def __call__(self, picture: torch.Tensor) -> torch.Tensor:
        """Return a view (C, h, w) of a picture (C, H, W), drawn from torch's global generator."""
        top, left, height, width = RandomResizedCrop.get_params(picture, list(self.area), list(self.ratio))
        view = functional.crop(picture, top, left, height, width)
        return functional.horizontal_flip(view) if torch.rand(()) < self.flip else view
