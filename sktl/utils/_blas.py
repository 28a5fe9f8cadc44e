"""Threads of linear algebra."""

import contextlib
import functools
from typing import Any

from threadpoolctl import ThreadpoolController

__all__ = ["one_blas_thread"]


def one_blas_thread() -> contextlib.AbstractContextManager[Any]:
    """Return a context in which products are computed by one thread, for the whole process.

    For many small products one after the other, over which several threads would spend their time waiting for each
    other.

    Examples
    --------
    >>> import numpy as np
    >>> from sktl.utils._blas import one_blas_thread
    >>> with one_blas_thread():
    ...     product = np.ones((2, 3)) @ np.ones(3)
    >>> product
    array([3., 3.])
    """
    return _controller().limit(limits=1, user_api="blas")


@functools.cache
def _controller() -> ThreadpoolController:
    """Return what knows the libraries that are loaded; finding them takes as long as a small problem."""
    return ThreadpoolController()
