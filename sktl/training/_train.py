"""One phase of training by skorch."""

import functools
from typing import Any

import numpy as np
import torch
from skorch.callbacks import EarlyStopping
from skorch.helper import predefined_split

from sktl.features import Rows
from sktl.training._batches import BatchIterator, LabelledRows, count_batches
from sktl.training._callbacks import read_callbacks
from sktl.training._folded import folded_batch_norm
from sktl.training._joint_loss import JointLoss
from sktl.training._net import Net
from sktl.training._network import Network
from sktl.training._progress import EpochBar
from sktl.training._quick_layers import quick_layers
from sktl.training._schedule import warmup_cosine
from sktl.training._settings import TrainingSettings
from sktl.training.recipe import takes_weight_decay
from sktl.utils._heap import freed_memory_kept
from sktl.utils._seeds import seeded

__all__ = ["make_net", "train"]


def train(
    network: Network,
    loss: JointLoss,
    rows: Rows,
    targets: torch.Tensor,
    weights: torch.Tensor,
    settings: TrainingSettings,
    split: tuple[np.ndarray, np.ndarray | None],
    validation_rows: Rows | None = None,
) -> Net:
    """Train a network in place and return its net.

    Parameters
    ----------
    network : Network
        What is trained.
    loss : JointLoss
        What is made small.
    rows, targets, weights : Rows, Tensor, Tensor
        Inputs, with targets and weights (n, n_tasks).
    settings : TrainingSettings
        How it is trained.
    split : tuple
        Indices of the rows to train on, and of those to validate on (or None).
    validation_rows : Rows or None, default=None
        Where those to validate on are taken from. None: ``rows``.

    Raises
    ------
    ValueError
        Where batch normalisation would have to learn from one vector.
    """
    training, validation = split
    rows = rows.on(settings.device)
    net = make_net(network, loss, settings, n_batches=count_batches(len(training), settings.batch_size))
    labelled = LabelledRows(rows, targets, weights, training)
    if validation is not None:
        held = rows if validation_rows is None else validation_rows.on(settings.device)
        net.set_params(train_split=predefined_split(LabelledRows(held, targets, weights, validation)))
    with seeded(settings.seed), folded_batch_norm(network.stages), quick_layers(network.stages), freed_memory_kept():
        _fit(net, labelled)
    net.set_params(train_split=None)
    return net


def make_net(network: Network, loss: JointLoss, settings: TrainingSettings, n_batches: int = 1) -> Net:
    """Return an initialised net around a network, ready to be trained."""
    schedule = functools.partial(warmup_cosine, n_steps=n_batches * settings.max_epochs)
    callbacks: list[tuple[str, Any]] = [("epoch_bar", EpochBar(settings.verbose))]
    if settings.patience is not None:
        stopping = EarlyStopping(patience=settings.patience, load_best=True, sink=_silence)
        callbacks.append(("early_stopping", stopping))
    arguments = {
        "module": network,
        "criterion": loss,
        "max_epochs": settings.max_epochs,
        "batch_size": settings.batch_size,
        "lr": settings.lr,
        "lr_decay": settings.lr_decay,
        "schedule": schedule if settings.has_schedule else None,
        "optimizer": settings.optimizer,
        "iterator_train": BatchIterator,
        "iterator_train__shuffle": True,
        "iterator_valid": BatchIterator,
        "train_split": None,
        "callbacks": [*callbacks, *read_callbacks(settings.callbacks)],
        "callbacks__print_log": None,
        "device": str(settings.device),
        "verbose": 0,
    }
    if takes_weight_decay(settings.optimizer):
        arguments["optimizer__weight_decay"] = settings.weight_decay
    with seeded(settings.seed):
        return Net(**{**arguments, **settings.net_params}).initialize()


def _fit(net: Net, labelled: LabelledRows) -> None:
    try:
        net.fit(labelled)
    except ValueError as error:
        if "more than 1 value per channel" not in str(error):
            raise
        raise ValueError(
            f"batch normalisation cannot be trained on one sample at a time, got batch_size={net.batch_size} and "
            f"{len(labelled)} sample(s) to train on: give a batch_size of 2 or more and several samples, or hold the "
            "statistics there are with batch_norm='frozen'"
        ) from error


def _silence(text: str) -> None:
    """Print nothing."""
