"""Imports that only some users need."""

import importlib
from types import ModuleType

from sktl.exceptions import MissingExtraError

__all__ = ["import_optional"]


def import_optional(module: str, *, extra: str, purpose: str) -> ModuleType:
    """Import ``module``, or say which extra of sktl installs it.

    Parameters
    ----------
    module : str
        Name of the module to import.
    extra : str
        The extra of sktl that brings it.
    purpose : str
        What needs it, as the subject of a sentence.

    Returns
    -------
    module
        The imported module.

    Raises
    ------
    MissingExtraError
        Where the module is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != module.split(".")[0]:
            raise
        raise MissingExtraError(
            f"{purpose} needs the package {module.split('.')[0]!r}, which is not installed. "
            f"Install it with: pip install 'sktl[{extra}]'"
        ) from error
