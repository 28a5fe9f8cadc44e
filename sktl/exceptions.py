"""Errors and warnings that sktl raises beside the built-in ones."""

__all__ = [
    "CacheWarning",
    "CutError",
    "EngineError",
    "MissingExtraError",
    "SkippedImageWarning",
    "StateDictMismatchError",
    "UnknownBackboneError",
    "UnreadableImageError",
    "UntrainableTaskWarning",
    "WeightsNotFoundError",
]


class UnknownBackboneError(ValueError):
    """A backbone, or a version of its weights, goes by another name."""


class CutError(ValueError):
    """A network cannot be cut into stages, or not there."""


class EngineError(RuntimeError):
    """An engine cannot run a network, or not as torch does."""


class WeightsNotFoundError(OSError):
    """A file of weights is neither here nor can it be fetched."""


class StateDictMismatchError(ValueError):
    """A state dict belongs to another network."""


class MissingExtraError(ImportError):
    """A package is missing that an extra of sktl installs."""


class UnreadableImageError(ValueError):
    """A picture cannot be read."""


class SkippedImageWarning(UserWarning):
    """Pictures that cannot be read were left out, as asked."""


class CacheWarning(UserWarning):
    """A cache holds less than it was asked to hold, or had to drop a damaged file."""


class UntrainableTaskWarning(UserWarning):
    """A task has no label, or labels of one class only, and was left out of the training, as asked."""
