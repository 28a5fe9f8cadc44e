"""Activations of frozen stages, and the cache that keeps them."""

from sktl.features._activations import FrozenActivations
from sktl.features._cache import ActivationCache, default_cache
from sktl.features._report import CacheReport
from sktl.features._rows import ArrayRows, Rows, StreamedRows
from sktl.features._samples import Samples
from sktl.features._views import ViewRows, stack_views

__all__ = [
    "ActivationCache",
    "ArrayRows",
    "CacheReport",
    "FrozenActivations",
    "Rows",
    "Samples",
    "StreamedRows",
    "ViewRows",
    "default_cache",
    "stack_views",
]
