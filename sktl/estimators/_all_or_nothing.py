"""A fit that fails changes nothing."""

import contextlib
from collections.abc import Iterator
from typing import Any

__all__ = ["all_or_nothing"]


@contextlib.contextmanager
def all_or_nothing(estimator: Any) -> Iterator[None]:
    """Give an estimator the attributes back that it had, if what is done meanwhile fails or is interrupted.

    Attributes have to be replaced, not changed in place.

    Examples
    --------
    >>> import types
    >>> from sktl.estimators._all_or_nothing import all_or_nothing
    >>> estimator = types.SimpleNamespace(scale_=255.0)
    >>> with all_or_nothing(estimator):
    ...     estimator.scale_, estimator.names_ = 1.0, ["age"]
    ...     raise ValueError("no labels")
    Traceback (most recent call last):
        ...
    ValueError: no labels
    >>> estimator
    namespace(scale_=255.0)
    """
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise
