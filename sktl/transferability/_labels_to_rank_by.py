"""The labels that backbones are judged by, and the heads that learn them."""

import dataclasses
import functools
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.multiclass import type_of_target
from torch import nn

from sktl.backbones import Backbone
from sktl.estimators import (
    MultiTaskClassifier,
    MultiTaskEstimator,
    MultiTaskRegressor,
    TransferClassifier,
    TransferRegressor,
)
from sktl.transferability._logme import logme
from sktl.utils._labels import LabelTable, read_labels

__all__ = ["LabelsToRankBy", "read_problem"]

TASKS = ("auto", "classification", "regression")


@dataclasses.dataclass(frozen=True)
class LabelsToRankBy:
    """Labels, and what kind of task each column poses.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_tasks)
        As given.
    table : LabelTable
        The same, read.
    kinds : tuple of str
        "classification" or "regression" for each task.
    """

    y: Any
    table: LabelTable
    kinds: tuple[str, ...]

    def head(self, n_features: int, head_l2: float | str, device: str, random_state: int) -> BaseEstimator:
        """Return an estimator that puts the head of a wholly frozen network on its features."""
        stage = ("features", nn.Identity())
        features = Backbone(stages=[stage], name="features", input_kind="table", n_channels=n_features)
        if self.table.is_1d:
            kind: Any = TransferClassifier if self.kinds[0] == "classification" else TransferRegressor
        else:
            by_kind: dict = {"classification": MultiTaskClassifier, "regression": MultiTaskRegressor}
            make = by_kind[self.kinds[0]] if len(set(self.kinds)) == 1 else MultiTaskEstimator
            kind = functools.partial(make, on_untrainable="ignore")  # a fold may lack the rare class of a task
        return kind(features, freeze="all", head_l2=head_l2, cache=None, device=device, random_state=random_state)

    def logme(self, features: np.ndarray) -> float:
        """Return LogME, the mean over the tasks that have more than one value."""
        found = []
        for task, kind in enumerate(self.kinds):
            labels = self.table.of(task)
            if len(np.unique(labels)) > 1:
                found.append(logme(features[self.table.labelled[:, task]], labels, kind))
        return float(np.mean(found)) if found else np.nan


def read_problem(y: Any, task: str) -> LabelsToRankBy:
    """Return labels, checked, with the kind of each task.

    Raises
    ------
    ValueError
        Where ``task`` is none of the three, or y has one axis and a label is missing.
    """
    if task not in TASKS:
        raise ValueError(f"task must be 'auto', 'classification' or 'regression', got {task!r}")
    table = read_labels(y)
    if table.is_1d and not table.labelled.all():
        missing = np.flatnonzero(~table.labelled[:, 0])
        raise ValueError(
            f"y has no label for {len(missing)} of {len(table)} samples, the first of them sample {missing[0]}: leave "
            "these samples out; only y of shape (n_samples, n_tasks) may have holes"
        )
    kinds = [_kind(table.of(number)) if task == "auto" else task for number in range(table.n_tasks)]
    return LabelsToRankBy(table.columns[0] if table.is_1d else y, table, tuple(kinds))


def _kind(labels: np.ndarray) -> str:
    """Return what labels look like: fractions are numbers to predict, all else are classes."""
    return "regression" if len(labels) and type_of_target(labels) == "continuous" else "classification"
