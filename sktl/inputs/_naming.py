"""Where in X an unreadable picture is."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from sktl.exceptions import UnreadableImageError

__all__ = ["naming"]


@contextlib.contextmanager
def naming(index: int, item: Any = None) -> Iterator[None]:
    """Add the place in X, and the path where ``item`` is one, to why a picture cannot be read."""
    try:
        yield
    except UnreadableImageError as error:
        where = f" ({os.fspath(item)!r})" if isinstance(item, (str, os.PathLike)) else ""
        raise UnreadableImageError(f"X[{index}]{where} cannot be read: {error}") from error
