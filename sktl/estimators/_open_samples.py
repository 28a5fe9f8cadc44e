"""From X to what the first stage takes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from sktl.backbones import Backbone
from sktl.estimators._image_size import read_image_size
from sktl.features import Samples
from sktl.inputs import Augmentation, Images, Tensors, Views, open_views
from sktl.utils._preprocessing import Preprocessing

__all__ = ["choose_preprocessing", "image_samples", "tensor_samples"]


def image_samples(
    images: Images,
    preprocessing: Preprocessing | None,
    augmentation: Augmentation | None = None,
    view: int | None = 0,
    seed: int = 0,
) -> Samples:
    """Return a view of pictures as a network takes them.

    Parameters
    ----------
    images : Images
        The pictures.
    preprocessing : Preprocessing or None
        How they are brought to what the network expects, behind the augmentation.
    augmentation : Augmentation or None, default=None
        How views are made.
    view : int or None, default=0
        The number of the view. 0 is the plain picture, whatever the augmentation. None draws a new view at each load:
        such samples are never cached.
    seed : int, default=0
        Of the numbered views. Views of the same seed are found again by other fits.

    Raises
    ------
    ValueError
        Where a view is asked for, and there is no augmentation to make it.
    """
    size = None if preprocessing is None else preprocessing.size
    plain = Samples(
        n_samples=len(images),
        load=lambda indices: images.load(indices, preprocessing),
        keys=images.keys,
        view=repr((preprocessing, images.scale)),
        load_sent=lambda indices, send: images.load(indices, preprocessing, send=send),
        shape=None if size is None else (images.n_channels, *size),
        in_memory=images.shape is not None,
    )
    if view == 0:
        return plain
    views = open_views(_needed(augmentation), "image")
    return _view_of(plain, views, view, seed, lambda indices, alter: images.load(indices, preprocessing, alter))


def tensor_samples(
    tensors: Tensors,
    dtype: torch.dtype,
    augmentation: Augmentation | None = None,
    view: int | None = 0,
    seed: int = 0,
) -> Samples:
    """Return a view of tables or tensors as a network takes them; the last three parameters are as for pictures.

    Floats come in ``dtype``, the type of the network's weights, and integers as they are.
    """
    plain = Samples(
        n_samples=len(tensors),
        load=lambda indices: tensors.load(indices, dtype),
        keys=tensors.keys,
        view=str(dtype),
        shape=tensors.shape,
        in_memory=tensors.shape is not None,
    )
    if view == 0:
        return plain
    views = open_views(_needed(augmentation), "tensor")
    return _view_of(plain, views, view, seed, lambda indices, alter: tensors.load(indices, dtype, alter))


def _needed(augmentation: Augmentation | None) -> Augmentation:
    if augmentation is None:
        raise ValueError("a view other than 0 was asked for, and augment is None: give an Augmentation")
    return augmentation


def _view_of(
    plain: Samples,
    views: Views,
    view: int | None,
    seed: int,
    load: Callable[[np.ndarray, Callable[[int, torch.Tensor], torch.Tensor]], torch.Tensor],
) -> Samples:
    """Return the samples in a view of their own; ``load`` takes indices and what makes the view."""
    if view is None:
        return Samples(
            n_samples=len(plain),
            load=lambda indices: load(indices, views.fresh(len(indices))),
            keys=_no_keys,
            view=repr((plain.view, views.name, "fresh")),
        )
    return Samples(
        n_samples=len(plain),
        load=lambda indices: load(indices, views.fixed(plain.keys(indices), view, seed)),
        keys=plain.keys,
        view=repr((plain.view, views.name, view, seed)),
        shape=plain.shape,
        in_memory=plain.in_memory,
    )


def _no_keys(indices: np.ndarray) -> list[bytes]:
    raise ValueError("views that are drawn anew at each load have no keys: open their activations with cache=None")


def choose_preprocessing(backbone: Backbone, image_size: Any) -> Preprocessing | None:
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
        Where the network takes one size only, and that is another; or where ``image_size`` is no size.
    """
    known, size = backbone.preprocessing, read_image_size(image_size)
    if size == "auto":
        return known
    if known is None:
        known = Preprocessing(size=None, resize=None, mean=(0.0,), std=(1.0,))
        known = known.for_channels(backbone.n_channels or 3)
    wanted = known.at_size(size)
    if backbone.fixed_size and wanted.size != known.size:
        raise ValueError(
            f"the backbone {backbone.name!r} takes pictures of {known.size} pixels only, got "
            f"image_size={image_size!r}; leave image_size='auto' or choose a convolutional backbone"
        )
    return wanted
