"""From activations and targets to a fitted network."""

import dataclasses
from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch

from sktl.features import ArrayRows, FrozenActivations
from sktl.heads import build_head, set_linear
from sktl.losses import LOSSES, WeightedMeanLoss
from sktl.training._net import Net
from sktl.training._network import Network
from sktl.training._probe import LinearProbe, solve_linear_probe
from sktl.training._settings import TrainingSettings
from sktl.training._train import make_net, train
from sktl.utils._seeds import seeded

__all__ = ["FitPlan", "fit_network"]


@dataclasses.dataclass(frozen=True)
class FitPlan:
    """All that is decided before a network is fitted.

    Parameters
    ----------
    depth : int
        Frozen stages.
    kind : {"binary", "multiclass", "regression"}
        The kind of loss.
    n_outputs : int
        Outputs of the head.
    head_hidden : sequence of int
        Units of the head's hidden layers.
    head_dropout : float
        Share of the inputs of each layer of the head that is dropped in training.
    head_l2 : float or "auto"
        The λ of a linear head that is solved to its optimum.
    hold_batch_norm : bool
        Whether batch normalisation keeps the statistics it came with.
    starts_trained : bool
        Whether the stages have learned something, so that the head is fitted to their features before they are trained.
    head_training, training : TrainingSettings
        How a head with hidden layers is trained on features, and how stages and head are trained together.
    split : tuple
        Indices to train on, and indices to validate on (or None).
    """

    depth: int
    kind: str
    n_outputs: int
    head_hidden: Sequence[int]
    head_dropout: float
    head_l2: float | Literal["auto"]
    hold_batch_norm: bool
    starts_trained: bool
    head_training: TrainingSettings
    training: TrainingSettings
    split: tuple[np.ndarray, np.ndarray | None]


def fit_network(
    activations: FrozenActivations,
    targets: torch.Tensor,
    weights: torch.Tensor,
    plan: FitPlan,
    start: Network | None = None,
) -> tuple[Net, LinearProbe | None]:
    """Fit a new head, and the stages behind the frozen ones, to targets.

    First the head alone is fitted to the features of the whole network, if that has learned something: a linear head to
    its optimum, one with hidden layers by gradient steps. Then, unless every stage is frozen, head and free stages are
    trained together from there (linear probe, then fine-tune: Kumar et al., 2022).

    Parameters
    ----------
    activations : FrozenActivations
        The inputs behind each stage.
    targets, weights : torch.Tensor
        One of each for every sample; the weights have the mean 1.
    plan : FitPlan
        What was decided.
    start : Network or None, default=None
        A fitted network to go on from.

    Returns
    -------
    net : Net
        The skorch net around the fitted network.
    probe : LinearProbe or None
        The linear head that was solved, if one was.
    """
    backbone = activations.backbone
    all_frozen = plan.depth == backbone.n_stages
    loss = WeightedMeanLoss(LOSSES[plan.kind])
    if start is not None and not all_frozen:
        return train(start, loss, activations.rows(plan.depth), targets, weights, plan.training, plan.split), None
    if not (plan.starts_trained or all_frozen):
        rows = activations.rows(plan.depth)
        network = _new_network(activations, plan, _count_features(activations, plan))
        return train(network.to(weights.dtype), loss, rows, targets, weights, plan.training, plan.split), None

    features = activations.features()
    network = _new_network(activations, plan, features.shape[1])
    head_net, probe = _fit_head(network if start is None else start, features, targets, weights, plan, loss)
    if all_frozen:
        return head_net, probe
    network.head = head_net.module_.head
    rows = activations.rows(plan.depth)
    return train(network.to(weights.dtype), loss, rows, targets, weights, plan.training, plan.split), probe


def _fit_head(
    network: Network,
    features: np.ndarray,
    targets: torch.Tensor,
    weights: torch.Tensor,
    plan: FitPlan,
    loss: WeightedMeanLoss,
) -> tuple[Net, LinearProbe | None]:
    """Fit the head of a network to the features of all stages; return the net of the head alone."""
    head_only = Network(torch.nn.ModuleList(), network.head, network.channel_axis, plan.hold_batch_norm)
    head_only.to(weights.dtype)
    if len(network.head) > 1:
        rows = ArrayRows(features)
        return train(head_only, loss, rows, targets, weights, plan.head_training, plan.split), None
    probe = solve_linear_probe(
        features,
        targets.numpy().astype(float) if plan.kind == "regression" else targets.numpy().astype(int),
        weights.numpy().astype(float),
        kind=plan.kind,
        penalty=plan.head_l2,
        seed=plan.training.seed,
    )
    set_linear(head_only.head, torch.from_numpy(probe.weight), torch.from_numpy(probe.bias))
    net = make_net(head_only, loss, plan.head_training)
    net.history.new_epoch()
    net.history.record("epoch", probe.n_iter)
    net.history.record("train_loss", probe.loss)
    return net, probe


def _new_network(activations: FrozenActivations, plan: FitPlan, n_features: int) -> Network:
    """Return copies of the free stages with a new head."""
    backbone = activations.backbone
    with seeded(plan.training.seed):
        head = build_head(n_features, plan.n_outputs, plan.head_hidden, plan.head_dropout)
    return Network(backbone.suffix(plan.depth), head, backbone.channel_axis, plan.hold_batch_norm)


def _count_features(activations: FrozenActivations, plan: FitPlan) -> int:
    """Return the length of the feature vectors, from a pass of one sample through the free stages."""
    backbone = activations.backbone
    row = activations.rows(plan.depth).batch(np.arange(1))
    return backbone.pool(backbone.between(plan.depth, backbone.n_stages)(row)).shape[1]
