"""Transfer learning and multi-task learning on PyTorch networks, as scikit-learn estimators."""

import importlib
from typing import Any

__version__ = "0.1.0.dev0"

__all__ = [
    "ActivationCache",
    "AttributeZeroShotClassifier",
    "BackboneFeatures",
    "MultiTaskClassifier",
    "MultiTaskEstimator",
    "MultiTaskRegressor",
    "TransferClassifier",
    "TransferRegressor",
]

# Loaded at first use: they need torch, which takes seconds to import.
_HOMES = {
    "ActivationCache": "sktl.features",
    "AttributeZeroShotClassifier": "sktl.estimators",
    "BackboneFeatures": "sktl.estimators",
    "MultiTaskClassifier": "sktl.estimators",
    "MultiTaskEstimator": "sktl.estimators",
    "MultiTaskRegressor": "sktl.estimators",
    "TransferClassifier": "sktl.estimators",
    "TransferRegressor": "sktl.estimators",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'sktl' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
