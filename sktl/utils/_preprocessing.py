"""What weights expect of a picture, as data."""

import dataclasses

__all__ = ["Preprocessing"]


@dataclasses.dataclass(frozen=True)
class Preprocessing:
    """The way from a picture to the tensor that a network was trained on.

    A picture is scaled so that its shorter side has ``resize`` pixels, cropped to ``size`` around its centre,
    divided by the largest value of its type, and standardised per channel.

    Parameters
    ----------
    size : tuple of int or None
        Height and width in pixels after the crop. None leaves pictures at the size they have.
    resize : int or None
        Length of the shorter side before the crop, in pixels. None scales both sides straight to ``size``,
        without a crop.
    mean, std : tuple of float
        Per channel, for values in [0, 1].
    interpolation : {"nearest", "bilinear", "bicubic"}
        How pixels are interpolated; always with antialiasing.
    """

    size: tuple[int, int] | None = (224, 224)
    resize: int | None = 256
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)
    interpolation: str = "bilinear"

    def at_size(self, size: int | tuple[int, int] | None) -> "Preprocessing":
        """Return the same preprocessing for pictures of another size.

        The share that the crop cuts away stays the same for a square; other shapes are scaled without a crop.
        """
        if size is None:
            return dataclasses.replace(self, size=None, resize=None)
        height, width = (size, size) if isinstance(size, int) else size
        if self.resize is None or self.size is None or height != width:
            return dataclasses.replace(self, size=(height, width), resize=None)
        return dataclasses.replace(self, size=(height, width), resize=round(self.resize * height / min(self.size)))

    def for_channels(self, n_channels: int) -> "Preprocessing":
        """Return the same preprocessing with ``mean`` and ``std`` repeated, or averaged for one channel."""
        if n_channels == len(self.mean):
            return self
        if n_channels == 1:
            return dataclasses.replace(
                self, mean=(sum(self.mean) / len(self.mean),), std=(sum(self.std) / len(self.std),)
            )
        repeats = -(-n_channels // len(self.mean))
        mean, std = (self.mean * repeats)[:n_channels], (self.std * repeats)[:n_channels]
        return dataclasses.replace(self, mean=mean, std=std)
