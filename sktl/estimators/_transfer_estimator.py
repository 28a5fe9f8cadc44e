"""What the transfer estimators share: fitting a network to a task, and predicting with it."""

import abc
import copy
import dataclasses
import numbers
import warnings
from typing import Any

import numpy as np
import torch
from sklearn.base import _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_sample_weight, _num_samples, check_consistent_length, check_is_fitted

from sktl.backbones import Backbone, WeightsInfo
from sktl.estimators._backbone_estimator import BackboneEstimator
from sktl.estimators._fit_plan import Problem, make_plan
from sktl.estimators._fitted_state import pack_net, unpack_net
from sktl.estimators._open_backbone import describe_backbone, dtype_of
from sktl.exceptions import SkippedImageWarning
from sktl.features import ArrayRows, FrozenActivations
from sktl.inputs import Images, Tensors
from sktl.tasks import Task
from sktl.training import fit_network, network_outputs

__all__ = ["TransferEstimator"]

_POSITIVE = Interval(numbers.Real, 0, None, closed="neither")
_COUNT = Interval(numbers.Integral, 1, None, closed="left")


NET_PARAMS = "net_params__"
# Stands in a fitted estimator for the indices of its training samples, which nothing needs any more.
NO_SPLIT = (np.arange(0), None)


class TransferEstimator(BackboneEstimator):
    """Fits a new head, and the free stages of a backbone, to one task."""

    _parameter_constraints: dict = {
        **BackboneEstimator._parameter_constraints,
        "freeze": [numbers.Integral, str],
        "head_hidden": ["array-like"],
        "head_dropout": [Interval(numbers.Real, 0, 1, closed="left")],
        "head_l2": [StrOptions({"auto"}), _POSITIVE],
        "max_epochs": [StrOptions({"auto"}), _COUNT],
        "batch_size": [StrOptions({"auto"}), _COUNT],
        "lr": [StrOptions({"auto"}), _POSITIVE],
        "lr_decay": [StrOptions({"auto"}), _POSITIVE],
        "optimizer": [str, type],
        "weight_decay": [Interval(numbers.Real, 0, None, closed="left")],
        "batch_norm": [StrOptions({"auto", "frozen", "trained"})],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(numbers.Real, 0, 1, closed="neither")],
        "n_iter_no_change": [_COUNT],
        "warm_start": ["boolean"],
        "on_unreadable": [StrOptions({"raise", "skip"})],
        "callbacks": ["array-like", None],
        "net_params": [dict, None],
        "self_contained": ["boolean"],
    }

    @abc.abstractmethod
    def _check_target(self, y: Any) -> np.ndarray:
        """Return y, checked."""

    @abc.abstractmethod
    def _make_task(self, y: np.ndarray, weights: np.ndarray) -> tuple[Task, np.ndarray, float]:
        """Return the task, the weights of samples times those of their classes, and the samples per class."""

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        """Fit a new head, and the stages that are not frozen.

        Parameters
        ----------
        X : array-like, list of paths, of pictures or of bytes, or torch Dataset
            The inputs, of the kind that the backbone takes.
        y : array-like of shape (n_samples,), or (n_samples, n_outputs) for regression
            The targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples in the loss. A sample of weight 0 counts as if it were not there.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        ValueError
            Where X or y is empty, holds NaN or infinity, or they differ in length; where there is one class only; where
            a parameter is out of range.
        UnreadableImageError
            Where a picture cannot be read, unless ``on_unreadable="skip"``.
        """
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        goes_on_from = copy.deepcopy(self.net_.module_) if self.warm_start and hasattr(self, "net_") else None
        description, kind = describe_backbone(self.backbone)
        y = self._check_target(y)  # before X, as this forgets the names of columns
        if goes_on_from is None:
            inputs, source = self._open_both(X, description, kind, seed)
        else:
            source = self._source
            inputs = self._open_inputs(X, kind, source.n_channels, reset=True)
        check_consistent_length(X, y)
        chosen, weights = self._choose_samples(X, inputs, sample_weight)
        task, weights, samples_per_class = self._make_task(y[chosen], weights)
        if goes_on_from is not None:
            task = self._continued(task)
        samples = self._as_samples(inputs, source)
        samples = samples.subset(chosen) if len(chosen) < len(samples) else samples
        dtype = dtype_of(source)
        targets, weights = task.encode(y[chosen], dtype), torch.from_numpy(weights / weights.mean()).to(dtype)
        problem = Problem(task, len(chosen), samples_per_class, targets.numpy(), seed)
        plan, choice = make_plan(self, source, problem, goes_on=goes_on_from is not None)
        uses_cache = plan.depth > 0 or (plan.starts_trained and goes_on_from is None)
        activations = self._open_activations(source, samples, cached=uses_cache)
        net, probe = fit_network(activations, targets, weights, plan, goes_on_from)

        self._source, self._task, self._plan, self.net_ = source, task, dataclasses.replace(plan, split=NO_SPLIT), net
        self.freeze_, self.freeze_reason_ = plan.depth, choice.reason
        self.stages_ = self._source.stage_names
        self.backbone_ = self._fitted_backbone(net, plan.depth, len(chosen))
        self.cache_report_ = activations.report
        self.max_epochs_, self.batch_size_ = net.max_epochs, net.batch_size
        self.lr_, self.lr_decay_ = net.lr, net.lr_decay
        self.head_l2_ = None if probe is None else probe.penalty
        self.history_ = [{name: value for name, value in row.items() if name != "batches"} for row in net.history]
        self.n_iter_ = self.history_[-1]["epoch"]
        self._warn_of_full_cache()
        return self

    def _readable(self, inputs: Images | Tensors) -> np.ndarray:
        """Return the indices of the samples to fit to: all, or the readable ones if others shall be skipped."""
        everything = np.arange(len(inputs))
        if self.on_unreadable == "raise":
            return everything
        reasons = inputs.unreadable()
        if reasons:
            listed = "\n".join(reasons[index] for index in sorted(reasons)[:10])
            more = f"\n(and {len(reasons) - 10} more)" if len(reasons) > 10 else ""
            warnings.warn(
                f"{len(reasons)} of {len(inputs)} samples are left out:\n{listed}{more}",
                SkippedImageWarning,
                stacklevel=4,
            )
        return np.setdiff1d(everything, list(reasons))

    def _choose_samples(self, X: Any, inputs: Images | Tensors, sample_weight: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the indices of the samples that count, and their weights."""
        chosen = self._readable(inputs)
        if sample_weight is None:
            return chosen, np.ones(len(chosen))
        weights = _check_sample_weight(sample_weight, np.empty(_num_samples(X)), dtype=np.float64)
        if (weights < 0).any():
            raise ValueError(f"Negative values in data passed to `sample_weight`: {weights.min()} is the least")
        chosen = chosen[weights[chosen] > 0]
        if len(chosen) == 0:
            raise ValueError("all entries of sample_weight are zero: at least one sample must count")
        return chosen, weights[chosen]

    def _continued(self, task: Task) -> Task:
        """Return the task of the last fit, if ``task`` is the same."""
        if not task.continues(self._task):
            raise ValueError(
                f"warm_start=True goes on with the task of the last fit, {self._task.describe()}, but y is "
                f"{task.describe()}; fit with warm_start=False, or start a new estimator from backbone_"
            )
        return self._task

    def _fitted_backbone(self, net: Any, depth: int, n_samples: int) -> Backbone:
        """Return the backbone with its trained stages, to be the start of another task."""
        if depth == self._source.n_stages:
            return self._source
        stages = [copy.deepcopy(stage).cpu() for stage in net.module_.stages]
        weights = WeightsInfo(name="fitted", source=f"{type(self).__name__} on {n_samples} samples")
        return self._source.with_suffix(depth, stages, weights)

    def _outputs(self, X: Any) -> np.ndarray:
        """Return the outputs of the head (n_samples, n_outputs)."""
        check_is_fitted(self, "net_")
        inputs = self._open_inputs(X, self._source.input_kind, self._source.n_channels, reset=False)
        samples = self._as_samples(inputs, self._source)
        activations = self._open_activations(self._source, samples, cached=self.freeze_ > 0)
        return self._with_shape_named(inputs, lambda: self._outputs_of(activations))

    def _outputs_of(self, activations: FrozenActivations) -> np.ndarray:
        """Return the outputs of the head for inputs whose activations are at hand."""
        all_frozen = self.freeze_ == self._source.n_stages
        rows = ArrayRows(activations.features()) if all_frozen else activations.rows(self.freeze_)
        device = next(self.net_.module_.parameters()).device
        return network_outputs(self.net_.module_, rows, batch_size=activations.batch_size, device=device)

    def get_params(self, deep=True):
        """Return the parameters, and with ``deep`` those in ``net_params`` as ``net_params__<name>``.

        Parameters
        ----------
        deep : bool, default=True
            Whether to return the parameters of parameters too.

        Returns
        -------
        dict
            Values by name.
        """
        params = super().get_params(deep=deep)
        nested = self.net_params if deep and isinstance(self.net_params, dict) else {}
        return params | {f"{NET_PARAMS}{name}": value for name, value in nested.items()}

    def set_params(self, **params):
        """Set parameters, those in ``net_params`` as ``net_params__<name>``, which a search can do.

        Parameters
        ----------
        **params : dict
            Values by name.

        Returns
        -------
        self
            The estimator.
        """
        nested = {name: params.pop(name) for name in list(params) if name.startswith(NET_PARAMS)}
        super().set_params(**params)
        if nested:  # always a new dict, as another estimator may hold the old one
            self.net_params = dict(self.net_params or {})
            self.net_params |= {name.removeprefix(NET_PARAMS): value for name, value in nested.items()}
        return self

    def __getstate__(self):
        state = super().__getstate__()
        return pack_net(state) if "net_" in state else state

    def __setstate__(self, state):
        super().__setstate__(unpack_net(state) if "_packed" in state else state)
