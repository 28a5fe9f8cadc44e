"""The linear heads of all tasks, going on with more samples."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from sktl.tasks import Task, TaskSet
from sktl.training._head_memory import HeadMemory, remember, solve_with_memory
from sktl.training._head_probes import solve_heads
from sktl.training._part_share import PartShare
from sktl.training._probe import DEFAULT_PENALTY, LinearProbe
from sktl.training._rotate import join_blocks, row_weights

__all__ = ["continue_heads", "unknown_memory", "with_memories"]


def with_memories(
    probes: Sequence[LinearProbe],
    tasks: TaskSet,
    blocks: Sequence[np.ndarray],
    targets: np.ndarray,
    weights: np.ndarray,
    penalty: float | str,
    n_views: int = 1,
) -> list[LinearProbe]:
    """Return heads that remember the samples they were solved on. Other parameters are those of ``solve_heads``."""
    targets, weights = np.tile(targets, (n_views, 1)), np.tile(weights, (n_views, 1)) / n_views
    features, (shift, scale) = np.concatenate(blocks, axis=1), _shift_and_scale(blocks, weights)
    found = []
    for number, (task, probe) in enumerate(zip(tasks, probes, strict=True)):
        chosen, counts = _counts(weights[:, number], n_views)
        memory = HeadMemory(
            np.zeros(_n_classes(task)), *_ridge(penalty, probe.penalty, counts.sum()), None, shift, scale
        )
        if chosen.any():
            memory = remember(
                memory, features[chosen], targets[chosen, number], counts, probe.weight, probe.bias, task.kind
            )
        found.append(dataclasses.replace(probe, memory=memory))
    return found


def unknown_memory(task: Task, n_samples: float, penalty: float | str, solved_for: float) -> HeadMemory:
    """Return what a head that was fitted without a memory is taken to know, of samples of all classes.

    ``penalty`` is what was given, ``solved_for`` the λ that was taken.
    """
    n_classes = _n_classes(task)
    before, each = _ridge(penalty, solved_for, n_samples)
    return HeadMemory(np.full(n_classes, n_samples / n_classes), before + each * n_samples, each)


def continue_heads(
    tasks: TaskSet,
    heads: Sequence[tuple[np.ndarray, np.ndarray]],
    memories: Sequence[HeadMemory],
    blocks: Sequence[np.ndarray],
    targets: np.ndarray,
    weights: np.ndarray,
    penalty: float | str,
    seed: int,
    n_views: int = 1,
    share: PartShare | None = None,
) -> list[LinearProbe]:
    """Return each task's linear head, solved for the samples it remembers and those of a part.

    Parameters
    ----------
    heads : sequence of (ndarray of shape (n_outputs, n_features), ndarray of shape (n_outputs,))
        Each task's weights and biases so far.
    memories : sequence of HeadMemory
        What each remembers. One that has seen nothing is solved anew.
    tasks, blocks, targets, weights, penalty, seed, n_views
        As for ``solve_heads``. Tasks without a label in the part stay as they are.
    share : PartShare or None, default=None
        What the part weighs beside those that are remembered. None: as much.
    """
    tiled, shares = np.tile(targets, (n_views, 1)), np.tile(weights, (n_views, 1)) / n_views
    features, (shift, scale) = np.concatenate(blocks, axis=1), _shift_and_scale(blocks, shares)
    share = PartShare.even(len(tasks)) if share is None else share
    found = []
    for number, (task, (weight, bias), memory) in enumerate(zip(tasks, heads, memories, strict=True)):
        chosen, counts = _counts(shares[:, number], n_views)
        if not chosen.any():
            found.append(LinearProbe(weight, bias, np.nan, 1.0, 0.0, 0, memory))
            continue
        if not memory.seen.any():
            alone, column = TaskSet((task,)), [number]
            probes = solve_heads(alone, blocks, targets[:, column], weights[:, column], penalty, seed, n_views)
            found += with_memories(probes, alone, blocks, targets[:, column], weights[:, column], penalty, n_views)
            continue
        if memory.shift is None:
            memory = dataclasses.replace(memory, shift=shift, scale=scale)
        mine = features[chosen], tiled[chosen, number], counts * share.labels[number]
        memory = memory.weighed(float(share.before[number]))
        weight, bias, loss, n_iter = solve_with_memory(memory, *mine, weight, bias, task.kind)
        memory = remember(memory, *mine, weight, bias, task.kind)
        found.append(LinearProbe(weight, bias, memory.ridge / memory.seen.sum(), 1.0, loss, n_iter, memory))
    return found


def _counts(weights: np.ndarray, n_views: int) -> tuple[np.ndarray, np.ndarray]:
    """Return which rows count, and how often each, so that a sample counts once on the mean."""
    chosen = weights > 0
    mine = weights[chosen].astype(float)
    return chosen, mine * (len(mine) / n_views / max(mine.sum(), np.finfo(float).tiny))


def _shift_and_scale(blocks: Sequence[np.ndarray], weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what features are less by, and what they are divided by, to have the mean squared length 1."""
    features, scales = join_blocks(blocks, row_weights(weights))
    mean = np.average(features, axis=0, weights=row_weights(weights))
    length = float(np.sqrt(np.average(np.square(features - mean).sum(axis=1), weights=row_weights(weights))))
    return mean * scales, scales * (length or 1.0)


def _ridge(penalty: float | str, solved_for: float, n_samples: float) -> tuple[float, float]:
    """Return the penalty beside a sum of losses, before any sample, and what each sample adds to it."""
    if penalty != "auto":
        return 0.0, float(penalty)
    return (solved_for if np.isfinite(solved_for) else DEFAULT_PENALTY) * n_samples, 0.0


def _n_classes(task: Task) -> int:
    return 1 if task.kind == "regression" else max(2, task.n_outputs)
