"""From activations and targets to a fitted network."""

import copy
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import torch

from sktl.features import FrozenActivations, Rows
from sktl.heads import build_head
from sktl.sharing import Sharing, TaskHead
from sktl.tasks import TaskSet
from sktl.training._continued_heads import continue_heads, with_memories
from sktl.training._head_memory import HeadMemory
from sktl.training._head_probes import solve_heads
from sktl.training._joint_loss import JointLoss
from sktl.training._net import Net
from sktl.training._network import Network
from sktl.training._part_share import PartShare
from sktl.training._probe import LinearProbe
from sktl.training._settings import TrainingSettings
from sktl.training._start_biases import start_biases
from sktl.training._train import make_net, train
from sktl.training._view_inputs import ViewInputs
from sktl.utils._seeds import seeded
from sktl.weighting import choose_rule

__all__ = ["FitPlan", "fit_network", "new_network"]

# Of a logit in one step: in a hundred it can go anywhere, and in one no class becomes another that was not near.
LOGIT_STEP = 0.1


@dataclasses.dataclass(frozen=True)
class FitPlan:
    """All that is decided before a network is fitted.

    Parameters
    ----------
    depth : int
        Frozen stages.
    head_stages : tuple of int
        Behind how many stages the heads read, the last of them being all.
    tasks : TaskSet
        What is learned.
    sharing : Sharing
        What the tasks share.
    weighting : str
        The name of the rule that weighs their losses.
    head_hidden : sequence of int
        Units of each head's hidden layers.
    head_dropout : float
        Share of the inputs of each layer of a head that is dropped in training.
    head_l2 : float or "auto"
        The λ of a linear head that is solved to its optimum.
    hold_batch_norm : bool
        Whether batch normalisation keeps the statistics it came with.
    starts_trained : bool
        Whether the stages have learned something, so that the heads are fitted to their features before they are
        trained.
    head_training, training : TrainingSettings
        How heads with hidden layers are trained on features, and how stages and heads are trained together.
    split : tuple
        Indices to train on, and indices to validate on (or None).
    in_parts : bool, default=False
        Whether more samples of the same tasks may follow, for which solved heads then remember these.
    memories : sequence of HeadMemory, default=()
        What the heads remember, if they go on: linear ones are solved for what they remember and the new samples;
        others take gradient steps.
    share : PartShare or None, default=None
        What a part of the data weighs beside those before. None: as much.
    bounds_steps : bool, default=False
        Whether the rate of these steps goes by the size of the features, so that no logit moves by more than 0.1
        at once, on the mean.
    """

    depth: int
    head_stages: tuple[int, ...]
    tasks: TaskSet
    sharing: Sharing
    weighting: str
    head_hidden: Sequence[int]
    head_dropout: float
    head_l2: float | Literal["auto"]
    hold_batch_norm: bool
    starts_trained: bool
    head_training: TrainingSettings
    training: TrainingSettings
    split: tuple[np.ndarray, np.ndarray | None]
    in_parts: bool = False
    memories: Sequence[HeadMemory] = ()
    share: PartShare | None = None
    bounds_steps: bool = False

    @property
    def goes_on(self) -> bool:
        """Whether the heads have learned from samples before."""
        return bool(self.memories)

    @property
    def rate_factor(self) -> float:
        """What the rates of gradient steps are multiplied by."""
        return 1.0 if self.share is None else self.share.rate

    @property
    def heads_are_linear(self) -> bool:
        """Whether the heads are linear, with losses that can be solved for."""
        return not self.head_hidden and all(task.loss != "huber" for task in self.tasks)

    @property
    def reads(self) -> tuple[int, ...]:
        """Behind how many stages the heads read: where stages are trained, none of the frozen ones but the last."""
        if self.depth == self.head_stages[-1]:
            return self.head_stages
        return tuple(depth for depth in self.head_stages if depth >= self.depth)


def fit_network(
    activations: FrozenActivations,
    targets: torch.Tensor,
    weights: torch.Tensor,
    plan: FitPlan,
    start: Network | None = None,
    views: tuple[FrozenActivations, ...] = (),
    fresh: Rows | None = None,
    account: Mapping[str, torch.Tensor] | None = None,
) -> tuple[Net, list[LinearProbe]]:
    """Fit a new head for each task, and the stages behind the frozen ones.

    First the heads alone are fitted to the features of the whole network, if that has learned something: linear heads
    to their optimum, those with hidden layers by gradient steps. Then, unless every stage is frozen, heads and free
    stages are trained together from there (linear probe, then fine-tune: Kumar et al., 2022).

    Parameters
    ----------
    activations : FrozenActivations
        The inputs behind each stage.
    targets, weights : torch.Tensor of shape (n_samples, n_tasks)
        As the losses take them; a weight is 0 where a label is missing.
    plan : FitPlan
        What was decided.
    start : Network or None, default=None
        A fitted network to go on from.
    views : tuple of FrozenActivations, default=()
        Of further views of the same samples, for training.
    fresh : Rows or None, default=None
        What the first stage takes if it is trained, in a new view whenever it is read. None: the samples as they are.
    account : mapping of str to Tensor or None, default=None
        What the loss knew of the tasks at the end of the fit that goes on, which a rule may weigh them by.

    Returns
    -------
    net : Net
        The skorch net around the fitted network.
    probes : list of LinearProbe
        The linear heads that were solved, one for each task, or none.
    """
    backbone = activations.backbone
    inputs = ViewInputs(activations, views, fresh)
    all_frozen = plan.depth == backbone.n_stages
    loss = JointLoss(plan.tasks, choose_rule(plan.weighting)).to(weights.dtype)
    if account is not None:
        loss.load_state_dict(account)

    def finish(network: Network) -> Net:
        rows, held = inputs.rows(plan.depth)
        settings = plan.training.at_rate(plan.rate_factor)
        return train(network.to(weights.dtype), loss, rows, targets, weights, settings, plan.split, held)

    if start is not None and not all_frozen:
        return finish(start), []
    if not (plan.starts_trained or all_frozen):
        network = new_network(backbone, plan, _count_features(activations, plan))
        network.head.set_bias(start_biases(plan.tasks, targets, weights))
        return finish(network), []
    blocks = inputs.blocks(plan.reads)
    network = new_network(backbone, plan, sum(block.shape[1] for block in blocks))
    head_net, probes = _fit_heads(network if start is None else start, inputs, blocks, targets, weights, plan, loss)
    if all_frozen:
        return head_net, probes
    network.head = head_net.module_.head
    return finish(network), probes


def _fit_heads(
    network: Network,
    inputs: ViewInputs,
    blocks: list[np.ndarray],
    targets: torch.Tensor,
    weights: torch.Tensor,
    plan: FitPlan,
    loss: JointLoss,
) -> tuple[Net, list[LinearProbe]]:
    """Fit the heads of a network to the features of the stages they read; return the net of the heads alone."""
    heads_only = Network(torch.nn.ModuleList(), network.head, network.channel_axis, plan.hold_batch_norm)
    heads_only.to(weights.dtype)
    if not plan.heads_are_linear:
        if not plan.goes_on:  # heads that are trained on begin with the biases they have
            heads_only.head.set_bias(start_biases(plan.tasks, targets, weights))
        rows, held = inputs.vectors(blocks)
        settings = plan.head_training
        if plan.bounds_steps:
            settings = dataclasses.replace(settings, lr=min(settings.lr, _largest_rate(blocks)))
        settings = settings.at_rate(plan.rate_factor)
        return train(heads_only, loss, rows, targets, weights, settings, plan.split, held), []
    labels, shares, seed = targets.numpy(), weights.numpy(), plan.training.seed
    given = blocks, labels, shares, plan.head_l2
    if plan.goes_on:
        heads = _linear_maps(network.head, plan.tasks, sum(block.shape[1] for block in blocks))
        probes = continue_heads(plan.tasks, heads, plan.memories, *given, seed, inputs.n_views, plan.share)
    else:
        probes = solve_heads(plan.tasks, *given, seed, inputs.n_views)
        if plan.in_parts:
            probes = with_memories(probes, plan.tasks, *given, inputs.n_views)
    heads_only.head.set_last(
        torch.from_numpy(np.concatenate([probe.weight for probe in probes])),
        torch.from_numpy(np.concatenate([probe.bias for probe in probes])),
    )
    net = make_net(heads_only, loss, plan.head_training)
    net.history.new_epoch()
    net.history.record("epoch", max(probe.n_iter for probe in probes))
    means = shares.mean(axis=0)
    net.history.record("train_loss", float(sum(s * probe.loss for s, probe in zip(means, probes, strict=True))))
    return net, probes


def _linear_maps(head: TaskHead, tasks: TaskSet, n_features: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return each task's weights (n_outputs, n_features) and biases (n_outputs,) in linear heads."""
    exact = copy.deepcopy(head).cpu().double().eval()  # without dropout
    with torch.no_grad():
        bias = exact(torch.zeros(1, n_features, dtype=torch.float64))
        weight = (exact(torch.eye(n_features, dtype=torch.float64)) - bias).T
    widths = [task.n_outputs for task in tasks]
    pairs = zip(weight.split(widths), bias[0].split(widths), strict=True)
    return [(rows.numpy(), numbers.numpy()) for rows, numbers in pairs]


def _largest_rate(blocks: list[np.ndarray]) -> float:
    """Return the rate at which a step of Adam moves a logit of a linear head by ``LOGIT_STEP``, on the mean.

    Such a step moves each weight by about the rate, whatever the gradient is, and so a logit by the rate times Σ |x|.
    """
    total = sum(float(np.abs(block).sum(axis=1).mean()) for block in blocks)
    return LOGIT_STEP / total if total else np.inf


def new_network(backbone, plan: FitPlan, n_features: int, depth: int | None = None) -> Network:
    """Return copies of the free stages, joined for the tasks, with new heads."""
    depth = plan.depth if depth is None else depth
    with seeded(plan.training.seed):
        heads = [build_head(n_features, task.n_outputs, plan.head_hidden, plan.head_dropout) for task in plan.tasks]
        joined = plan.sharing.join(backbone.suffix(depth), heads, backbone.stage_names[depth:])
    reads = (0,) if depth == backbone.n_stages else [number - depth for number in plan.reads]
    return Network(
        joined.stages,
        joined.head,
        backbone.channel_axis,
        plan.hold_batch_norm,
        joined.has_towers,
        joined.tie,
        reads,
        backbone.pool,
        plan.training.precision,
        plan.training.training_precision,
    )


def _count_features(activations: FrozenActivations, plan: FitPlan) -> int:
    """Return the length of the feature vectors, from a pass of one sample through the free stages."""
    backbone = activations.backbone
    row = activations.rows(plan.depth).batch(np.arange(1))
    return backbone.pool(backbone.between(plan.depth, backbone.n_stages)(row)).shape[1]
