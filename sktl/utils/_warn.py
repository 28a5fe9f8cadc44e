"""Warnings that point at the user's line."""

import os
import sys
import warnings

import sklearn

__all__ = ["warn_user"]

# Calls within these folders are passed over: an estimator's methods run within wrappers of scikit-learn.
_FOLDERS = os.path.dirname(os.path.dirname(__file__)), os.path.dirname(sklearn.__file__)
_INSIDE = tuple(os.path.join(folder, "") for folder in _FOLDERS)


def warn_user(message: str, category: type[Warning]) -> None:
    """Warn at the line that called this package, however deep within it the reason was found."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_INSIDE):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)
