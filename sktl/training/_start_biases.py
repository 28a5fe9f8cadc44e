"""Where the outputs of a new network start."""

import torch

from sktl.tasks import TaskSet

__all__ = ["start_biases"]


def start_biases(tasks: TaskSet, targets: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Return the biases (n_outputs,) of the best constant answers: log-odds, log-shares, or the mean.

    So that the first steps are not spent on learning how rare a label is. A task whose weights are all 0 has 0.

    Parameters
    ----------
    tasks : TaskSet
    targets, weights : torch.Tensor of shape (n_samples, n_tasks)
        A weight is 0 where a label is missing.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from sktl.tasks import ClassificationTask, TaskSet
    >>> from sktl.training._start_biases import start_biases
    >>> tasks = TaskSet((ClassificationTask(np.array([0, 1])),))
    >>> start_biases(tasks, torch.tensor([[1.0], [0.0], [0.0], [0.0]]), torch.ones(4, 1))
    tensor([-1.0986])
    """
    parts = []
    for number, task in enumerate(tasks):
        target, weight = targets[:, number], weights[:, number]
        total = weight.sum().clamp(min=torch.finfo(weight.dtype).tiny)
        if task.kind == "regression":
            parts.append(((target * weight).sum() / total).reshape(1))
            continue
        n_classes = max(2, task.n_outputs)
        shares = weight.new_zeros(n_classes).index_add(0, target.long(), weight) / total
        shares = shares.clamp(min=1e-6).log()  # a class may have been seen in another fold only
        parts.append((shares[1:] - shares[0]) if n_classes == 2 and task.n_outputs == 1 else shares - shares.mean())
    return torch.cat(parts)
