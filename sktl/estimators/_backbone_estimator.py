"""What all estimators around a backbone share: the way from X to activations."""

import abc
import functools
import numbers
import os
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import validate_data

from sktl.backbones import Backbone
from sktl.engines import ENGINES, PRECISIONS, Engine, TorchEngine, choose_engine, is_installed
from sktl.estimators._open_backbone import dtype_of, open_backbone
from sktl.estimators._open_samples import choose_preprocessing, image_samples, tensor_samples
from sktl.estimators._same_kind import check_same_kind
from sktl.estimators._small_pictures import small_pictures_named
from sktl.exceptions import CacheWarning
from sktl.features import ActivationCache, FrozenActivations, Samples, default_cache
from sktl.inputs import Augmentation, Images, Tensors, open_images, open_tensors
from sktl.utils._device import choose_device
from sktl.utils._warn import warn_user

__all__ = ["BackboneEstimator", "how_many_at_once"]

# Samples that pass through the frozen part at once. Pictures go by their pixels: few large ones leave the caches of a
# processor, and for few small ones the weights are fetched over and over. On two cores ResNet-18 takes a quarter of the
# time for 392 of 32 pixels at once as for eight, and half for 98 of 64 (benchmarks/passes.py).
FEWEST, MOST = 8, 1024
PIXELS_PER_CORE = 4 * 224**2
# A GPU is at work throughout on many only; 128 of 224 pixels take 1 GB in a ResNet-50.
PIXELS_ON_A_GPU = 128 * 224**2
# A table has to come in few batches, as a product of few rows is rounded otherwise than one of many.
TENSORS_AT_ONCE = 64
TABLE_ROWS_AT_ONCE = 8192


class BackboneEstimator(BaseEstimator, abc.ABC):
    """Estimators that look at X through a backbone."""

    _parameter_constraints: dict = {
        "image_size": "no_validation",  # read_image_size says more
        "device": [str],
        "engine": [StrOptions({"auto", *ENGINES})],
        "precision": [StrOptions({"auto", *PRECISIONS})],
        "cache": [str, os.PathLike, ActivationCache, None],
        "n_jobs": [numbers.Integral, None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def _open_inputs(self, X: Any, kind: str, n_channels: int | None, *, reset: bool) -> Images | Tensors:
        """Return X, checked, to be read by index; ``reset`` tells ``fit`` from what comes after it."""
        if kind == "image":
            scale = None if reset else self._scale
            inputs = open_images(X, n_channels=n_channels, scale=scale, bounded=not reset, n_jobs=self.n_jobs)
        elif kind == "tensor":
            inputs = open_tensors(X)
        else:
            inputs = open_tensors(validate_data(self, X, reset=reset, dtype=[np.float64, np.float32]))
        if reset:
            self._keep_form(inputs, kind)
        return inputs

    def _keep_form(self, inputs: Images | Tensors, kind: str) -> None:
        """Keep what later inputs have to agree with, and nothing of a fit to those of another kind."""
        for name in ("input_shape_",) if kind == "table" else ("n_features_in_", "feature_names_in_"):
            vars(self).pop(name, None)
        if kind != "table":
            self.input_shape_ = inputs.shape
        # Types such as uint8 know their full brightness; what floats mean has to be the same after ``fit``, whatever
        # else is in a batch. Where there were none, they go from 0 to 1, which is the ``scale`` of such pictures.
        self._scale = inputs.scale if isinstance(inputs, Images) else None

    def _open_both(self, X: Any, description: Any, kind: str, seed: int) -> tuple[Images | Tensors, Backbone]:
        """Return X, checked, and the backbone built for it: its channels or columns, and its type if it is a table."""
        n_channels = description.n_channels if isinstance(description, Backbone) else None
        inputs = self._open_inputs(X, kind, n_channels, reset=True)
        found = inputs.n_channels if isinstance(inputs, Images) else (inputs.shape or (0,))[0]
        dtype = inputs.load([0]).dtype if kind == "table" else torch.float32
        backbone = open_backbone(description, self.weights, found, seed, dtype)
        if kind == "table" and backbone.n_channels not in (None, found):
            raise ValueError(f"X has {found} columns, but the backbone {backbone.name!r} takes {backbone.n_channels}")
        check_same_kind(backbone.weights, inputs, self._columns())
        return inputs, backbone

    def _columns(self) -> list[str] | None:
        """Return the names of the columns of a table that has them."""
        return list(self.feature_names_in_) if hasattr(self, "feature_names_in_") else None

    def _as_samples(
        self,
        inputs: Images | Tensors,
        backbone: Backbone,
        augmentation: Augmentation | None = None,
        view: int | None = 0,
        seed: int = 0,
    ) -> Samples:
        """Return a view of inputs as the backbone takes them: 0 is the plain one, None a new one at each load."""
        if isinstance(inputs, Images):
            preprocessing = choose_preprocessing(backbone, self.image_size)
            return image_samples(inputs, preprocessing, augmentation, view, seed)
        return tensor_samples(inputs, dtype_of(backbone), augmentation, view, seed)

    def _open_engine(self, backbone: Backbone, samples: Samples, *, fitted: bool) -> Engine:
        """Return what runs the frozen stages; once fitted, in the precision of the fit unless another one is given.

        In float32 engines agree to the last few bits, and the number of samples decides; in less they do not, and the
        one of the fit stays.
        """
        engine, precision, device = self.engine, self.precision, choose_device(self.device)
        folds = precision != "float32"  # given by name, it stands for the bits of the network as it is
        if fitted and precision == "auto":
            # A fit on CUDA may have been in a type that is for CUDA alone.
            precision = self.precision_ if self.precision_ in TorchEngine.precisions(device.type) else "float32"
            if engine == "auto" and precision != "float32" and is_installed(self.engine_):
                engine = self.engine_
        example = functools.partial(samples.load, np.arange(1))
        return choose_engine(engine, precision, backbone, device, len(samples), example, folds)

    def _plain_engine(self, backbone: Backbone) -> Engine:
        """Return an engine for activations of which none but the inputs are asked for."""
        return TorchEngine(backbone, device=choose_device(self.device))

    def _open_activations(
        self, engine: Engine, samples: Samples, *, cached: bool = True, keeps_rows: bool = True
    ) -> FrozenActivations:
        """Return the activations of samples at the stages of a backbone."""
        return FrozenActivations(
            engine,
            samples,
            cache=self._open_cache() if cached else None,
            batch_size=how_many_at_once(engine, samples),
            keeps_rows=keeps_rows,
            verbose=self.verbose,
        )

    def _open_cache(self) -> ActivationCache | None:
        if self.cache is None or isinstance(self.cache, ActivationCache):
            return self.cache
        return default_cache() if self.cache == "auto" else ActivationCache(self.cache)

    def _warn_of_full_cache(self) -> None:
        """Say what the cache had no room for."""
        if self.cache_report_.n_not_stored:
            warn_user(
                f"the cache had no room for {self.cache_report_.n_not_stored} rows of activations; they are computed "
                "whenever they are needed. Give cache=ActivationCache(folder, max_bytes=...) or freeze more stages.",
                CacheWarning,
            )

    def _with_shape_named(self, inputs: Images | Tensors, compute):
        """Return what ``compute`` does; if the network fails on samples of another shape than in ``fit``, say so."""
        try:
            with small_pictures_named():
                return compute()
        except RuntimeError as error:
            known = getattr(self, "input_shape_", inputs.shape)  # a table has none
            if inputs.shape is None or inputs.shape == known:
                raise
            raise ValueError(
                f"X has samples of shape {inputs.shape}, but {type(self).__name__} was fitted to samples of shape "
                f"{known}, and its network takes no others: {error}"
            ) from error


def how_many_at_once(engine: Engine, samples: Samples) -> int:
    """Return how many samples pass through the network at once."""
    kind = engine.backbone.input_kind
    if kind != "image":
        return {"tensor": TENSORS_AT_ONCE, "table": TABLE_ROWS_AT_ONCE}[kind]
    if len(samples) <= FEWEST:
        return FEWEST
    on_cpu = engine.device.type == "cpu"
    pixels = max(FEWEST * 224**2, PIXELS_PER_CORE * torch.get_num_threads()) if on_cpu else PIXELS_ON_A_GPU
    height, width = samples.known_shape[-2:]
    return min(MOST, max(FEWEST, pixels // (height * width)))
