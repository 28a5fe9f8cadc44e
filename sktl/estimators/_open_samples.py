"""From X to what the first stage takes."""

import torch

from sktl.backbones import Backbone
from sktl.features import Samples
from sktl.inputs import Images, Tensors
from sktl.utils._preprocessing import Preprocessing

__all__ = ["choose_preprocessing", "image_samples", "tensor_samples"]


def image_samples(images: Images, preprocessing: Preprocessing | None) -> Samples:
    """Return pictures as a network takes them."""
    return Samples(
        n_samples=len(images),
        load=lambda indices: images.load(indices, preprocessing),
        keys=images.keys,
        view=repr((preprocessing, images.scale)),
        in_memory=images.shape is not None,
    )


def tensor_samples(tensors: Tensors, dtype: torch.dtype) -> Samples:
    """Return tables or tensors as a network takes them: floats in the type of its weights, integers as they are."""

    def load(indices):
        batch = tensors.load(indices)
        return batch.to(dtype) if batch.is_floating_point() else batch

    return Samples(
        n_samples=len(tensors), load=load, keys=tensors.keys, view=str(dtype), in_memory=tensors.shape is not None
    )


def choose_preprocessing(backbone: Backbone, image_size: int | tuple[int, int] | str | None) -> Preprocessing | None:
    """Return how pictures are brought to what a network expects.

    Parameters
    ----------
    backbone : Backbone
        The network.
    image_size : int, tuple of int, "auto" or None
        Height and width that pictures are brought to. "auto" is what the weights expect, None leaves them as they are.

    Raises
    ------
    ValueError
        Where the network takes one size only, and that is another.
    """
    known = backbone.preprocessing
    if image_size == "auto":
        return known
    if known is None:
        known = Preprocessing(size=None, resize=None, mean=(0.0,), std=(1.0,))
        known = known.for_channels(backbone.n_channels or 3)
    wanted = known.at_size(image_size)
    if backbone.fixed_size and wanted.size != known.size:
        raise ValueError(
            f"the backbone {backbone.name!r} takes pictures of {known.size} pixels only, got "
            f"image_size={image_size!r}; leave image_size='auto' or choose a convolutional backbone"
        )
    return wanted
