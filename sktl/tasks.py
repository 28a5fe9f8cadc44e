"""What is learned: targets as users write them, and as a network sees them."""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from scipy.special import expit, softmax

__all__ = ["ClassificationTask", "ConstantTask", "RegressionTask", "Task", "TaskSet"]


# Numbers that differ by less, beside their own size, are alike but for the rounding of their mean, which is off by
# some tens of units in the last place at most, as numpy adds in pairs.
ALIKE = 64 * np.finfo(np.float64).eps


@dataclasses.dataclass(frozen=True)
class ClassificationTask:
    """Telling classes apart: one logit for two classes, a logit a class for more.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        The labels, sorted.
    """

    classes: np.ndarray

    @property
    def kind(self) -> str:
        """The kind of target: "binary" or "multiclass"."""
        return "binary" if len(self.classes) == 2 else "multiclass"

    @property
    def loss(self) -> str:
        """The name of the loss."""
        return "logistic" if self.kind == "binary" else "cross_entropy"

    @property
    def n_outputs(self) -> int:
        """The number of outputs of the head."""
        return 1 if self.kind == "binary" else len(self.classes)

    def describe(self) -> str:
        """Return the task in words."""
        return f"classes {self.classes.tolist()}"

    def continues(self, other: "Task") -> bool:
        """Whether a network fitted to the other task can be trained on with this one."""
        return isinstance(other, ClassificationTask) and np.array_equal(self.classes, other.classes)

    def encode(self, y: np.ndarray) -> np.ndarray:
        """Return the numbers of the classes (n,), as floats."""
        return np.searchsorted(self.classes, y).astype(float)

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """Return probabilities (n, n_classes) for outputs (n, n_outputs)."""
        if self.kind == "binary":
            positive = expit(outputs[:, 0])
            return np.column_stack([1 - positive, positive])
        return softmax(outputs, axis=1)

    def decode(self, outputs: np.ndarray, threshold: float | None = None) -> np.ndarray:
        """Return the likeliest labels (n,) for outputs (n, n_outputs); two classes may be parted by a threshold."""
        if self.kind == "multiclass":
            return self.classes[outputs.argmax(axis=1)]
        is_positive = outputs[:, 0] > 0 if threshold is None else expit(outputs[:, 0]) > threshold
        return self.classes[is_positive.astype(int)]


@dataclasses.dataclass(frozen=True)
class RegressionTask:
    """Predicting a number, which the network sees standardised.

    Parameters
    ----------
    mean, scale : float
        Weighted mean and standard deviation of the training targets; the scale of what is constant but for rounding is
        1.
    loss : {"squared_error", "huber"}, default="squared_error"
        The name of the loss.
    """

    mean: float
    scale: float
    loss: str = "squared_error"
    kind = "regression"
    n_outputs = 1

    @classmethod
    def of(cls, y: np.ndarray, weights: np.ndarray, loss: str = "squared_error") -> "RegressionTask":
        """Return the task of predicting ``y`` (n,)."""
        mean = np.average(y, weights=weights)
        scale = np.sqrt(np.average((y - mean) ** 2, weights=weights))
        is_constant = scale <= ALIKE * np.abs(mean)
        return cls(mean=float(mean), scale=1.0 if is_constant else float(scale), loss=loss)

    def describe(self) -> str:
        """Return the task in words."""
        return "a number"

    def continues(self, other: "Task") -> bool:
        """Whether a network fitted to the other task can be trained on with this one."""
        return isinstance(other, RegressionTask) and self.loss == other.loss

    def encode(self, y: np.ndarray) -> np.ndarray:
        """Return standardised targets (n,)."""
        return (y - self.mean) / self.scale

    def decode(self, outputs: np.ndarray, threshold: float | None = None) -> np.ndarray:
        """Return predictions (n,) in the units of the training targets, as float64 whatever the network computes in."""
        return outputs[:, 0].astype(np.float64) * self.scale + self.mean


@dataclasses.dataclass(frozen=True)
class ConstantTask:
    """A task whose labels teach nothing: none is there, or all are of one class. It takes no part in training.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,) or None
        The labels that it could have, sorted. None: numbers.
    label : object or None
        The one class that was seen; None where no label was.
    """

    classes: np.ndarray | None
    label: object | None
    kind = "constant"
    loss = None
    n_outputs = 0

    def describe(self) -> str:
        """Return the task in words."""
        label = self.label.item() if isinstance(self.label, np.generic) else self.label
        return "no label" if label is None else f"the class {label!r} only"

    def continues(self, other: "Task") -> bool:
        """Whether a network fitted to the other task can be trained on with this one."""
        return isinstance(other, ConstantTask)

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """Return 1 for the class that was seen and 0 for others, or NaN where none was: (n, n_classes)."""
        assert self.classes is not None
        known = np.full(len(self.classes), np.nan) if self.label is None else (self.classes == self.label).astype(float)
        return np.tile(known, (len(outputs), 1))

    def decode(self, outputs: np.ndarray, threshold: float | None = None) -> np.ndarray:
        """Return the class that was seen (n,), or NaN where none was."""
        if self.label is None:
            return np.full(len(outputs), np.nan)
        return np.full(len(outputs), self.label, dtype=None if self.classes is None else self.classes.dtype)


Task = ClassificationTask | RegressionTask | ConstantTask


@dataclasses.dataclass(frozen=True)
class TaskSet:
    """The tasks that one network learns; their outputs stand side by side.

    Parameters
    ----------
    tasks : tuple of Task
        In the order of their labels.
    """

    tasks: tuple[Task, ...]

    def __len__(self) -> int:
        return len(self.tasks)

    def __iter__(self) -> Iterator[Task]:
        return iter(self.tasks)

    @property
    def trained(self) -> "TaskSet":
        """The tasks that take part in training."""
        return TaskSet(tuple(task for task in self if task.n_outputs))

    @property
    def n_outputs(self) -> int:
        """The number of outputs of all tasks."""
        return sum(task.n_outputs for task in self)

    @property
    def slices(self) -> list[slice]:
        """The outputs of each task."""
        stops = np.cumsum([task.n_outputs for task in self])
        return [slice(int(stop) - task.n_outputs, int(stop)) for task, stop in zip(self, stops, strict=True)]

    def continues(self, other: "TaskSet") -> bool:
        """Whether a network fitted to the other tasks can be trained on with these."""
        return len(self) == len(other) and all(one.continues(two) for one, two in zip(self, other, strict=True))

    def describe(self) -> str:
        """Return the tasks in words."""
        return ", ".join(task.describe() for task in self)

    def encode(self, columns: Sequence[np.ndarray], labelled: np.ndarray, dtype: torch.dtype) -> torch.Tensor:
        """Return targets (n, n_tasks) of the tasks that take part in training, 0 where one is missing."""
        pairs = [(task, number) for number, task in enumerate(self) if task.n_outputs]
        targets = np.zeros((len(labelled), len(pairs)))
        for place, (task, number) in enumerate(pairs):
            there = labelled[:, number]
            targets[there, place] = task.encode(columns[number][there])  # type: ignore[union-attr]
        return torch.from_numpy(targets).to(dtype)

    def split(self, outputs: np.ndarray) -> list[np.ndarray]:
        """Return the outputs (n, n_outputs of the task) of each task."""
        return [outputs[:, part] for part in self.slices]
