"""What the parameters of an estimator, the data and the network come to."""

import dataclasses
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

from sktl.backbones import Backbone
from sktl.freezing import FreezeChoice, Situation, choose_freeze
from sktl.model_selection import MultiTaskStratifiedShuffleSplit
from sktl.sharing import HardSharing, Sharing
from sktl.tasks import TaskSet
from sktl.training import FitPlan, TrainingSettings, recipe
from sktl.utils._device import choose_device

__all__ = ["JointTraining", "Problem", "make_plan"]

# Targets for regression per "class", where a rule asks for samples per class.
CLASSES_OF_REGRESSION = 10


@dataclasses.dataclass(frozen=True)
class JointTraining:
    """What several tasks share, and how they are weighed.

    Parameters
    ----------
    sharing : Sharing
        What they share.
    weighting : str
        The rule that weighs their losses.
    task_weights : ndarray of shape (n_tasks,) or None
        Fixed factors of their losses. None: all are 1.
    denominator : {"samples", "labels", "tasks"}
        What the sum over labelled entries is divided by.
    """

    sharing: Sharing = dataclasses.field(default_factory=HardSharing)
    weighting: str = "equal"
    task_weights: np.ndarray | None = None
    denominator: str = "samples"


@dataclasses.dataclass(frozen=True)
class Problem:
    """What the data say before anything is fitted.

    Parameters
    ----------
    tasks : TaskSet
        What is learned.
    targets : ndarray of shape (n_samples, n_tasks)
        The encoded targets.
    weights : ndarray of shape (n_samples, n_tasks)
        Their weights in the loss, 0 where one is missing.
    seed : int
        Of everything random.
    """

    tasks: TaskSet
    targets: np.ndarray
    weights: np.ndarray
    seed: int

    @property
    def n_samples(self) -> int:
        """The number of samples with a label."""
        return len(self.targets)

    def samples_per_class(self, number: int) -> float:
        """Return the samples in the smallest class of a task; a tenth of the samples for numbers."""
        labels = self.targets[self.weights[:, number] > 0, number]
        if self.tasks.tasks[number].kind == "regression":
            return len(labels) / CLASSES_OF_REGRESSION
        return float(np.bincount(labels.astype(int), minlength=2).min())

    def typical_samples_per_class(self) -> float:
        """Return the median over the tasks of the samples in the smallest class."""
        return float(np.median([self.samples_per_class(number) for number in range(len(self.tasks))]))


def make_plan(
    estimator: Any, backbone: Backbone, problem: Problem, joint: JointTraining, *, goes_on: bool
) -> tuple[FitPlan, FreezeChoice]:
    """Return all that is decided before the fit; ``goes_on`` says that it starts from fitted weights."""
    situation = Situation(
        stage_sizes=tuple(backbone.stage_sizes()),
        n_samples=problem.n_samples,
        samples_per_class=problem.typical_samples_per_class(),
        architecture=backbone.architecture,
        is_pretrained=backbone.is_pretrained,
    )
    choice = choose_freeze(estimator.freeze, backbone.stage_names, situation)
    if goes_on:
        choice = FreezeChoice(estimator.freeze_, "warm_start goes on from the last fit")
    all_frozen = choice.depth == backbone.n_stages
    split = _split(estimator, problem)
    training = _settings(
        estimator,
        backbone,
        problem,
        rows_are_vectors=backbone.input_kind == "table",
        starts_trained=backbone.is_pretrained,
        n_training=len(split[0]),
    )
    head_training = _settings(
        estimator, backbone, problem, rows_are_vectors=True, starts_trained=False, n_training=len(split[0])
    )
    if not all_frozen:  # the given length and rate are those of the main phase
        head_training = dataclasses.replace(
            head_training,
            max_epochs=recipe.choose_epochs("auto", len(split[0]), head_training.batch_size, False),
            lr=recipe.choose_lr("auto", 0, False, head_training.optimizer),
        )
    hold = estimator.batch_norm == "frozen" or (estimator.batch_norm == "auto" and backbone.is_pretrained)
    plan = FitPlan(
        depth=choice.depth,
        tasks=problem.tasks,
        sharing=joint.sharing,
        weighting=joint.weighting,
        head_hidden=tuple(estimator.head_hidden),
        head_dropout=estimator.head_dropout,
        head_l2=estimator.head_l2,
        hold_batch_norm=hold,
        starts_trained=backbone.is_pretrained,
        head_training=head_training,
        training=training,
        split=split,
    )
    return plan, choice


def _settings(
    estimator: Any,
    backbone: Backbone,
    problem: Problem,
    *,
    rows_are_vectors: bool,
    starts_trained: bool,
    n_training: int,
) -> TrainingSettings:
    """Return how a phase is trained, with everything decided that the parameters leave open."""
    optimizer = recipe.choose_optimizer(estimator.optimizer)
    batch_size = recipe.choose_batch_size(estimator.batch_size, n_training, rows_are_vectors)
    return TrainingSettings(
        max_epochs=recipe.choose_epochs(estimator.max_epochs, n_training, batch_size, starts_trained),
        batch_size=batch_size,
        lr=recipe.choose_lr(estimator.lr, sum(backbone.stage_sizes()), starts_trained, optimizer),
        lr_decay=recipe.choose_lr_decay(estimator.lr_decay, backbone.architecture, starts_trained),
        optimizer=optimizer,
        weight_decay=recipe.choose_weight_decay(estimator.weight_decay, starts_trained, optimizer),
        patience=estimator.n_iter_no_change if estimator.early_stopping else None,
        seed=problem.seed,
        device=choose_device(estimator.device),
        callbacks=tuple(estimator.callbacks or ()),
        net_params=dict(estimator.net_params or {}),
        verbose=int(estimator.verbose),
    )


def _split(estimator: Any, problem: Problem) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the indices to train on and, for early stopping, those to validate on, by class where that can be done."""
    everything = np.arange(problem.n_samples)
    if not estimator.early_stopping:
        return everything, None
    n_validation = max(1, round(estimator.validation_fraction * problem.n_samples))
    if len(problem.tasks) > 1:
        holed = np.where(problem.weights > 0, problem.targets, np.nan)
        splitter = MultiTaskStratifiedShuffleSplit(1, test_size=n_validation, random_state=problem.seed)
        return next(splitter.split(everything, holed))
    is_regression = problem.tasks.tasks[0].kind == "regression"
    stratify = None if is_regression or problem.samples_per_class(0) < 2 else problem.targets[:, 0]
    n_smaller = min(n_validation, problem.n_samples - n_validation)
    if stratify is not None and n_smaller < len(np.unique(stratify)):
        stratify = None
    return train_test_split(everything, test_size=n_validation, stratify=stratify, random_state=problem.seed)
