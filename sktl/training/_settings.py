"""How a network is trained, decided in full."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import torch

__all__ = ["TrainingSettings"]


@dataclasses.dataclass(frozen=True)
class TrainingSettings:
    """What the training of one network needs to know; nothing here is left to be decided.

    Parameters
    ----------
    max_epochs, batch_size : int
        Length of the training, and samples per step.
    lr, lr_decay : float
        The head's learning rate, and its factor per stage below the head.
    optimizer : type
        A class of ``torch.optim``.
    weight_decay : float
        Of parameters with two axes or more.
    patience : int or None
        Epochs without a better validation loss after which training stops. None: no early stopping.
    seed : int
        Of the order of samples and of dropout.
    device : torch.device
        Where to train.
    callbacks : sequence
        skorch callbacks, copied before use.
    net_params : mapping
        Further arguments of ``skorch.NeuralNet``.
    precision, training_precision : {"float32", "bfloat16"}
        The type of the products in stages that are trained: when they answer, and while they are trained.
    has_schedule : bool
        Whether the rate rises at first and falls later; else it is constant.
    verbose : int
        From 1 on, a bar shows the progress.
    """

    max_epochs: int
    batch_size: int
    lr: float
    lr_decay: float
    optimizer: type[torch.optim.Optimizer]
    weight_decay: float
    patience: int | None
    seed: int
    device: torch.device
    callbacks: Sequence[Any] = ()
    net_params: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    precision: str = "float32"
    training_precision: str = "float32"
    has_schedule: bool = True
    verbose: int = 0

    def at_rate(self, factor: float) -> "TrainingSettings":
        """Return the same with the rate multiplied."""
        return dataclasses.replace(self, lr=self.lr * factor)
