"""A task that is added to a fitted network."""

import copy
import dataclasses
from typing import Literal

import torch

from sktl.features import FrozenActivations
from sktl.tasks import TaskSet
from sktl.training._distillation import DistillationLoss
from sktl.training._elastic import ElasticTie, diagonal_fisher
from sktl.training._fit import FitPlan, fit_network
from sktl.training._grown_sharing import GrownSharing
from sktl.training._joint_loss import JointLoss
from sktl.training._net import Net
from sktl.training._network import Network
from sktl.training._outputs import network_outputs
from sktl.training._probe import LinearProbe
from sktl.training._train import make_net, train
from sktl.weighting import choose_rule

__all__ = ["STRENGTHS", "TRUNKS", "Trunk", "fit_added_task"]

Trunk = Literal["frozen", "lwf", "ewc", "train"]
TRUNKS = ("frozen", "lwf", "ewc", "train")
# What "auto" stands for. Li and Hoiem weigh old tasks as the new one.
STRENGTHS = {"lwf": 1.0, "ewc": 100.0}


def fit_added_task(
    net: Net,
    old: FitPlan,
    activations: FrozenActivations,
    targets: torch.Tensor,
    weights: torch.Tensor,
    new: FitPlan,
    trunk: Trunk,
    strength: float,
) -> tuple[Net, FitPlan, list[LinearProbe]]:
    """Return a fitted net with one task more, and the plan that it stands for; the net that was is left as it is.

    First a head for the new task is fitted to the features of the network, as in a fit. With a trunk that is trained,
    the free stages and this head then go on from there.

    Parameters
    ----------
    net : Net
        The fitted net, whose tasks share one trunk.
    old : FitPlan
        What it was fitted by.
    activations : FrozenActivations
        Of the new task's inputs, through the backbone with its trained stages.
    targets, weights : torch.Tensor of shape (n_samples, 1)
        Of the new task.
    new : FitPlan
        How the new task is fitted, by itself.
    trunk : {"frozen", "lwf", "ewc", "train"}
        What becomes of the free stages: they stay; they are trained with the old tasks' outputs held by distillation;
        with the weights held that the old tasks need; or with nothing held.
    strength : float
        How much is held, for "lwf" and "ewc".

    Returns
    -------
    net : Net
    plan : FitPlan
        Of all tasks.
    probes : list of LinearProbe
        The new head, if it was solved, or none.
    """
    n_stages = activations.backbone.n_stages
    alone = dataclasses.replace(new, depth=n_stages, head_stages=old.reads)
    head_net, probes = fit_network(activations, targets, weights, alone)
    network = net.module_.with_head(net.module_.head.grown(head_net.module_.head))
    history = net.history
    if trunk != "frozen":
        network = copy.deepcopy(network)
        trained = _train_trunk(network, old.tasks, activations, targets, weights, new, trunk, strength)
        history = trained.history
    tasks = TaskSet((*old.tasks, *new.tasks))
    has_grown = isinstance(old.sharing, GrownSharing)
    sharing = old.sharing if has_grown else GrownSharing(old.sharing, len(old.tasks))
    plan = dataclasses.replace(old, tasks=tasks, sharing=sharing)
    loss = JointLoss(tasks, choose_rule(plan.weighting)).to(weights.dtype)
    grown = make_net(network, loss, dataclasses.replace(plan.training, max_epochs=net.max_epochs))
    grown.history = history
    return grown, plan, probes


def _train_trunk(
    network: Network,
    tasks: TaskSet,
    activations: FrozenActivations,
    targets: torch.Tensor,
    weights: torch.Tensor,
    plan: FitPlan,
    trunk: Trunk,
    strength: float,
) -> Net:
    """Train the free stages and the new head in place.

    Old heads stay. Trained on outputs of inputs unlike those they come from, which are all alike, they would learn to
    say the same of everything; and a head without a gradient is not decayed either.
    """
    held, network.hold_batch_norm = network.hold_batch_norm, plan.hold_batch_norm
    device, rows = plan.training.device, activations.rows(plan.depth)
    network.to(device)
    for part in list(network.head.parts)[:-1]:  # type: ignore[arg-type]
        part.requires_grad_(False)
    is_distilled = trunk == "lwf" and strength > 0
    if is_distilled:
        outputs = network_outputs(network, rows, batch_size=activations.batch_size, device=device)
        targets = torch.cat([targets, torch.from_numpy(outputs[:, : tasks.n_outputs])], dim=1)
    if trunk == "ewc":
        fisher = diagonal_fisher(network, tasks, rows, plan.training.seed)
        network.tie = ElasticTie(network.stages, fisher, strength)
    new_loss = JointLoss(plan.tasks, choose_rule("equal")).to(weights.dtype)
    loss = DistillationLoss(new_loss, tasks, strength if is_distilled else 0.0)
    net = train(network, loss, rows, targets, weights, plan.training, plan.split)  # type: ignore[arg-type]
    network.requires_grad_(True)
    network.hold_batch_norm, network.tie = held, None
    return net
