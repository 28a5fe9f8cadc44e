"""What is learned: targets as users write them, and as a network sees them."""

import dataclasses

import numpy as np
import torch
from scipy.special import expit, softmax

__all__ = ["ClassificationTask", "RegressionTask", "Task"]


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
        """The kind of loss: "binary" or "multiclass"."""
        return "binary" if len(self.classes) == 2 else "multiclass"

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

    def encode(self, y: np.ndarray, dtype: torch.dtype) -> torch.Tensor:
        """Return targets (n,): 0 and 1 in ``dtype`` for two classes, else the classes' numbers."""
        numbers = torch.from_numpy(np.searchsorted(self.classes, y))
        return numbers.to(dtype) if self.kind == "binary" else numbers

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """Return probabilities (n, n_classes) for outputs (n, n_outputs)."""
        if self.kind == "binary":
            positive = expit(outputs[:, 0])
            return np.column_stack([1 - positive, positive])
        return softmax(outputs, axis=1)

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """Return the likeliest labels (n,) for outputs (n, n_outputs)."""
        numbers = (outputs[:, 0] > 0).astype(int) if self.kind == "binary" else outputs.argmax(axis=1)
        return self.classes[numbers]


@dataclasses.dataclass(frozen=True)
class RegressionTask:
    """Predicting numbers, which the network sees standardised.

    Parameters
    ----------
    mean, scale : ndarray of shape (n_outputs,)
        Weighted mean and standard deviation of the training targets; the scale of a constant is 1.
    is_1d : bool
        Whether targets are (n,), not (n, n_outputs).
    """

    mean: np.ndarray
    scale: np.ndarray
    is_1d: bool
    kind = "regression"

    @classmethod
    def of(cls, y: np.ndarray, weights: np.ndarray) -> "RegressionTask":
        """Return the task of predicting ``y`` (n,) or (n, n_outputs)."""
        columns = y.reshape(len(y), -1)
        mean = np.average(columns, axis=0, weights=weights)
        scale = np.sqrt(np.average((columns - mean) ** 2, axis=0, weights=weights))
        return cls(mean=mean, scale=np.where(scale > 0, scale, 1.0), is_1d=y.ndim == 1)

    @property
    def n_outputs(self) -> int:
        """The number of outputs of the head."""
        return len(self.mean)

    def describe(self) -> str:
        """Return the task in words."""
        return "a target (n_samples,)" if self.is_1d else f"a target (n_samples, {self.n_outputs})"

    def continues(self, other: "Task") -> bool:
        """Whether a network fitted to the other task can be trained on with this one."""
        return isinstance(other, RegressionTask) and (self.is_1d, self.n_outputs) == (other.is_1d, other.n_outputs)

    def encode(self, y: np.ndarray, dtype: torch.dtype) -> torch.Tensor:
        """Return standardised targets (n, n_outputs)."""
        return torch.from_numpy((y.reshape(len(y), -1) - self.mean) / self.scale).to(dtype)

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """Return predictions in the units of the training targets."""
        predictions = outputs * self.scale + self.mean
        return predictions[:, 0] if self.is_1d else predictions


Task = ClassificationTask | RegressionTask
