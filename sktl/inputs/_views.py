"""Views of samples, each a pure function of a sample and a seed."""

import contextlib
import hashlib
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import numpy as np
import torch

from sktl.inputs._augmentation import Augmentation
from sktl.inputs._flip_and_crop import FlipAndCrop
from sktl.inputs._transform_name import name_transform

__all__ = ["Alter", "Views", "drawing_view", "open_views"]

# Takes the place of a sample in a batch, and the sample; returns a view of it.
Alter = Callable[[int, torch.Tensor], torch.Tensor]

_LOCK = threading.RLock()  # the global generators are one for all threads
# Seeds for which a transform is run twice. A coin that it throws with a generator of its own falls alike in one of 16.
_N_PROBES = 4
# Values of pictures go from 0 to 1; what interpolates or adds noise may go beyond, what standardises goes further.
_BELOW, _ABOVE = -0.5, 1.5
_TO_TENSOR = "v2.ToImage() and v2.ToDtype(torch.float32, scale=True)"


def open_views(augmentation: Augmentation, kind: Literal["image", "table", "tensor"]) -> "Views":
    """Return what draws views of samples of a kind.

    Parameters
    ----------
    augmentation : Augmentation
        A checked one.
    kind : {"image", "table", "tensor"}
        What the samples are.

    Raises
    ------
    ValueError
        Where ``transform="auto"`` and the samples are no pictures.
    """
    if augmentation.transform != "auto":
        return Views(augmentation.transform, kind == "image")  # type: ignore[arg-type]
    if kind == "image":
        return Views(FlipAndCrop(), True)
    raise ValueError(
        "augment='auto' is for pictures, and this backbone takes tables or tensors: give a callable that takes the "
        "tensor of one sample and returns a variant of the same shape, or augment=None"
    )


class Views:
    """Draws views of samples; ``open_views`` makes it.

    Parameters
    ----------
    transform : callable
        Makes a view of a sample.
    of_pictures : bool
        Whether samples are pictures (C, H, W).

    Attributes
    ----------
    name : str
        Stands for the transform, with its parameters and code.
    """

    def __init__(self, transform: Callable[[torch.Tensor], Any], of_pictures: bool):
        self._transform = transform
        self._of_pictures = of_pictures
        self._is_pure = False
        self.name = name_transform(transform)

    def fixed(self, keys: Sequence[bytes], view: int, seed: int) -> Alter:
        """Return what makes one view of each sample in a batch, the same whenever it is asked for.

        Parameters
        ----------
        keys : sequence of bytes
            What stands for each sample of the batch. Equal samples have equal views.
        view : int
            The number of the view.
        seed : int
            Another one gives other views.

        Returns
        -------
        callable
            Takes the place of a sample in the batch, and the sample; returns a view. It raises a ``ValueError`` where
            the transform does not give the same view twice.
        """
        return self._alter([_view_seed(key, view, seed) for key in keys], self._check_purity)

    def fresh(self, n_samples: int) -> Alter:
        """Return what makes a new view of each sample in a batch; seeds are drawn from torch's global generator."""
        return self._alter(torch.randint(2**62, (n_samples,)).tolist(), lambda sample: None)

    def _alter(self, seeds: list[int], check_before: Callable[[torch.Tensor], None]) -> Alter:
        def draw(position: int, sample: torch.Tensor) -> torch.Tensor:
            with _LOCK:
                check_before(sample)
                return self._draw(sample, seeds[position])

        return draw

    def _draw(self, sample: torch.Tensor, seed: int) -> torch.Tensor:
        with _all_seeded(seed), torch.no_grad():
            try:
                view = self._transform(sample.clone())
            except Exception as error:
                error.add_note(self._hint(sample))
                raise
        self._check(view, sample)
        return view.detach().as_subclass(torch.Tensor).to(sample.dtype)

    def _hint(self, sample: torch.Tensor) -> str:
        what = "picture (C, H, W) in [0, 1]" if self._of_pictures else "sample"
        hint = f"augment gives the transform one {what}: a tensor of shape {tuple(sample.shape)} and {sample.dtype}."
        if self._of_pictures:
            hint += f" For transforms of PIL images, put v2.ToPILImage() before them, and {_TO_TENSOR} behind."
        return hint

    def _check(self, view: Any, sample: torch.Tensor) -> None:
        """Check that a transform returned what stands for the sample."""
        if not isinstance(view, torch.Tensor):
            raise TypeError(
                f"the transform of augment returned {type(view).__name__}: expected a tensor. "
                f"For pictures, end with {_TO_TENSOR}."
            )
        if view.is_floating_point() != sample.is_floating_point():
            end = f"; for pictures, end with {_TO_TENSOR}" if self._of_pictures else ""
            raise TypeError(f"the transform of augment returned {view.dtype} for {sample.dtype}: keep the type{end}")
        if not self._of_pictures:
            if view.shape != sample.shape:
                raise ValueError(
                    f"the transform of augment made {tuple(view.shape)} of a sample of shape {tuple(sample.shape)}: "
                    "expected the same shape"
                )
            if not torch.isfinite(view).all():
                raise ValueError("the transform of augment returned NaN or infinity for a sample without them")
            return
        if view.ndim != 3 or view.numel() == 0 or len(view) not in (1, len(sample)):
            raise ValueError(
                f"the transform of augment made {tuple(view.shape)} of a picture of shape {tuple(sample.shape)}: "
                f"expected a picture ({len(sample)}, h, w)"
            )
        lowest, largest = (float(value) for value in view.aminmax())
        if not (lowest >= _BELOW and (largest <= _ABOVE or largest <= _ABOVE * float(sample.max()))):
            raise ValueError(
                f"the transform of augment returned values from {lowest:.3g} to {largest:.3g}: expected a picture in "
                "[0, 1]. Leave out Normalize: pictures are standardised for the network after it."
            )

    def _check_purity(self, sample: torch.Tensor) -> None:
        """Check, once, that the transform draws from the generators that are seeded."""
        if self._is_pure:
            return
        for seed in range(_N_PROBES):
            if not torch.equal(self._draw(sample, seed), self._draw(sample, seed)):
                raise ValueError(
                    "the transform of augment gave two views for one seed, so that they cannot be cached: let it draw "
                    "from the global generators of torch, numpy or random, and not from a generator of its own"
                )
        self._is_pure = True


@contextlib.contextmanager
def drawing_view(index: int) -> Iterator[None]:
    """Say in an error of a transform which sample it was."""
    try:
        yield
    except Exception as error:
        error.add_note(f"This was while drawing a view of X[{index}].")
        raise


def _view_seed(key: bytes, view: int, seed: int) -> int:
    """Return the seed of a view: a pure function of the sample's key, the number of the view and ``seed``."""
    digest = hashlib.blake2b(key + f"\0view {view} {seed}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


@contextlib.contextmanager
def _all_seeded(seed: int) -> Iterator[None]:
    """Seed the global generators of torch (on the CPU), numpy and ``random``, and put them back after it."""
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 (the one that transforms draw from)
    with torch.random.fork_rng(devices=[]):
        try:
            torch.default_generator.manual_seed(seed)
            np.random.seed(seed % 2**32)  # noqa: NPY002
            random.seed(seed)
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)  # noqa: NPY002
