"""The skorch net."""

from collections.abc import Iterable
from typing import Any

from skorch import NeuralNet
from skorch.callbacks import EarlyStopping
from torch import nn

from sktl.training._groups import parameter_groups

__all__ = ["Net"]


class Net(NeuralNet):
    """A skorch net that is fitted to labelled rows, with a rate per stage; an interrupt ends the fit.

    Parameters
    ----------
    lr_decay : float, default=1.0
        Factor of the learning rate per stage below the head.
    """

    def __init__(self, module, criterion, *args, lr_decay=1.0, **kwargs):
        super().__init__(module, criterion, *args, **kwargs)
        self.lr_decay = lr_decay

    def partial_fit(self, X, y=None, classes=None, **fit_params):
        """Train on; unlike skorch's own, hand an interrupt on to whoever runs the search."""
        if not self.initialized_:
            self.initialize()
        self.notify("on_train_begin", X=X, y=y)
        try:
            self.fit_loop(X, y, **fit_params)
        except KeyboardInterrupt:
            # skorch's early stopping ends a fit with an interrupt of its own.
            if not any(isinstance(c, EarlyStopping) and c.misses_ >= c.patience for _, c in self.callbacks_):
                raise
        self.notify("on_train_end", X=X, y=y)
        return self

    def get_params_for_optimizer(self, prefix, named_parameters: Iterable[tuple[str, nn.Parameter]]):
        """Return the arguments of the optimiser, with a group for each rate."""
        if "optimizer__param_groups" in self.get_params(deep=False):
            return super().get_params_for_optimizer(prefix, named_parameters)
        kwargs: dict[str, Any] = self.get_params_for(prefix)
        kwargs.setdefault("lr", self.lr)
        groups = parameter_groups(
            named_parameters, n_stages=len(self.module_.stages), lr=kwargs["lr"], lr_decay=self.lr_decay
        )
        return (groups,), kwargs
