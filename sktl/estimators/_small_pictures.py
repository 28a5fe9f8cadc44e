"""Pictures that vanish on the way through a network."""

import contextlib
from collections.abc import Iterator

__all__ = ["small_pictures_named"]

# What torch says of a convolution or pooling that is left without a pixel.
_SIGNS = ("Output size is too small", "can't be greater than actual input size", "Invalid computed output size")


@contextlib.contextmanager
def small_pictures_named() -> Iterator[None]:
    """Say what to do where samples are too small for a network, of which torch tells the layer alone.

    Raises
    ------
    ValueError
        In place of torch's ``RuntimeError``.

    Examples
    --------
    >>> import torch
    >>> from sktl.estimators._small_pictures import small_pictures_named
    >>> with small_pictures_named():  # doctest: +ELLIPSIS
    ...     torch.nn.MaxPool2d(3)(torch.ones(1, 1, 2, 2))
    Traceback (most recent call last):
        ...
    ValueError: samples are too small for the network: ... Give a larger image_size, ...
    """
    try:
        yield
    except RuntimeError as error:
        if not any(sign in str(error) for sign in _SIGNS):
            raise
        raise ValueError(
            f"samples are too small for the network: {error}. Give a larger image_size, or 'auto'; for samples that "
            "are no pictures, longer ones"
        ) from error
