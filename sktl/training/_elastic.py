"""Learning a task while the weights that the old ones need are held."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from sktl.features import Rows
from sktl.losses import EntryLosses
from sktl.tasks import RegressionTask, Task, TaskSet
from sktl.training._network import Network
from sktl.utils._seeds import seeded

__all__ = ["ElasticTie", "diagonal_fisher", "drawn_labels"]

# A mean of squared gradients over so many samples ranks weights well enough; each takes a pass back by itself.
MAX_SAMPLES = 256


class ElasticTie:
    """Draws the weights of the stages back to where they were, each by what it is worth to the old tasks.

    After a step of the optimiser of rate lr it takes the proximal step of lr · strength · ½ Σ_k F_k (θ_k − θ*_k)²:

        θ_k ← θ*_k + (θ_k − θ*_k) / (1 + lr · strength · F_k)

    So the penalty stands apart from how an optimiser scales gradients, as weight decay does in AdamW, and cannot
    overshoot however large the strength is. F is divided by its mean over the weights, so that a strength means the
    same for every network. Source of the penalty: Kirkpatrick et al., "Overcoming catastrophic forgetting in neural
    networks", PNAS 2017.

    Parameters
    ----------
    stages : torch.nn.ModuleList
        The stages as they are, which are the θ*.
    fisher : sequence of torch.Tensor
        For each parameter of the stages, in order, the F of its numbers.
    strength : float
        The factor of the penalty, 0 or more, and without an end: then weights with an F above 0 stay as they are.
    """

    def __init__(self, stages: nn.ModuleList, fisher: Sequence[torch.Tensor], strength: float):
        self.strength = strength
        mean = float(torch.cat([values.flatten() for values in fisher]).mean()) or 1.0
        parts = [values / mean for values in fisher]
        anchors = [parameter.detach().clone() for parameter in stages.parameters()]
        pairs = iter(zip(anchors, parts, strict=True))
        self.held = [[next(pairs) for _ in stage.parameters()] for stage in stages]

    @torch.no_grad()
    def __call__(self, stages: nn.ModuleList, lr: float, lr_decay: float) -> None:
        """Draw the weights back after a step of rate ``lr`` at the head."""
        for place, (stage, pairs) in enumerate(zip(stages, self.held, strict=True)):
            amount = self.strength * lr * lr_decay ** (len(stages) - place)
            for parameter, (anchor, fisher) in zip(stage.parameters(), pairs, strict=True):
                pull = torch.where(fisher > 0, amount * fisher, 0.0)
                parameter.lerp_(anchor, 1 - 1 / (1 + pull))


def diagonal_fisher(network: Network, tasks: TaskSet, rows: Rows, seed: int) -> list[torch.Tensor]:
    """Return the diagonal of the Fisher information of each parameter of the stages, summed over tasks.

    It is the mean square of the gradients of log p(y | x), with labels drawn from what the network itself predicts: no
    label is needed. Of more than 256 rows it takes so many at random. Numbers are taken as normal, of variance 1 on the
    standardised scale.

    Parameters
    ----------
    network : Network
        What is looked at, in evaluation mode; nothing of it is changed.
    tasks : TaskSet
        The tasks of its first outputs, all of which take part in training.
    rows : Rows
        What goes in.
    seed : int
        Of the rows and labels that are drawn.
    """
    network.eval()
    parameters = list(network.stages.parameters())
    device = parameters[0].device
    losses = EntryLosses(TaskSet(tuple(_as_normal(task) for task in tasks))).to(device)
    sums = [torch.zeros_like(parameter) for parameter in parameters]
    chosen = np.random.default_rng(seed).permutation(len(rows))[:MAX_SAMPLES]
    with seeded(seed):
        for index in chosen:
            outputs = network(rows.batch(np.array([index])).to(device))[:, : tasks.n_outputs]
            # Labels of different tasks are drawn apart, so that the mean square of the sum is the sum of mean squares.
            loss = losses(outputs, drawn_labels(tasks, outputs.detach())).sum()
            gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
            for total, gradient in zip(sums, gradients, strict=True):
                if gradient is not None:
                    total += gradient.square()
    return [total / len(chosen) for total in sums]


def drawn_labels(tasks: TaskSet, outputs: torch.Tensor) -> torch.Tensor:
    """Return labels (b, n_tasks) drawn by what outputs (b, n_outputs) predict, from torch's global generator."""
    columns = []
    for task, part in zip(tasks, tasks.slices, strict=True):
        mine = outputs[:, part].cpu()
        if task.kind == "regression":
            drawn = mine[:, 0] + torch.randn(len(mine), dtype=mine.dtype)
        elif task.kind == "binary":
            drawn = torch.bernoulli(mine[:, 0].sigmoid())
        else:
            drawn = torch.multinomial(mine.softmax(dim=1), 1)[:, 0].to(mine.dtype)
        columns.append(drawn)
    return torch.stack(columns, dim=1).to(outputs)


def _as_normal(task: Task) -> Task:
    """Return a task whose loss is -log p(y | x) up to a constant."""
    return dataclasses.replace(task, loss="squared_error") if isinstance(task, RegressionTask) else task
