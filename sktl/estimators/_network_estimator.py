"""What all estimators around a trained network share: fitting it to tasks, and predicting with it."""

import abc
import copy
import dataclasses
import functools
import numbers
from typing import Any

import numpy as np
import torch
from sklearn.base import _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from sktl.backbones import Backbone, WeightsInfo
from sktl.estimators._all_or_nothing import all_or_nothing
from sktl.estimators._backbone_estimator import BackboneEstimator
from sktl.estimators._divergence import warn_of_divergence
from sktl.estimators._fit_plan import make_plan
from sktl.estimators._fitted_state import pack_net, unpack_net
from sktl.estimators._label_weights import LabelWeights, read_weights
from sktl.estimators._net_params import NetParams
from sktl.estimators._open_backbone import describe_backbone, dtype_of
from sktl.estimators._part_weights import weigh_part
from sktl.estimators._problem import JointTraining, Problem
from sktl.estimators._readable import readable_samples
from sktl.estimators._same_kind import describe_inputs
from sktl.estimators._small_pictures import small_pictures_named
from sktl.estimators._stage_probes import StageProbes
from sktl.features import ArrayRows, FrozenActivations, Rows, Samples, StreamedRows
from sktl.inputs import Augmentation, Images, Tensors, choose_augmentation
from sktl.tasks import TaskSet
from sktl.training import FitPlan, HeadMemory, LinearProbe, fit_network, network_outputs, unknown_memory
from sktl.utils._labels import LabelTable

__all__ = ["NetworkEstimator"]

_POSITIVE = Interval(numbers.Real, 0, None, closed="neither")
_COUNT = Interval(numbers.Integral, 1, None, closed="left")


# Stands in a fitted estimator for the indices of its training samples, which nothing needs any more.
NO_SPLIT = (np.arange(0), None)


class NetworkEstimator(NetParams, BackboneEstimator):
    """Fits new heads, and the free stages of a backbone, to one task or several."""

    _parameter_constraints: dict = {
        **BackboneEstimator._parameter_constraints,
        "freeze": [numbers.Integral, str],
        "head_stages": [StrOptions({"auto", "last", "late"})],
        "head_hidden": ["array-like"],
        "head_dropout": [Interval(numbers.Real, 0, 1, closed="left")],
        "head_l2": [StrOptions({"auto"}), _POSITIVE],
        "max_epochs": [StrOptions({"auto"}), _COUNT],
        "batch_size": [StrOptions({"auto"}), _COUNT],
        "lr": [StrOptions({"auto"}), _POSITIVE],
        "lr_decay": [StrOptions({"auto"}), _POSITIVE],
        "optimizer": [str, type],
        "weight_decay": [StrOptions({"auto"}), Interval(numbers.Real, 0, None, closed="left")],
        "augment": "no_validation",  # choose_augmentation says more
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
    def _read_target(self, y: Any, *, goes_on: bool) -> LabelTable:
        """Return y, checked; ``goes_on`` says whether the last fit goes on with it."""

    @abc.abstractmethod
    def _make_tasks(self, labels: LabelTable, weights: LabelWeights, *, more_follow: bool) -> TaskSet:
        """Return the tasks that the labels pose; multiply weights by those of the classes."""

    def _use_tasks(self, known: TaskSet, labels: LabelTable, weights: LabelWeights) -> TaskSet:
        """Return tasks that were known before these labels, which have to fit; multiply weights as above."""
        raise TypeError(f"{type(self).__name__} finds its tasks in y")

    def _joint_training(self, names: tuple[str, ...], *, goes_on: bool) -> JointTraining:
        """Return what several tasks share and how they are weighed; a single task needs no more than the defaults."""
        return JointTraining()

    def _keep_labels(self, labels: LabelTable) -> None:
        """Keep what is to be known of y once a fit has succeeded."""

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        """Fit new heads, and the stages that are not frozen.

        Parameters
        ----------
        X : array-like, list of paths, of pictures or of bytes, or torch Dataset
            The inputs, of the kind that the backbone takes.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            The targets. An estimator of several tasks takes NaN, None and pandas.NA for a label that is missing.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples in the loss. A sample of weight 0 counts as if it were not there. Estimators of
            several tasks take weights (n_samples, n_tasks) too.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        ValueError
            Where X or y is empty or holds infinity, or they differ in length; where y holds NaN and there is one task;
            where a task has one class only or no label; where a parameter is out of range. The estimator is then what
            it was before.
        UnreadableImageError
            Where a picture cannot be read, unless ``on_unreadable="skip"``.

        Warns
        -----
        ConvergenceWarning
            Where the loss of the last epoch is no finite number.
        """
        return self._fit(X, y, sample_weight, goes_on=self.warm_start and hasattr(self, "net_"))

    def _fit(
        self, X: Any, y: Any, sample_weight: Any, *, goes_on: bool, known: TaskSet | None = None, in_parts: bool = False
    ) -> Any:
        """Fit, or go on from the last fit; to tasks that are known beforehand, if they are. An error changes nothing.

        A fit that goes on is to data of the kind of the first: what that taught of columns, shape and scale holds.
        Data that come in parts are gone through once.
        """
        with all_or_nothing(self), small_pictures_named():
            return self._fit_to(X, y, sample_weight, goes_on=goes_on, known=known, in_parts=in_parts)

    def _fit_to(
        self, X: Any, y: Any, sample_weight: Any, *, goes_on: bool, known: TaskSet | None, in_parts: bool
    ) -> Any:
        """Read inputs and labels, decide by them, fit, and keep what came of it."""
        one_pass = in_parts and goes_on
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        goes_on_from = copy.deepcopy(self.net_.module_) if goes_on else None
        given = self._read_target(y, goes_on=goes_on)
        if goes_on_from is None:
            inputs, source = self._open_both(X, *describe_backbone(self.backbone), seed)
        else:
            source = self._source
            inputs = self._open_inputs(X, source.input_kind, source.n_channels, reset=False)
        check_consistent_length(X, given.labelled)
        weights = read_weights(sample_weight, X, given)
        chosen = np.intersect1d(readable_samples(inputs, self.on_unreadable), weights.counted)
        if len(weights.counted) > len(chosen) == 0:
            raise ValueError("none of the samples that can be read has a label of a weight above 0: nothing is left")
        labels, weights = given.subset(chosen), weights.subset(chosen)
        if known is not None:
            tasks = self._use_tasks(known, labels, weights)
        else:
            tasks = self._make_tasks(labels, weights, more_follow=in_parts)
            tasks = self._continued(tasks, labels.names) if goes_on else tasks
        joint = self._joint_training(labels.names, goes_on=goes_on)
        if one_pass and weights.labelled.any() and not weights.values[weights.labelled].any():
            return self  # classes of weight 0 teach nothing
        kept, weighed = weigh_part(tasks, weights, joint, self._weight_sums if one_pass else None)
        dtype = dtype_of(source)
        targets = tasks.encode(labels.columns, weights.labelled, dtype)[kept]
        chosen = chosen[kept]
        augmentation = choose_augmentation(self.augment)
        samples, *views = self._views(inputs, source, augmentation, chosen)
        problem = Problem(tasks.trained, targets.numpy(), weighed.table, seed)
        open_engine = functools.cache(functools.partial(self._open_engine, source, samples, fitted=goes_on))
        tried = StageProbes(samples, problem, lambda some: self._open_activations(open_engine(), some))
        plan, choice = make_plan(
            self,
            source,
            problem,
            joint,
            goes_on=goes_on,
            one_pass=one_pass,
            probes=tried,
            example=functools.partial(samples.load, np.arange(1)),
        )
        if in_parts:
            plan = dataclasses.replace(
                plan,
                in_parts=True,
                memories=self._memories_of(plan.tasks) if goes_on else (),
                share=weighed.share,
            )
        uses_cache = plan.depth > 0 or (plan.starts_trained and not goes_on)
        engine = open_engine() if uses_cache else self._plain_engine(source)
        activations = self._open_activations(engine, samples, cached=uses_cache)
        others = tuple(self._open_activations(engine, view, cached=uses_cache) for view in views)
        fresh = self._fresh_rows(inputs, source, augmentation, chosen) if plan.depth == 0 else None
        table = torch.from_numpy(weighed.table).to(dtype)
        account = self.net_.criterion_.state_dict() if goes_on else None
        net, probes = self._with_shape_named(
            inputs, lambda: self._fit_net(activations, targets, table, plan, goes_on_from, others, fresh, account)
        )

        self._keep_labels(given)
        self._source, self._tasks, self._weight_sums = source, tasks, weighed.sums
        self._keep_plan(plan, choice.reason)
        self.engine_, self.precision_ = engine.name, engine.precision
        self.probe_losses_ = self.probe_losses_ if goes_on else tried.known_losses
        self._fitted_to = describe_inputs(inputs, self._columns())
        self._keep_backbone(net, plan.depth, len(chosen))
        self.cache_report_ = activations.report
        self._keep_net(net, probes, before=self.history_ if one_pass else [])
        self._warn_of_full_cache()
        warn_of_divergence(self.history_, self.lr_)
        return self

    def _memories_of(self, tasks: TaskSet) -> tuple[HeadMemory, ...]:
        """Return what the head of each task remembers of its samples, or is taken to know where it kept nothing."""
        if len(self._memories) == len(tasks) and None not in self._memories:
            return self._memories
        penalties = np.atleast_1d(np.nan if self.head_l2_ is None else self.head_l2_)
        if len(penalties) != len(tasks):
            penalties = np.full(len(tasks), np.nan)
        pairs = zip(tasks, penalties, strict=True)
        return tuple(unknown_memory(task, self._n_samples, self.head_l2, penalty) for task, penalty in pairs)

    def _keep_plan(self, plan: FitPlan, reason: str) -> None:
        """Keep what was decided, but for what is of these samples alone."""
        self._plan = dataclasses.replace(plan, split=NO_SPLIT, memories=(), share=None)
        self.freeze_, self.freeze_reason_ = plan.depth, reason
        self.stages_ = self._source.stage_names
        self.head_stages_ = tuple(self.stages_[depth - 1] for depth in plan.reads)

    def _keep_net(self, net: Any, probes: list[LinearProbe], before: list[dict]) -> None:
        """Keep the net, the values that were taken, and the history, behind what was before."""
        self.net_ = net
        self._memories = tuple(probe.memory for probe in probes)
        self.training_precision_ = net.module_.training_precision
        self.max_epochs_, self.batch_size_ = net.max_epochs, net.batch_size
        self.lr_, self.lr_decay_ = net.lr, net.lr_decay
        self.weight_decay_ = getattr(net, "optimizer__weight_decay", 0.0)
        penalties = [probe.penalty for probe in probes]
        self.head_l2_ = (penalties[0] if len(penalties) == 1 else np.array(penalties)) if penalties else None
        first = before[-1]["epoch"] if before else 0
        rows = [{name: value for name, value in row.items() if name != "batches"} for row in net.history]
        self.history_ = before + [row | {"epoch": first + row["epoch"]} for row in rows]
        self.n_iter_ = self.history_[-1]["epoch"]

    def _fresh_rows(
        self, inputs: Images | Tensors, source: Backbone, augmentation: Augmentation | None, chosen: np.ndarray
    ) -> Rows | None:
        """Return what the first stage takes, in a new view at each reading; None where there are no views."""
        if augmentation is None:
            return None
        anew = self._as_samples(inputs, source, augmentation, view=None).subset(chosen)
        return StreamedRows(len(anew), anew.load)

    def _fit_net(self, activations, targets, weights, plan, goes_on_from, others, fresh, account):
        """Return the fitted net, and the linear heads that were solved."""
        return fit_network(activations, targets, weights, plan, goes_on_from, others, fresh, account)

    def _views(
        self,
        inputs: Images | Tensors,
        backbone: Backbone,
        augmentation: Augmentation | None,
        chosen: np.ndarray | None = None,
    ) -> list[Samples]:
        """Return the inputs, or those chosen, in all their views, the plain one first.

        Views do not go by ``random_state``, so that fits that differ in it find the same ones in the cache.
        """
        n_views = 1 if augmentation is None else augmentation.n_views
        views = [self._as_samples(inputs, backbone, augmentation, view) for view in range(n_views)]
        return views if chosen is None or len(chosen) == len(inputs) else [view.subset(chosen) for view in views]

    def _continued(self, tasks: TaskSet, names: tuple[str, ...]) -> TaskSet:
        """Return the tasks of the last fit, if these are the same."""
        advice = "fit with warm_start=False, or start a new estimator from backbone_"
        if len(tasks) != len(self._tasks):
            raise ValueError(
                f"warm_start=True goes on with {len(self._tasks)} task(s), but y has {len(tasks)}; {advice}"
            )
        for name, task, last in zip(names, tasks, self._tasks, strict=True):
            if not task.continues(last):
                which = f"task {name!r}" if len(tasks) > 1 else "the task"
                raise ValueError(
                    f"warm_start=True goes on with {which} of the last fit, {last.describe()}, but y is "
                    f"{task.describe()}; {advice}"
                )
        return self._tasks

    def _keep_backbone(self, net: Any, depth: int, n_samples: int) -> None:
        """Keep the backbone with its trained stages, to be the start of another task, unless each task has its own."""
        self._n_samples = n_samples
        self._n_features = next(net.module_.head.parameters()).shape[-1]
        if net.module_.has_towers:
            vars(self).pop("backbone_", None)
        elif depth == self._source.n_stages:
            self.backbone_ = self._source
        else:
            self.backbone_ = self._with_stages([copy.deepcopy(stage) for stage in net.module_.stages])

    def _with_stages(self, stages: list[torch.nn.Module]) -> Backbone:
        """Return the backbone with trained stages behind the frozen ones."""
        source = f"{type(self).__name__} on {self._n_samples} samples"
        weights = WeightsInfo(name="fitted", source=source, **self._fitted_to)
        return self._source.with_suffix(self._source.n_stages - len(stages), [s.cpu() for s in stages], weights)

    def _outputs(self, X: Any) -> list[np.ndarray]:
        """Return each task's outputs of the head (n_samples, n_outputs of the task)."""
        check_is_fitted(self, "net_")
        inputs = self._open_inputs(X, self._source.input_kind, self._source.n_channels, reset=False)
        augmentation = choose_augmentation(self.augment)
        averaged = augmentation if augmentation is not None and augmentation.average else None
        views = self._views(inputs, self._source, averaged)
        some_frozen = self.freeze_ > 0
        engine = (
            self._open_engine(self._source, views[0], fitted=True) if some_frozen else self._plain_engine(self._source)
        )
        # A picture that comes by itself would leave megabytes behind, for a search that has more.
        how = {"cached": some_frozen, "keeps_rows": len(views[0]) > 1}
        opened = [self._open_activations(engine, view, **how) for view in views]
        outputs = self._with_shape_named(inputs, lambda: [self._outputs_of(activations) for activations in opened])
        return self._tasks.split(outputs[0] if len(outputs) == 1 else np.mean(outputs, axis=0))

    def _outputs_of(self, activations: FrozenActivations) -> np.ndarray:
        """Return the outputs of all heads for inputs whose activations are at hand."""
        all_frozen = self.freeze_ == self._source.n_stages
        rows: Rows
        if all_frozen:
            rows = ArrayRows(np.concatenate(activations.stage_features(self._plan.reads), axis=1))
        else:
            rows = activations.rows(self.freeze_)
        device = next(self.net_.module_.parameters()).device
        return network_outputs(self.net_.module_, rows, batch_size=activations.batch_size, device=device)

    def __getstate__(self):
        state = super().__getstate__()
        return pack_net(state) if "net_" in state else state

    def __setstate__(self, state):
        super().__setstate__(unpack_net(state) if "_packed" in state else state)
