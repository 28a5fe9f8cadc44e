"""The skorch net."""

from collections.abc import Iterable
from typing import Any

import torch
from skorch import NeuralNet
from skorch.callbacks import EarlyStopping
from skorch.dataset import unpack_data
from skorch.utils import to_device
from torch import nn

from sktl.training._groups import parameter_groups
from sktl.weighting import GradientRule

__all__ = ["Net"]


# Those that step in one pass over the memory; on small networks the step costs as much as all else.
FUSED = (torch.optim.AdamW, torch.optim.Adam, torch.optim.SGD)


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
        super()._set_training(True)  # stages come from a network in eval mode, whatever the module around them says
        self.notify("on_train_begin", X=X, y=y)
        try:
            self.fit_loop(X, y, **fit_params)
        except KeyboardInterrupt:
            # skorch's early stopping ends a fit with an interrupt of its own.
            if not any(isinstance(c, EarlyStopping) and c.misses_ >= c.patience for _, c in self.callbacks_):
                raise
        self.notify("on_train_end", X=X, y=y)
        return self

    def _set_training(self, training=True):
        """Switch modes where they are other ones; skorch does so, module by module, at each step."""
        if self.module_.training != training or self.criterion_.training != training:
            super()._set_training(training)

    def train_step(self, batch, **fit_params):
        """Take a step, and draw towers together after it; a batch without a label changes nothing."""
        _, (_, weights) = batch
        if not weights.any():
            return {"loss": torch.zeros(()), "y_pred": None}
        step = super().train_step(batch, **fit_params)
        if self.module_.tie is not None:
            lr = next(group["lr"] for group in self.optimizer_.param_groups if group.get("below_head", 0) == 0)
            self.module_.tie(self.module_.stages, lr, self.lr_decay)
        return step

    def train_step_single(self, batch, **fit_params):
        """Compute the gradients of a batch; where a rule says so, one out of those of the tasks."""
        if not isinstance(self.criterion_.rule, GradientRule):
            return super().train_step_single(batch, **fit_params)
        self._set_training(True)
        inputs, labels = unpack_data(batch)
        outputs = self.infer(inputs, **fit_params)
        targets, weights = to_device(labels, self.device)
        costs = self.criterion_.contributions(outputs, (targets, weights)).mean(dim=0)
        self._combine(costs[(weights > 0).any(dim=0)])
        return {"loss": costs.sum(), "y_pred": outputs}

    def _combine(self, losses: torch.Tensor) -> None:
        """Give the stages the gradient that the rule makes of those of the losses, and the heads their own."""
        shared = list(self.module_.stages.parameters())
        rows = [_flat_gradient(loss, shared) for loss in losses] if shared else []
        losses.sum().backward()
        if not shared:
            return
        parts = self.criterion_.rule.combine(torch.stack(rows)).split([parameter.numel() for parameter in shared])
        for parameter, part in zip(shared, parts, strict=True):
            parameter.grad = part.view_as(parameter).clone()

    def on_epoch_end(self, net, dataset_train=None, dataset_valid=None, **kwargs):
        """Close the loss's account of the epoch."""
        super().on_epoch_end(net, dataset_train=dataset_train, dataset_valid=dataset_valid, **kwargs)
        self.criterion_.end_epoch()

    def get_params_for_optimizer(self, prefix, named_parameters: Iterable[tuple[str, nn.Parameter]]):
        """Return the arguments of the optimiser, with a group for each rate."""
        if "optimizer__param_groups" in self.get_params(deep=False):
            return super().get_params_for_optimizer(prefix, named_parameters)
        kwargs: dict[str, Any] = self.get_params_for(prefix)
        kwargs.setdefault("lr", self.lr)
        groups = parameter_groups(
            named_parameters, n_stages=len(self.module_.stages), lr=kwargs["lr"], lr_decay=self.lr_decay
        )
        if self.optimizer in FUSED and all(_can_be_fused(one) for group in groups for one in group["params"]):
            kwargs.setdefault("fused", True)
        return (groups,), kwargs


def _can_be_fused(parameter: nn.Parameter) -> bool:
    """Return whether a fused step is for a parameter: gradients of convolutions may lie otherwise in memory than it."""
    return parameter.ndim <= 2 and parameter.device.type in ("cpu", "cuda")


def _flat_gradient(loss: torch.Tensor, parameters: list[nn.Parameter]) -> torch.Tensor:
    """Return the gradient of a loss as one vector, 0 for parameters that it does not depend on."""
    gradients = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
    pairs = zip(parameters, gradients, strict=True)
    return torch.cat([(torch.zeros_like(p) if gradient is None else gradient).flatten() for p, gradient in pairs])
