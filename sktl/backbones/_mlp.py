"""Multi-layer perceptrons, for tables."""

import numbers
from collections.abc import Sequence
from typing import Literal

from sklearn.base import BaseEstimator
from torch import nn

from sktl.backbones._backbone import Backbone

__all__ = ["MLP"]

_ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "logistic": nn.Sigmoid,
}


# Below this many columns a dropped one takes along what no other says: scikit-learn's 64 pixels lose by dropout, the
# 784 of MNIST lose nothing, and the 1,024 bits of Tox21 gain.
WIDE = 256
HIDDEN_DROPOUT, INPUT_DROPOUT = 0.5, 0.2  # the authors' choice


class MLP(BaseEstimator):
    """A description of a multi-layer perceptron, which is built when the number of columns is known.

    Each hidden layer is a stage. Hand it over as ``backbone=MLP(...)``; a search reaches its parameters as
    ``backbone__hidden_layer_sizes``.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=(256, 256)
        Units of each hidden layer.
    activation : {"relu", "gelu", "silu", "tanh", "logistic"}, default="relu"
        What follows each linear layer.
    dropout, input_dropout : float or "auto", default="auto"
        Shares of the units after each hidden layer, and of the columns, that are dropped in training, in [0, 1).
        ``"auto"``: .5 and .2 for tables of 256 columns or more, such as pixels or the bits of fingerprints, where each
        column says little [1]_; else 0.

    References
    ----------
    .. [1] N. Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 15, 2014.

    Examples
    --------
    >>> from sktl.backbones import MLP
    >>> MLP(hidden_layer_sizes=(32, 16)).build(n_features=8).stage_names
    ('hidden1', 'hidden2')
    """

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] = (256, 256),
        activation: str = "relu",
        dropout: float | Literal["auto"] = "auto",
        input_dropout: float | Literal["auto"] = "auto",
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.input_dropout = input_dropout

    def build(self, n_features: int) -> Backbone:
        """Return the network for tables of ``n_features`` columns, with random weights from torch's global generator.

        Raises
        ------
        ValueError
            Where there is no hidden layer, a layer has no unit, or the activation is not known.
        """
        sizes = [] if isinstance(self.hidden_layer_sizes, numbers.Number) else list(self.hidden_layer_sizes)
        if not sizes or min(sizes) < 1:
            raise ValueError(
                "hidden_layer_sizes must hold at least one size of 1 or more, as in (256,), got "
                f"{self.hidden_layer_sizes}"
            )
        if self.activation not in _ACTIVATIONS:
            raise ValueError(f"activation must be one of {list(_ACTIVATIONS)}, got {self.activation!r}")
        is_wide = n_features >= WIDE
        dropout, input_dropout = (
            (default if is_wide else 0.0) if given == "auto" else given
            for given, default in ((self.dropout, HIDDEN_DROPOUT), (self.input_dropout, INPUT_DROPOUT))
        )
        stages = []
        for number, (n_in, n_out) in enumerate(zip([n_features, *sizes], sizes, strict=False), 1):
            layers: list[nn.Module] = [nn.Dropout(input_dropout)] if input_dropout and number == 1 else []
            layers += [nn.Linear(n_in, n_out), _ACTIVATIONS[self.activation]()]
            layers += [nn.Dropout(dropout)] if dropout else []
            stages.append((f"hidden{number}", nn.Sequential(*layers)))
        return Backbone(stages=stages, name="mlp", input_kind="table", n_channels=n_features, architecture="mlp")
