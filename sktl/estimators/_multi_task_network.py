"""What the estimators of several tasks share."""

import abc
import numbers
from typing import Any

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from sktl.estimators._by_task import by_task
from sktl.estimators._class_weights import class_weights
from sktl.estimators._fit_plan import JointTraining
from sktl.estimators._network_estimator import NetworkEstimator
from sktl.estimators._read_heads import read_heads
from sktl.losses import DENOMINATORS
from sktl.metrics import multitask_score
from sktl.sharing import Sharing, choose_sharing, tower_of
from sktl.tasks import ClassificationTask, Task, TaskSet
from sktl.utils._labels import read_labels
from sktl.weighting import choose_rule

__all__ = ["MultiTaskNetwork"]

_SHARE = Interval(numbers.Real, 0, 1, closed="neither")


class MultiTaskNetwork(NetworkEstimator):
    """Fits one network to several tasks, whose labels may be missing."""

    _parameter_constraints: dict = {
        **NetworkEstimator._parameter_constraints,
        "heads": [Interval(numbers.Integral, 1, None, closed="left"), "array-like", dict, None],
        "sharing": [str, Sharing],
        "weighting": [str],
        "task_weights": ["array-like", dict, None],
        "denominator": [StrOptions(set(DENOMINATORS))],
        "on_untrainable": [StrOptions({"raise", "warn", "ignore"})],
    }

    @abc.abstractmethod
    def _make_task(self, name: str, labels: np.ndarray, weights: np.ndarray, head: Any) -> Task:
        """Return the task that some labels (n_labelled,) with weights pose."""

    def _read_target(self, y):
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        labels, heads = read_heads(self.heads, read_labels(y))
        self._heads = heads
        return labels

    def _make_tasks(self, labels, weights):
        choose_rule(self.weighting)
        factors = self._class_factors(labels.names)
        tasks = []
        for number, name in enumerate(labels.names):
            there = weights.labelled[:, number]
            found, mine = labels.columns[number][there], weights.values[there, number]
            task = self._make_task(name, found, mine, self._heads[number])
            if isinstance(task, ClassificationTask) and factors[number] is not None:
                numbers_of_classes = task.encode(found).astype(int)
                factor = class_weights(factors[number], task.classes, numbers_of_classes, mine)
                weights.values[there, number] *= factor[numbers_of_classes]
            tasks.append(task)
        self.tasks_ = np.array(labels.names, dtype=object)
        self._is_1d = labels.is_1d
        self._is_complete = bool(labels.labelled.all())
        return TaskSet(tuple(tasks))

    def _class_factors(self, names: tuple[str, ...]) -> list[Any]:
        """Return the parameter ``class_weight`` of each task."""
        weight = getattr(self, "class_weight", None)
        is_by_task = isinstance(weight, dict) and all(str(key) in names for key in weight)
        return by_task(weight, "class_weight", names, None) if is_by_task else [weight] * len(names)

    def _joint_training(self, n_tasks):
        factors = np.array(by_task(self.task_weights, "task_weights", self.tasks_, 1.0), dtype=float)
        for name, factor in zip(self.tasks_, factors, strict=True):
            if not (np.isfinite(factor) and factor >= 0):
                raise ValueError(f"task_weights gives task {name!r} {factor}: weights must be 0 or more, and finite")
        if not factors.any():
            raise ValueError("task_weights are all zero: at least one task must count")
        return JointTraining(choose_sharing(self.sharing), self.weighting, factors, self.denominator)

    @property
    def backbones_(self):
        """The backbone of each task with its trained stages: a list, of one and the same where they share it."""
        if hasattr(self, "backbone_"):
            return [self.backbone_] * len(self._tasks.trained)
        stages = self.net_.module_.stages
        return [
            self._with_stages([tower_of(stage, number) for stage in stages])
            for number in range(len(self._tasks.trained))
        ]

    def _predicted(self, X: Any, thresholds: list[Any]) -> np.ndarray:
        """Return the predictions of all tasks."""
        outputs = self._outputs(X)
        columns = [t.decode(out, cut) for t, out, cut in zip(self._tasks, outputs, thresholds, strict=True)]
        return columns[0] if self._is_1d else _side_by_side(columns)

    def predict(self, X):
        """Return the predictions for each sample.

        Parameters
        ----------
        X : as in ``fit``
            The inputs.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks), or (n_samples,) if y was
            Numbers in the units of the targets, or labels; NaN for a task that was left out for want of labels. Of
            type object where one task has strings and another has not.
        """
        return self._predicted(X, [None] * len(self._tasks) if hasattr(self, "net_") else [])

    def score(self, X, y, sample_weight=None):
        """Return the mean over tasks of the accuracy or of R², on the labels that are there.

        Parameters
        ----------
        X : as in ``fit``
            The inputs.
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            The labels; NaN, None and pandas.NA mean that one is missing.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Weights of samples or of labels.

        Returns
        -------
        float
            1 is best. NaN where no task has a label.
        """
        predicted = self.predict(X)
        metrics = {
            name: "r2" if task.kind == "regression" else "accuracy"
            for name, task in zip(self.tasks_, self._tasks, strict=True)
        }
        return multitask_score(y, predicted, metrics, names=list(self.tasks_), sample_weight=sample_weight)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = True
        return tags


def _side_by_side(columns: list[np.ndarray]) -> np.ndarray:
    """Return predictions (n_samples, n_tasks), of type object where strings stand beside other labels."""
    kinds = {column.dtype.kind in "OU" for column in columns}
    if len(kinds) == 1 and kinds != {True}:
        return np.column_stack(columns)
    table = np.empty((len(columns[0]), len(columns)), dtype=object)
    for number, column in enumerate(columns):
        table[:, number] = column
    return table
