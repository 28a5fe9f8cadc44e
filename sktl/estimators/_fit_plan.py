"""What the parameters of a transfer estimator, the data and the network come to."""

import dataclasses
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

from sktl.backbones import Backbone
from sktl.freezing import FreezeChoice, Situation, choose_freeze
from sktl.tasks import Task
from sktl.training import FitPlan, TrainingSettings, recipe
from sktl.utils._device import choose_device

__all__ = ["Problem", "make_plan"]


@dataclasses.dataclass(frozen=True)
class Problem:
    """What the data say before anything is fitted.

    Parameters
    ----------
    task : Task
        What is learned.
    n_samples : int
        Samples that count.
    samples_per_class : float
        Samples in the smallest class.
    targets : ndarray
        The encoded targets.
    seed : int
        Of everything random.
    """

    task: Task
    n_samples: int
    samples_per_class: float
    targets: np.ndarray
    seed: int


def make_plan(estimator: Any, backbone: Backbone, problem: Problem, *, goes_on: bool) -> tuple[FitPlan, FreezeChoice]:
    """Return all that is decided before the fit; ``goes_on`` says that it starts from fitted weights."""
    situation = Situation(
        stage_sizes=tuple(backbone.stage_sizes()),
        n_samples=problem.n_samples,
        samples_per_class=problem.samples_per_class,
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
        kind=problem.task.kind,
        n_outputs=problem.task.n_outputs,
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
        weight_decay=estimator.weight_decay,
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
    stratify = problem.targets if problem.task.kind != "regression" and problem.samples_per_class >= 2 else None
    n_validation = max(1, round(estimator.validation_fraction * problem.n_samples))
    n_smaller = min(n_validation, problem.n_samples - n_validation)
    if stratify is not None and n_smaller < len(np.unique(stratify)):
        stratify = None
    return train_test_split(everything, test_size=n_validation, stratify=stratify, random_state=problem.seed)
