"""Pictures in every form a user may have them, read in batches."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torchvision.transforms.v2 import functional

from sktl.exceptions import UnreadableImageError
from sktl.inputs._containers import Dense, unwrap
from sktl.inputs._count_channels import count_channels
from sktl.inputs._decode import quiet_pillow
from sktl.inputs._naming import naming
from sktl.inputs._pictures import DensePictures, ItemPictures
from sktl.inputs._resize import prepare, side_wanted
from sktl.inputs._threads import count_threads
from sktl.inputs._values import scale_for, warn_of_smaller_scale
from sktl.inputs._views import Alter, drawing_view
from sktl.utils._device import Send
from sktl.utils._ordered_map import ordered_map
from sktl.utils._preprocessing import Preprocessing

__all__ = ["Images", "open_images"]


def open_images(
    X: Any,
    *,
    n_channels: int | None = 3,
    scale: float | None = None,
    bounded: bool = False,
    n_jobs: int | None = None,
    max_pixels: int | None = None,
) -> "Images":
    """Return the pictures in ``X``, to be loaded in batches.

    The same picture gives the same tensor, bit for bit, in every form, but for JPEGs that are much larger than wanted,
    which are scaled in part while they are decoded, and for transparent ones, which are laid on white unless they come
    as arrays. Files are decoded when they are asked for, never all at once.

    Parameters
    ----------
    X : array-like
        One of:

        - an array or tensor (n, H, W), (n, H, W, C) or (n, C, H, W) of bool, uint8, uint16, other integers or floats;
        - a list, tuple, Series, one-column DataFrame, or array of objects (n,) or (n, 1), of paths, encoded bytes,
          PIL images, or arrays and tensors of pictures that may differ in size;
        - a torch ``Dataset`` with a length, of such pictures or of (picture, label), or a list of its items.
    n_channels : int or None, default=3
        How many channels the network takes. None: as many as ``X`` has, three if they are grey
        or encoded. Grey pictures are repeated to three; files and PIL images are brought to one or three; arrays must
        have them.
    scale : float or None, default=None
        The value that stands for full brightness in arrays of floats, and of integers other than bool, uint8 and
        uint16. None: ``find_scale`` finds it.
    bounded : bool, default=False
        Whether values of more than 1.5 times ``scale`` are an error, and such that are black on it a warning: they are
        on another scale then.
    n_jobs : int or None, default=None
        Threads that decode files and bytes; -1 takes one per core. None takes four, or as many as there are cores.
    max_pixels : int or None, default=None
        Encoded pictures with more pixels are not decoded. None takes ``PIL.Image.MAX_IMAGE_PIXELS``, about 89 million.

    Returns
    -------
    Images
        The pictures.

    Raises
    ------
    TypeError
        Where ``X`` or one of its items is of a type that is no picture, or items are of different kinds.
    ValueError
        Where ``X`` is empty, holds NaN, infinity or a negative value, has no shape of pictures, or has other channels
        than the network takes, or where ``scale`` is not positive or ``n_jobs`` is 0. Where ``bounded``, and values
        are beyond ``scale``; a ``Dataset`` is checked as it is read.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.inputs import open_images
    >>> from sktl.utils._preprocessing import Preprocessing
    >>> images = open_images(np.zeros((5, 8, 8), dtype=np.uint8))
    >>> images.load([0, 3], Preprocessing(size=(32, 32), resize=None)).shape
    torch.Size([2, 3, 32, 32])
    """
    if scale is not None and not scale > 0:
        raise ValueError(f"scale is {scale}: expected a positive number, or None to find it")
    source = unwrap(X)
    if n_channels is None:
        n_channels = count_channels(source)
    bound = scale if bounded else None
    with quiet_pillow():
        pictures = (
            DensePictures(source, n_channels, bound)
            if isinstance(source, Dense)
            else ItemPictures(source, n_channels, max_pixels, bound)
        )
    if bound is not None:
        warn_of_smaller_scale(pictures.largest_seen or 0.0, bound)
    return Images(pictures, n_channels, scale, count_threads(n_jobs))


class Images:
    """Pictures in any form, loaded in batches; ``open_images`` makes it.

    Attributes
    ----------
    n_samples : int
        The number of pictures.
    shape : tuple of int or None
        The shape of one picture, as it came. None for files, bytes, PIL images, Datasets and different sizes.
    n_channels : int
        The number of channels that ``load`` returns.
    """

    def __init__(self, pictures: DensePictures | ItemPictures, n_channels: int, scale: float | None, n_threads: int):
        self._pictures = pictures
        self.n_channels = n_channels
        self._scale = scale
        self._n_threads = n_threads if pictures.threads_pay else 1
        self._n_key_threads = n_threads if pictures.are_large else 1
        self._keys: dict[int, bytes] = {}
        self.n_samples = len(pictures)
        self.shape = pictures.shape

    def __len__(self) -> int:
        return self.n_samples

    @property
    def scale(self) -> float:
        """The value that stands for full brightness where the type of a picture does not tell."""
        if self._scale is None:
            self._scale = scale_for(self.largest_value())
        return self._scale

    def _full_brightness(self) -> float:
        return self.scale

    def largest_value(self) -> float:
        """Return the largest value of pictures whose type does not tell full brightness, else 0.0."""
        with quiet_pillow():
            return self._pictures.largest_value()

    def keys(self, indices: Iterable[int]) -> list[bytes]:
        """Return 16 bytes for each of some pictures that stand for what it holds, before any preprocessing.

        A path stands for its file as it was last written; anything else for its content. The tensors of floats also
        depend on ``scale``, which is not part of the key.

        Raises
        ------
        UnreadableImageError
            Where a file is missing, or a picture cannot be read.
        """
        indices = [int(index) for index in indices]
        missing = [index for index in dict.fromkeys(indices) if index not in self._keys]
        with quiet_pillow():
            found = ordered_map(self._pictures.key, missing, self._n_key_threads)
        self._keys.update(zip(missing, found, strict=True))
        return [self._keys[index] for index in indices]

    def load(
        self,
        indices: Iterable[int],
        preprocessing: Preprocessing | None,
        alter: Alter | None = None,
        send: Send | None = None,
    ) -> torch.Tensor:
        """Return some pictures as the network takes them.

        Parameters
        ----------
        indices : iterable of int
            Which.
        preprocessing : Preprocessing or None
            How pictures are scaled, cropped and standardised. None: not at all, values in [0, 1].
        alter : callable or None, default=None
            Makes a view of each picture first. It takes the place among ``indices`` and the picture (n_channels, H, W),
            float32 in [0, 1], and returns a picture (n_channels, h, w). Where ``preprocessing`` has no size, the view
            is brought back to (H, W).
        send : callable or None, default=None
            Brings tensors to a device, on which the pictures are returned then; those of an array as pixels, a quarter
            of what the network takes in bytes. None: they are returned on the CPU.

        Returns
        -------
        Tensor of float32, (b, n_channels, height, width)
            Each picture has the bits that it would have alone.

        Raises
        ------
        UnreadableImageError
            Where a picture cannot be read.
        ValueError
            Where pictures differ in size and ``preprocessing`` leaves them so.
        """
        indices = [int(index) for index in indices]
        pictures = self._pictures
        if not indices:
            raise ValueError("no index given: expected at least one picture to load")
        if isinstance(pictures, DensePictures) and alter is None:
            array, peak = pictures.read(indices, self._full_brightness)
            return prepare(torch.from_numpy(array), peak, preprocessing, self.n_channels, send=send)
        loaded = self._load_one_by_one(indices, preprocessing, alter)
        return loaded if send is None else send(loaded)

    def _load_one_by_one(
        self, indices: list[int], preprocessing: Preprocessing | None, alter: Alter | None
    ) -> torch.Tensor:
        """Return some pictures as `load` does, on the CPU, each by a call of its own."""
        pictures = self._pictures
        side = side_wanted(preprocessing) if alter is None else None
        size = None if preprocessing is None else preprocessing.size
        whole = None if size is None else np.empty((len(indices), self.n_channels, *size), dtype=np.float32)

        def load_one(position: int) -> torch.Tensor:
            """Return one picture (1, n_channels, height, width), altered if it shall be."""
            index = indices[position]
            which = [index] if isinstance(pictures, DensePictures) else index
            array, peak = pictures.read(which, self._full_brightness, side)  # type: ignore[arg-type]
            picture = torch.from_numpy(array)
            if alter is not None:
                plain = prepare(picture, peak, None, self.n_channels)[0]
                with drawing_view(index):
                    view = alter(position, plain)
                keeps_size = preprocessing is None or preprocessing.size is None
                picture, peak = (_at_size_of(plain, view) if keeps_size else view)[None], 1.0
            out = None if whole is None else whole[position : position + 1]
            return prepare(picture, peak, preprocessing, self.n_channels, out)

        with quiet_pillow():
            loaded = ordered_map(load_one, range(len(indices)), self._n_threads)
        if whole is not None:
            return torch.from_numpy(whole)
        for index, picture in zip(indices, loaded, strict=True):
            if picture.shape != loaded[0].shape:
                raise ValueError(
                    f"X[{indices[0]}] has the height and width {tuple(loaded[0].shape[-2:])} and X[{index}] "
                    f"{tuple(picture.shape[-2:])}: expected one size for all. Choose an image size to scale them to."
                )
        return torch.cat(loaded)

    def unreadable(self) -> dict[int, str]:
        """Return, by index, a sentence on why pictures cannot be read. Decodes each once."""
        pictures = self._pictures
        if isinstance(pictures, DensePictures):
            return {}

        def reason(index: int) -> str | None:
            try:
                with naming(index, pictures.place(index)):
                    pictures.decode(index, self._full_brightness)
            except UnreadableImageError as error:
                return str(error)
            return None

        with quiet_pillow():
            reasons = ordered_map(reason, range(self.n_samples), self._n_threads)
        return {index: text for index, text in enumerate(reasons) if text is not None}


def _at_size_of(picture: torch.Tensor, view: torch.Tensor) -> torch.Tensor:
    """Return a view at the height and width of its picture."""
    size = list(picture.shape[-2:])
    return view if list(view.shape[-2:]) == size else functional.resize(view, size, antialias=True)
