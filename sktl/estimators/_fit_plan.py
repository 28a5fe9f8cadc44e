"""What the parameters of an estimator, the data and the network come to."""

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from sklearn.model_selection import train_test_split

from sktl.backbones import Backbone
from sktl.estimators._open_backbone import dtype_of
from sktl.estimators._problem import JointTraining, Problem
from sktl.estimators._stage_probes import StageProbes, late_stages
from sktl.freezing import FreezeChoice, Situation, choose_freeze, late_stages_do_better, stage_depth
from sktl.heads import read_head_hidden
from sktl.model_selection import MultiTaskStratifiedShuffleSplit
from sktl.sharing import HardSharing
from sktl.training import FitPlan, TrainingSettings, recipe
from sktl.utils._device import bfloat16_unit, choose_device

__all__ = ["make_plan"]

CONTINUED = "warm_start goes on from the last fit"


def make_plan(
    estimator: Any,
    backbone: Backbone,
    problem: Problem,
    joint: JointTraining,
    *,
    goes_on: bool,
    one_pass: bool = False,
    probes: StageProbes | None = None,
    example: Callable[[], torch.Tensor] | None = None,
) -> tuple[FitPlan, FreezeChoice]:
    """Return all that is decided before the fit.

    ``goes_on`` says that it starts from fitted weights, ``one_pass`` that it is over after one pass at a constant rate.
    ``probes`` are asked where something is "auto"; ``example`` returns a sample (1, ...) as the first stage takes it.
    """
    has_prototypes = getattr(estimator, "head", "linear") == "prototype"
    if goes_on:
        choice = FreezeChoice(estimator.freeze_, estimator.freeze_reason_ if one_pass else CONTINUED)
    elif has_prototypes:
        choice = _freeze_for_prototypes(estimator, backbone)
    else:
        situation = _situation(backbone, problem, choose_device(estimator.device), probes)
        choice = choose_freeze(estimator.freeze, backbone.stage_names, situation)
    all_frozen = choice.depth == backbone.n_stages
    has_towers = not (all_frozen or len(problem.tasks) == 1 or isinstance(joint.sharing, HardSharing))
    head_stages = _head_stages(
        estimator, backbone, problem, probes, wants_last=has_towers or has_prototypes, goes_on=goes_on
    )
    is_near = _is_near(estimator.probe_losses_ if goes_on else probes and probes.known_losses)
    split = (np.arange(problem.n_samples), None) if one_pass else _split(estimator, problem)
    head_training, training = _phases(estimator, backbone, problem, len(split[0]), all_frozen, is_near)
    if not all_frozen:
        type_in_training = _training_precision(estimator, backbone, training.device, example)
        training = dataclasses.replace(training, training_precision=type_in_training)
    if one_pass:
        head_training, training = (_one_pass(phase) for phase in (head_training, training))
        # The heads are trained by now, and the strong decay from scratch would have them forget.
        decay = recipe.choose_weight_decay(estimator.weight_decay, True, head_training.optimizer)
        head_training = dataclasses.replace(head_training, weight_decay=decay)
    hold = estimator.batch_norm == "frozen" or (estimator.batch_norm == "auto" and backbone.is_pretrained)
    plan = FitPlan(
        depth=choice.depth,
        head_stages=head_stages,
        tasks=problem.tasks,
        sharing=joint.sharing,
        weighting=joint.weighting,
        head_hidden=read_head_hidden(estimator.head_hidden),
        head_dropout=estimator.head_dropout,
        head_l2=estimator.head_l2,
        hold_batch_norm=hold,
        starts_trained=backbone.is_pretrained,
        head_training=head_training,
        training=training,
        split=split,
        bounds_steps=one_pass and estimator.lr == "auto",
    )
    return plan, choice


def _situation(backbone: Backbone, problem: Problem, device: torch.device, probes: StageProbes | None) -> Situation:
    """Return what a freeze policy may know."""
    return Situation(
        stage_sizes=tuple(backbone.stage_sizes()),
        n_samples=problem.n_samples,
        samples_per_class=problem.typical_samples_per_class(),
        architecture=backbone.architecture,
        is_pretrained=backbone.is_pretrained,
        device=device.type,
        probe_losses=None if probes is None else lambda: probes.losses,
    )


def _is_near(losses: Mapping[str, float] | None) -> bool:
    """Return whether the task is known to be near to that of the weights: the last stage has all that others have."""
    return losses is not None and all(map(math.isfinite, losses.values())) and not late_stages_do_better(losses)


def _phases(
    estimator: Any, backbone: Backbone, problem: Problem, n_training: int, all_frozen: bool, is_near: bool
) -> tuple[TrainingSettings, TrainingSettings]:
    """Return how heads are trained on features, and how heads and free stages are trained together."""
    rows_are_vectors, is_pretrained = backbone.input_kind == "table", backbone.is_pretrained
    settings = functools.partial(_settings, estimator, backbone, problem, n_training=n_training, is_near=is_near)
    training = settings(rows_are_vectors=rows_are_vectors, starts_trained=is_pretrained)
    head_training = settings(rows_are_vectors=True, starts_trained=False)
    if not all_frozen:  # the given length and rate are those of the main phase
        head_training = dataclasses.replace(
            head_training,
            max_epochs=recipe.choose_epochs("auto", n_training, head_training.batch_size, False),
            lr=recipe.choose_lr("auto", 0, n_training, False, head_training.optimizer),
        )
    return head_training, training


def _training_precision(
    estimator: Any, backbone: Backbone, device: torch.device, example: Callable[[], torch.Tensor] | None
) -> str:
    """Return the type of the products of stages while they are trained."""
    return recipe.choose_training_precision(
        estimator.precision,
        bfloat16_unit(device) if dtype_of(backbone) == torch.float32 else None,
        backbone.architecture,
        backbone.is_pretrained,
        lambda: 0 if example is None else example()[0].numel(),
    )


def _one_pass(phase: TrainingSettings) -> TrainingSettings:
    return dataclasses.replace(phase, max_epochs=1, has_schedule=False, patience=None)


def _freeze_for_prototypes(estimator: Any, backbone: Backbone) -> FreezeChoice:
    """Return the choice of a head of prototypes, which are means of features that stay as they are."""
    if len(estimator.head_hidden):
        raise ValueError("head='prototype' has no hidden layers: leave head_hidden=(), or take head='linear'")
    if estimator.freeze == "auto":
        return FreezeChoice(backbone.n_stages, "prototypes are means of frozen features")
    if stage_depth(estimator.freeze, backbone.stage_names, "freeze") < backbone.n_stages:
        raise ValueError(
            f"head='prototype' wants every stage frozen, got freeze={estimator.freeze!r}: leave it 'auto' or 'all', or "
            "take head='linear'"
        )
    return FreezeChoice(backbone.n_stages, f"freeze={estimator.freeze!r} was given")


def _head_stages(
    estimator: Any,
    backbone: Backbone,
    problem: Problem,
    probes: StageProbes | None,
    *,
    wants_last: bool,
    goes_on: bool,
) -> tuple[int, ...]:
    """Return behind how many stages the heads read.

    A random network is trained for its last stage to be read, towers have one answer each, and prototypes and heads
    that are trained by gradient steps want features of one scale.
    """
    if goes_on:
        return estimator._plan.head_stages
    last = (backbone.n_stages,)
    is_solved = not len(estimator.head_hidden) and all(task.loss != "huber" for task in problem.tasks)
    can_read_more = backbone.is_pretrained and is_solved and not wants_last
    if estimator.head_stages == "last" or not can_read_more:
        return last
    if estimator.head_stages == "late" or probes is None:
        return late_stages(backbone.n_stages)
    return probes.head_stages


def _settings(
    estimator: Any,
    backbone: Backbone,
    problem: Problem,
    *,
    rows_are_vectors: bool,
    starts_trained: bool,
    n_training: int,
    is_near: bool,
) -> TrainingSettings:
    """Return how a phase is trained, with everything decided that the parameters leave open."""
    optimizer = recipe.choose_optimizer(estimator.optimizer)
    batch_size = recipe.choose_batch_size(estimator.batch_size, n_training, rows_are_vectors)
    return TrainingSettings(
        max_epochs=recipe.choose_epochs(estimator.max_epochs, n_training, batch_size, starts_trained),
        batch_size=batch_size,
        lr=recipe.choose_lr(estimator.lr, sum(backbone.stage_sizes()), n_training, starts_trained, optimizer, is_near),
        lr_decay=recipe.choose_lr_decay(estimator.lr_decay, backbone.architecture, starts_trained, optimizer),
        optimizer=optimizer,
        weight_decay=recipe.choose_weight_decay(estimator.weight_decay, starts_trained, optimizer),
        patience=estimator.n_iter_no_change if estimator.early_stopping else None,
        seed=problem.seed,
        device=choose_device(estimator.device),
        callbacks=tuple(estimator.callbacks or ()),
        net_params=dict(estimator.net_params or {}),
        precision="bfloat16" if estimator.precision == "bfloat16" else "float32",
        verbose=int(estimator.verbose),
    )


def _split(estimator: Any, problem: Problem) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the indices to train on and, for early stopping, those to validate on, by class where that can be done."""
    everything = np.arange(problem.n_samples)
    if not estimator.early_stopping:
        return everything, None
    n_validation = max(1, round(estimator.validation_fraction * problem.n_samples))
    if n_validation >= problem.n_samples:
        raise ValueError(
            f"validation_fraction={estimator.validation_fraction} holds out {n_validation} of {problem.n_samples} "
            "sample(s) for early_stopping, which leaves none to train on: give a smaller one, or more samples"
        )
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
