"""What the estimators of several tasks share."""

import abc
import dataclasses
import numbers
from typing import Any

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from sktl.estimators._add_task import AddsTasks
from sktl.estimators._by_task import by_task, show
from sktl.estimators._class_weights import class_weights, is_by_task
from sktl.estimators._forgetting import names_for, score_of
from sktl.estimators._make_task import classes_of
from sktl.estimators._more_labels import weights_of_more
from sktl.estimators._new_task import with_added_heads
from sktl.estimators._problem import JointTraining
from sktl.estimators._read_heads import read_heads, tells_classes
from sktl.estimators._side_by_side import side_by_side
from sktl.losses import DENOMINATORS
from sktl.metrics import multitask_score
from sktl.sharing import choose_sharing, tower_of
from sktl.tasks import ClassificationTask, RegressionTask, Task, TaskSet
from sktl.utils._labels import read_labels
from sktl.weighting import choose_rule

__all__ = ["MultiTaskNetwork"]


class MultiTaskNetwork(AddsTasks):
    """Fits one network to several tasks, whose labels may be missing."""

    _parameter_constraints: dict = {
        **AddsTasks._parameter_constraints,
        "heads": [Interval(numbers.Integral, 1, None, closed="left"), "array-like", dict, None],
        "sharing": "no_validation",  # choose_sharing says more
        "weighting": [str],
        "task_weights": ["array-like", dict, None],
        "denominator": [StrOptions(set(DENOMINATORS))],
        "on_untrainable": [StrOptions({"raise", "warn", "ignore"})],
    }

    @abc.abstractmethod
    def _make_task(
        self, name: str, labels: np.ndarray, weights: np.ndarray, head: Any, nothing: str = "no label"
    ) -> Task:
        """Return the task that some labels (n_labelled,) with weights pose; ``nothing`` says what it has if none."""

    def _read_target(self, y, *, goes_on):
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        labels = read_labels(y)
        heads = self.heads
        if goes_on and labels.n_tasks == len(self.tasks_):
            heads = with_added_heads(heads, self.tasks_, self._tasks)
            labels = labels if labels.named else dataclasses.replace(labels, names=tuple(self.tasks_))
        labels, self._heads = read_heads(heads, labels)
        return labels

    def _make_tasks(self, labels, weights, *, more_follow):
        choose_rule(self.weighting)
        factors = self._class_factors(labels.names)
        return self._tasks_posed(labels, weights, self._heads, factors, more_follow=more_follow)

    def _tasks_posed(self, labels, weights, heads, factors, *, more_follow=False):
        """Return the tasks that labels pose, by their heads and class weights; multiply weights by the latter.

        Where more labels follow, a task whose classes ``heads`` tells need not have labels of two of them yet.
        """
        tasks = []
        for number, name in enumerate(labels.names):
            there = weights.labelled[:, number]
            found, mine = labels.columns[number][there], weights.values[there, number]
            if more_follow and tells_classes(heads[number]):
                task = ClassificationTask(classes_of(name, np.unique(found), heads[number]))
            else:
                nothing = "no label of a weight above 0" if labels.labelled[:, number].any() else "no label"
                task = self._make_task(name, found, mine, heads[number], nothing)
            if isinstance(task, ClassificationTask) and factors[number] is not None:
                numbers_of_classes = task.encode(found).astype(int)
                factor = class_weights(factors[number], task.classes, numbers_of_classes, mine, f"task {name!r}")
                weights.values[there, number] *= factor[numbers_of_classes]
            is_named = is_by_task(getattr(self, "class_weight", None)) and factors[number] is not None
            if isinstance(task, RegressionTask) and is_named:
                raise ValueError(f"class_weight names task {name!r}, which has no classes to weigh: leave it out")
            tasks.append(task)
        return TaskSet(tuple(tasks))

    def _class_factors(self, names: tuple[str, ...]) -> list[Any]:
        """Return the parameter ``class_weight`` of each task."""
        weight = getattr(self, "class_weight", None)
        return by_task(weight, "class_weight", names, None) if is_by_task(weight) else [weight] * len(names)

    def _joint_training(self, names, *, goes_on):
        factors = by_task(self.task_weights, "task_weights", names, 1.0)
        for name, factor in zip(names, factors, strict=True):
            if not (isinstance(factor, numbers.Real) and np.isfinite(factor) and factor >= 0):
                raise ValueError(
                    f"task_weights gives task {name!r} {show(factor)}: expected a number of 0 or more, and finite"
                )
        if not any(factors):
            raise ValueError(f"task_weights are zero for all tasks, {list(names)}: at least one must count")
        joint = np.array(factors, dtype=float)
        sharing = choose_sharing(self.sharing)
        # A fit that goes on has the network that it finds, whose heads may have come one after the other.
        return JointTraining(self._plan.sharing if goes_on else sharing, self.weighting, joint, self.denominator)

    def _keep_labels(self, labels):
        self.tasks_ = np.array(labels.names, dtype=object)
        self._is_1d = labels.is_1d
        # A sample without any label takes no part in the fit, but is in the y that a search would see.
        self._is_complete = bool(labels.labelled.all())
        vars(self).pop("forgetting_", None)  # of a task that was added to another fit

    def _continued(self, tasks, names):
        last = tuple(self.tasks_)
        if len(names) == len(last) and names != last:
            raise ValueError(
                f"warm_start=True goes on with the tasks {list(last)}, but y has the tasks {list(names)}; give the "
                "columns in that order and by these names, or fit with warm_start=False"
            )
        return super()._continued(tasks, names)

    def _use_tasks(self, known, labels, weights):
        names = tuple(self.tasks_) if hasattr(self, "net_") else labels.names
        if labels.names != names:
            raise ValueError(
                f"partial_fit goes on with the tasks {list(names)}, but y has the tasks {list(labels.names)}; give a "
                "column for each, in that order and by these names, with what is missing as NaN"
            )
        factors = self._class_factors(names)
        for number, (name, task) in enumerate(zip(names, known, strict=True)):
            there = weights.labelled[:, number]
            found, mine = labels.columns[number][there], weights.values[there, number]
            if isinstance(task, ClassificationTask):
                what, advice = f"task {name!r}", f"heads={{{name!r}: [...], ...}}"
                weights.values[there, number] = weights_of_more(task, found, mine, factors[number], what, advice)
        return known

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None):
        """Go on from the last fit with more data of the same tasks.

        The first call fits as ``fit`` does; ``heads`` names the classes that its labels may lack. Where every stage is
        frozen, later ones solve linear heads for the new data and for what they remember of those before, nearly as a
        fit to all of them would. Else they take gradient steps with the heads and the free stages, in one pass at a
        constant rate. A task without labels takes no part, and one that the first call left out for want of labels
        stays out.

        Parameters
        ----------
        X : as in ``fit``
            The inputs.
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            The labels, with a column for each task; NaN, None and pandas.NA mean that one is missing.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Weights of samples or of labels, beside those of all calls.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        ValueError
            Where y has other tasks than in the first call, or holds a class that is not known.
        """
        return self._fit_part(X, y, sample_weight)

    def _fit_part(self, X: Any, y: Any, sample_weight: Any, known: TaskSet | None = None) -> Any:
        """Fit to the first part of the data, to tasks that are known if they are, or go on with another part."""
        goes_on = hasattr(self, "net_")
        known = self._tasks if goes_on else known
        return self._fit(X, y, sample_weight, goes_on=goes_on, known=known, in_parts=True)

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
        return columns[0] if self._is_1d else side_by_side(columns)

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
        check_is_fitted(self, "net_")
        return self._predicted(X, [None] * len(self._tasks))

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

        Raises
        ------
        ValueError
            Where y has another number of tasks than in ``fit``, or columns of other names or in another order.
        """
        check_is_fitted(self, "net_")
        labels, names = read_labels(y), tuple(self.tasks_)
        if labels.n_tasks != len(names):
            raise ValueError(f"y has {labels.n_tasks} columns, but the fit had {len(names)} tasks: {', '.join(names)}")
        names = names_for(labels, names)
        if labels.named and labels.names != names:
            how = "the same in another order" if set(labels.names) == set(names) else "not the same"
            raise ValueError(
                f"the tasks of y and of the fit are {how} ({', '.join(labels.names)} against {', '.join(names)}): give "
                "the columns by the names of the fit, in that order"
            )
        metrics = {name: score_of(task) for name, task in zip(names, self._tasks, strict=True)}
        return multitask_score(y, self.predict(X), metrics, names=list(names), sample_weight=sample_weight)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = True
        return tags
