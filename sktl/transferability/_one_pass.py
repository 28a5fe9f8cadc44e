"""The features of all samples behind one backbone, from a single pass."""

import dataclasses
import time
from typing import Any

import numpy as np
from torch import nn

from sktl.backbones import Backbone
from sktl.estimators import BackboneFeatures

__all__ = ["OnePass", "pass_once"]


@dataclasses.dataclass(frozen=True)
class OnePass:
    """What a pass gave, and what it cost.

    Parameters
    ----------
    features : ndarray of shape (n_samples, n_features)
        What the last stage returns, averaged to a vector for each sample.
    backbone : Backbone
        The network.
    n_computed : int
        Samples that passed through the last stage; the others came from the cache.
    seconds : float
        What that took, with reading and preprocessing.
    """

    features: np.ndarray
    backbone: Backbone
    n_computed: int
    seconds: float

    @property
    def seconds_per_sample(self) -> float:
        """Seconds for a sample that was computed; NaN where none was."""
        return self.seconds / self.n_computed if self.n_computed else np.nan


def pass_once(extractor: BackboneFeatures, X: Any) -> OnePass:
    """Return the features of X.

    Raises
    ------
    ValueError
        Where features are not finite, beside what the extractor raises.
    """
    extractor.fit(X)  # loads the network, and warms up with the first sample
    last = tuple(extractor.backbone_.stages)[-1][1]
    counts: list[int] = []

    def count(module: nn.Module, inputs: tuple, output: Any) -> None:
        counts.append(len(output))

    hook = last.register_forward_hook(count)
    start = time.perf_counter()
    try:
        features = extractor.transform(X)
    finally:
        hook.remove()
    seconds = time.perf_counter() - start
    if not np.isfinite(features).all():
        n_bad = int((~np.isfinite(features)).any(axis=1).sum())
        raise ValueError(f"the features of {n_bad} of {len(features)} samples hold NaN or infinity")
    return OnePass(features, extractor.backbone_, sum(counts), seconds)
