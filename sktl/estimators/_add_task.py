"""Adding a task to a fitted network."""

from typing import Any

import numpy as np
import torch
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from sktl.estimators._fit_plan import make_plan
from sktl.estimators._forgetting import Forgetting, agreement_of, agreements, rows_of, score_of, scores_of
from sktl.estimators._label_weights import LabelWeights, read_weights
from sktl.estimators._network_estimator import NetworkEstimator
from sktl.estimators._new_task import check_no_list, check_sharing, read_new_labels, read_strength, read_test
from sktl.estimators._open_backbone import dtype_of
from sktl.estimators._problem import JointTraining, Problem
from sktl.estimators._read_heads import read_heads
from sktl.estimators._readable import readable_samples
from sktl.estimators._thresholds import read_thresholds
from sktl.features import FrozenActivations
from sktl.losses import WeightSums, entry_weights
from sktl.tasks import Task, TaskSet
from sktl.training import LinearProbe, fit_added_task
from sktl.utils._labels import LabelTable

__all__ = ["AddsTasks"]


class AddsTasks(NetworkEstimator):
    """Estimators whose network takes on tasks after it was fitted."""

    def add_task(self, X, y, name=None, *, head=None, trunk="frozen", strength="auto", sample_weight=None, test=None):
        """Teach the fitted network one task more, without the data of the old ones.

        A head for the new task is fitted to the features of the network, as ``fit`` does it: linear heads are solved to
        their optimum. With ``trunk="frozen"`` that is all, and the old tasks' outputs keep their bits. Else the free
        stages and the new head are trained on from there, for as long as a ``fit`` from trained weights, and ``trunk``
        says what holds the old tasks. An error leaves the estimator as it was.

        Parameters
        ----------
        X : as in ``fit``
            The inputs.
        y : array-like of shape (n_samples,) or (n_samples, 1)
            The labels of the new task; samples with NaN, None or pandas.NA are left out.
        name : str or None, default=None
            The name of the task. None: that of y if it has one, else "task" and a number.
        head : int, array-like, "regression" or None, default=None
            As an entry of ``heads``: a count of classes, the labels, or that it is numbers. None: what y looks like.
        trunk : {"frozen", "lwf", "ewc", "train"}, default="frozen"
            What becomes of the stages that are not frozen. The heads of the old tasks stay, whatever it is.

            - "frozen": they stay.
            - "lwf": they are trained, while the old tasks' outputs on X are held to what they were: classes by
              distillation at temperature 2, numbers by half the squared error [1]_. The authors train the old heads
              too, which where X is unlike the old data may end with one answer for everything.
            - "ewc": they are trained, and drawn back to where they were by a proximal step after each step of the
              optimiser, each weight by its share of the Fisher information of the old tasks [2]_. As old data are not
              kept, this is estimated on up to 256 samples of X, with labels drawn from what the network predicts.
            - "train": they are trained, and nothing is held: for comparison.
        strength : float or "auto", default="auto"
            How much is held, 0 or more, for "lwf" and "ewc". "auto" is 1 and 100. With 0 nothing is, as for "train".
            For "ewc" it may be infinite.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples in the new task's loss.
        test : tuple (X, y) or None, default=None
            Labelled data of the old tasks, to score them on before and after; they are learned nothing from. y is of
            shape (n_test_samples, n_old_tasks), with NaN where a label is missing.

        Returns
        -------
        self
            The same estimator, whose last task is the new one. ``tasks_``, ``classes_`` and what ``predict`` returns
            have one task more, with an axis of tasks also where y of ``fit`` had none. ``forgetting_`` prints what the
            old tasks lost: their scores on ``test``, or else how far the predictions for X agree before and after.

        Raises
        ------
        ValueError
            Where there is a task of that name; tasks have free stages of their own (``sharing`` is not "hard"); a trunk
            is to be trained of which all stages are frozen; y has several columns or teaches nothing; ``thresholds`` is
            a list; or a parameter is out of range.

        References
        ----------
        .. [1] Z. Li and D. Hoiem, "Learning without Forgetting", ECCV 2016.
        .. [2] J. Kirkpatrick et al., "Overcoming catastrophic forgetting in neural networks", PNAS 2017.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn.datasets import load_digits
        >>> from sktl import MultiTaskClassifier
        >>> X, digit = load_digits(return_X_y=True)
        >>> classifier = MultiTaskClassifier("mlp", random_state=0)
        >>> y = np.column_stack([digit % 2, digit > 4])
        >>> before = classifier.fit(X[:1000], y[:1000]).predict_proba(X[1400:])
        >>> classifier.add_task(X[1000:1400], np.isin(digit, [2, 3, 5, 7])[1000:1400], "prime").tasks_.tolist()
        ['task0', 'task1', 'prime']
        >>> after = classifier.predict_proba(X[1400:])
        >>> [np.array_equal(one, other) for one, other in zip(before, after)]
        [True, True]
        """
        check_is_fitted(self, "net_")
        self._validate_params()
        n_stages = self._source.n_stages
        strength = read_strength(trunk, strength, self.freeze_, n_stages)
        check_sharing(self._plan.sharing, self.freeze_, n_stages)
        given = read_new_labels(y, name, self.tasks_)
        test = read_test(test, self.tasks_)
        check_no_list(getattr(self, "thresholds", None), "thresholds", given.names[0])

        inputs = self._open_inputs(X, self._source.input_kind, self._source.n_channels, reset=False)
        check_consistent_length(X, given.labelled)
        weights = read_weights(sample_weight, X, given)
        chosen = np.intersect1d(readable_samples(inputs, self.on_unreadable), weights.counted)
        labels, weights = given.subset(chosen), weights.subset(chosen)
        task = self._new_task(labels, weights, head)
        samples = self._as_samples(inputs, self._source).subset(chosen)
        activations = self._open_activations(self._open_engine(self.backbone_, samples, fitted=True), samples)

        old, names = self._tasks, list(self.tasks_)
        answers = self._answers(test, activations)
        before = [1.0] * len(old) if test is None else scores_of(old, names, test[1], answers)
        grown = self._with_task(activations, task, labels, weights, trunk, strength) if task.n_outputs else None
        self._keep_task(given, task, weights, grown, 0 if trunk == "frozen" else len(chosen))
        others = self._answers(test, activations)[: len(old)]
        after = agreements(old, answers, others) if test is None else scores_of(old, names, test[1], others)
        measures = [score_of(one) if test is not None else agreement_of(one) for one in old]
        table = rows_of(names, measures, before, after)
        self.forgetting_ = Forgetting(given.names[0], trunk, test is not None, table)
        return self

    def _new_task(self, labels: LabelTable, weights: LabelWeights, head: Any) -> Task:
        """Return the task that labels (n, 1) pose; multiply weights by those of the classes."""
        factors = self._class_factors((*self.tasks_, *labels.names))[-1:]
        _, heads = read_heads({labels.names[0]: head}, labels)
        (task,) = self._tasks_posed(labels, weights, heads, factors)
        return task

    def _with_task(
        self,
        activations: FrozenActivations,
        task: Task,
        labels: LabelTable,
        weights: LabelWeights,
        trunk: str,
        strength: float,
    ) -> tuple[Any, Any, list[LinearProbe]]:
        """Return net and plan of all tasks, and the new head if it was solved."""
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        dtype, tasks = dtype_of(self._source), TaskSet((task,))
        targets = tasks.encode(labels.columns, weights.labelled, dtype)
        table = entry_weights(weights.values, weights.labelled, np.ones(1))
        problem = Problem(tasks, targets.numpy(), table, seed)
        plan, _ = make_plan(self, self.backbone_, problem, JointTraining(), goes_on=True)
        weights_of_loss = torch.from_numpy(table).to(dtype)
        return fit_added_task(self.net_, self._plan, activations, targets, weights_of_loss, plan, trunk, strength)

    def _keep_task(self, labels: LabelTable, task: Task, weights: LabelWeights, grown: Any, n_trained: int) -> None:
        """Keep a task, what was made of it, and a trunk that was trained on with samples of it."""
        if grown is not None:
            self.net_, self._plan, probes = grown
            self._weight_sums = self._weight_sums.with_task(WeightSums.of(weights.values, weights.labelled))
            if n_trained:
                self._keep_backbone(self.net_, self.freeze_, self._n_samples + n_trained)
            self.head_l2_ = _penalties(self.head_l2_, len(self._tasks.trained), probes)
        self._tasks, self._memories = TaskSet((*self._tasks, task)), ()  # a trunk that was trained has other features
        self.tasks_ = np.array([*self.tasks_, *labels.names], dtype=object)
        self._is_1d = False
        self._is_complete = self._is_complete and bool(labels.labelled.all())

    def _answers(self, test: tuple[Any, Any] | None, activations: FrozenActivations) -> list[np.ndarray]:
        """Return the predictions of each task for the test data, or else for samples whose activations are at hand."""
        if test is not None:
            table = np.asarray(self.predict(test[0]))
            return list(table.reshape(len(table), -1).T)
        if not len(activations.samples):
            return [np.empty(0)] * len(self._tasks)
        cuts = read_thresholds(getattr(self, "thresholds", None), self.tasks_, self._tasks)
        outputs = self._tasks.split(self._outputs_of(activations))
        return [task.decode(out, cut) for task, out, cut in zip(self._tasks, outputs, cuts, strict=True)]


def _penalties(old: Any, n_old: int, probes: list[LinearProbe]) -> np.ndarray | None:
    """Return the λ of each head that is trained, NaN for one that was not solved; None where none was."""
    if old is None and not probes:
        return None
    first = np.full(n_old, np.nan) if old is None else np.atleast_1d(old)
    return np.append(first, probes[0].penalty if probes else np.nan)
