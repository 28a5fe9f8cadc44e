"""Constructors that store."""

from typing import Any

__all__ = ["store_parameters"]


def store_parameters(estimator: Any, arguments: dict[str, Any]) -> None:
    """Give an estimator the arguments of its constructor as attributes, untouched.

    Parameters
    ----------
    estimator : object
        The estimator.
    arguments : dict
        ``locals()`` at the start of the constructor.
    """
    for name, value in arguments.items():
        if name != "self":
            setattr(estimator, name, value)
