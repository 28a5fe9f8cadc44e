"""The new last layers of a network."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from torch import nn

__all__ = ["build_head", "read_head_hidden"]


def read_head_hidden(head_hidden: Iterable[Any]) -> tuple[int, ...]:
    """Return the parameter ``head_hidden``, checked.

    Raises
    ------
    ValueError
        Where an entry is no whole number of 1 or more.

    Examples
    --------
    >>> from sktl.heads import read_head_hidden
    >>> read_head_hidden([64, 32])
    (64, 32)
    """
    given = [units.item() if isinstance(units, np.generic) else units for units in head_hidden]
    if not all(isinstance(units, int) and not isinstance(units, bool) and units > 0 for units in given):
        raise ValueError(
            f"head_hidden must hold the units of each hidden layer, whole numbers of 1 or more, got {tuple(given)}"
        )
    return tuple(given)


def build_head(n_features: int, n_outputs: int, hidden: Sequence[int] = (), dropout: float = 0.0) -> nn.Sequential:
    """Return a randomly initialised head: hidden layers with ReLU, then a linear layer.

    Parameters
    ----------
    n_features : int
        Length of the vectors that go in.
    n_outputs : int
        Length of the vectors that come out.
    hidden : sequence of int, default=()
        Units of each hidden layer.
    dropout : float, default=0.0
        Share of the inputs of every layer that is dropped in training, in [0, 1).

    Returns
    -------
    torch.nn.Sequential
        Maps (b, n_features) to (b, n_outputs).

    Examples
    --------
    >>> from sktl.heads import build_head
    >>> build_head(8, 3, hidden=(4,))
    Sequential(
      (0): Linear(in_features=8, out_features=4, bias=True)
      (1): ReLU()
      (2): Linear(in_features=4, out_features=3, bias=True)
    )
    """
    layers: list[nn.Module] = []
    for n_in, n_out in zip((n_features, *hidden), (*hidden, n_outputs), strict=True):
        layers += [nn.Dropout(dropout)] if dropout else []
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
    return nn.Sequential(*layers[:-1])
