"""The skorch net."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from skorch import NeuralNet
from skorch.callbacks import Callback, EarlyStopping
from skorch.utils import TeeGenerator
from torch import nn

from sktl.training._groups import parameter_groups
from sktl.training._schedule import RateSchedule
from sktl.training.recipe import takes_groups
from sktl.weighting import GradientRule

__all__ = ["Net"]


# Those that step in one pass over the memory; on small networks the step costs as much as all else.
FUSED = (torch.optim.AdamW, torch.optim.Adam, torch.optim.SGD)


# What skorch tells its callbacks for each batch.
BATCH_EVENTS = ("on_batch_begin", "on_grad_computed", "on_batch_end")


class Net(NeuralNet):
    """A skorch net that is fitted to labelled rows, with a rate per stage; an interrupt ends the fit.

    Unless a callback listens to batches, nothing but the step is done for each, and losses are read at the epoch's end.

    Parameters
    ----------
    lr_decay : float, default=1.0
        Factor of the learning rate per stage below the head.
    schedule : callable or None, default=None
        Returns the factor of all rates at a step, counted from 0 on. None: they are constant.
    """

    all_labelled_ = False  # whether each batch of the epoch is known to have a label

    def __init__(
        self, module, criterion, *args, lr_decay=1.0, schedule: Callable[[int], float] | None = None, **kwargs
    ):
        super().__init__(module, criterion, *args, **kwargs)
        self.lr_decay = lr_decay
        self.schedule = schedule

    def initialize_callbacks(self):
        """Initialise callbacks, and look which events of batches one listens to."""
        super().initialize_callbacks()
        kinds = [type(callback) for _, callback in self.callbacks_]
        self.batch_events_ = {
            name for name in BATCH_EVENTS if any(getattr(kind, name) is not getattr(Callback, name) for kind in kinds)
        }
        return self

    def initialize_optimizer(self, *args, **kwargs):
        """Initialise the optimiser, and the schedule of its rates."""
        super().initialize_optimizer(*args, **kwargs)
        self.rates_ = None if self.schedule is None else RateSchedule(self.optimizer_, self.schedule)
        return self

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

    def run_single_epoch(self, iterator, training, prefix, step_fn, **fit_params):
        """Go through the batches of an epoch, and keep their losses in the history."""
        self.all_labelled_ = getattr(getattr(iterator, "dataset", None), "all_labelled", False)
        if iterator is None or self.batch_events_:
            super().run_single_epoch(iterator, training, prefix, step_fn, **fit_params)
            return
        losses, sizes = [], []
        for batch in iterator:
            losses.append(step_fn(batch, **fit_params)["loss"].detach())
            sizes.append(len(batch[0]))
        # Read at the end, so that a GPU need not stop at each step to tell its loss.
        pairs = zip(torch.stack(losses).tolist(), sizes, strict=True)
        self.history[-1]["batches"] += [{f"{prefix}_loss": loss, f"{prefix}_batch_size": size} for loss, size in pairs]
        self.history.record(f"{prefix}_batch_count", len(losses))

    def train_step(self, batch, **fit_params):
        """Take a step and go on in the schedule; a batch without a label changes nothing else."""
        _, (_, weights) = batch
        if self.all_labelled_ or weights.any():
            step = self._step(batch, **fit_params)
        else:
            step = {"loss": weights.new_zeros((), device=self.device), "y_pred": None}
        if self.rates_ is not None:
            self.rates_.after_step()
        return step

    def _step(self, batch, **fit_params):
        """Take a step, and draw towers together."""
        if type(self.optimizer_) in FUSED:  # they need the gradients once, and to hand them over is quicker
            step = self._gradients(batch, **fit_params)
            self.optimizer_.step()
        else:
            steps = []

            def gradients():  # some optimisers, such as LBFGS, ask for them several times
                steps.append(self._gradients(batch, **fit_params))
                return steps[-1]["loss"]

            self.optimizer_.step(gradients)
            step = steps[0]
        if self.module_.tie is not None:
            lr = next(group["lr"] for group in self.optimizer_.param_groups if group.get("below_head", 0) == 0)
            self.module_.tie(self.module_.stages, lr, self.lr_decay)
        return step

    def _gradients(self, batch, **fit_params):
        """Compute the gradients of a batch in place of those before, and let callbacks know."""
        for group in self.optimizer_.param_groups:
            for parameter in group["params"]:  # what zero_grad does too, and takes longer for
                parameter.grad = None
        step = self.train_step_single(batch, **fit_params)
        if "on_grad_computed" in self.batch_events_:
            named = TeeGenerator(self.get_all_learnable_params())
            self.notify("on_grad_computed", named_parameters=named, batch=batch, training=True)
        return step

    def train_step_single(self, batch, **fit_params):
        """Compute the gradients of a batch; where a rule says so, one out of those of the tasks."""
        self._set_training(True)
        inputs, targets, weights = (tensor.to(self.device, non_blocking=True) for tensor in (batch[0], *batch[1]))
        outputs = self.module_(inputs, **fit_params)
        if not isinstance(self.criterion_.rule, GradientRule):
            loss = self.criterion_(outputs, (targets, weights))
            loss.backward()
            return {"loss": loss, "y_pred": outputs}
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
            parameter.grad = torch.empty_like(parameter).copy_(part.view_as(parameter))

    def on_epoch_end(self, net, dataset_train=None, dataset_valid=None, **kwargs):
        """Close the loss's account of the epoch."""
        super().on_epoch_end(net, dataset_train=dataset_train, dataset_valid=dataset_valid, **kwargs)
        self.criterion_.end_epoch()

    def get_params_for_optimizer(self, prefix, named_parameters: Iterable[tuple[str, nn.Parameter]]):
        """Return the arguments of the optimiser, with a group for each rate where it takes several."""
        if "optimizer__param_groups" in self.get_params(deep=False):
            return super().get_params_for_optimizer(prefix, named_parameters)
        kwargs: dict[str, Any] = self.get_params_for(prefix)
        kwargs.setdefault("lr", self.lr)
        groups = parameter_groups(
            named_parameters, n_stages=len(self.module_.stages), lr=kwargs["lr"], lr_decay=self.lr_decay
        )
        if not takes_groups(self.optimizer):
            together = [parameter for group in groups for parameter in group["params"]]
            groups = [{"params": together, "lr": kwargs["lr"], "below_head": 0}]
        if self.optimizer in FUSED and all(_can_be_fused(one) for group in groups for one in group["params"]):
            kwargs.setdefault("fused", True)
        return (groups,), kwargs


def _can_be_fused(parameter: nn.Parameter) -> bool:
    """Return whether a fused step is for a parameter: it goes along memory, in which the gradient lies likewise."""
    layouts = {4: torch.channels_last, 5: torch.channels_last_3d}
    others = [layouts[parameter.ndim]] if parameter.ndim in layouts else []
    is_dense = any(parameter.is_contiguous(memory_format=one) for one in (torch.contiguous_format, *others))
    return is_dense and parameter.device.type in ("cpu", "cuda")


def _flat_gradient(loss: torch.Tensor, parameters: list[nn.Parameter]) -> torch.Tensor:
    """Return the gradient of a loss as one vector, 0 for parameters that it does not depend on."""
    gradients = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
    pairs = zip(parameters, gradients, strict=True)
    return torch.cat([(torch.zeros_like(p) if gradient is None else gradient).flatten() for p, gradient in pairs])
