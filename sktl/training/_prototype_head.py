"""A head of prototypes on frozen features."""

import numpy as np
import torch

from sktl.features import FrozenActivations
from sktl.training._fit import FitPlan, new_network
from sktl.training._joint_loss import JointLoss
from sktl.training._net import Net
from sktl.training._prototypes import PrototypeSums, solve_prototypes
from sktl.training._train import make_net
from sktl.weighting import choose_rule

__all__ = ["fit_prototypes"]


def fit_prototypes(
    activations: FrozenActivations,
    targets: torch.Tensor,
    weights: torch.Tensor,
    plan: FitPlan,
    before: PrototypeSums | None = None,
    views: tuple[FrozenActivations, ...] = (),
) -> tuple[Net, PrototypeSums]:
    """Return a net whose head names the class of the nearest prototype, and the sums that prototypes are made of.

    Parameters
    ----------
    activations : FrozenActivations
        The inputs behind each stage, all of which are frozen.
    targets, weights : torch.Tensor of shape (n_samples, 1)
        The numbers of the classes, and the weights of the samples.
    plan : FitPlan
        What was decided, for one task of classification.
    before : PrototypeSums or None, default=None
        Samples of the same classes that were seen before, which count too.
    views : tuple of FrozenActivations, default=()
        Of further views of the same samples, which share the weight of the sample.
    """
    (task,) = plan.tasks
    everything = [np.concatenate(one.stage_features(plan.reads), axis=1) for one in (activations, *views)]
    n_features = everything[0].shape[1]
    mean = 1.0 if plan.share is None else plan.share.labels[0]
    if before is None:
        sums = PrototypeSums.empty(len(task.classes), n_features)  # type: ignore[union-attr, arg-type]
    else:
        sums = before if plan.share is None else before.weighed(plan.share.before[0])
    for features in everything:
        sums = sums.add(features, targets[:, 0].numpy(), weights[:, 0].numpy() / len(everything) * mean)
    probe = solve_prototypes(sums, n_outputs=task.n_outputs)
    network = new_network(activations.backbone, plan, n_features).to(weights.dtype)
    network.head.set_last(torch.from_numpy(probe.weight), torch.from_numpy(probe.bias))
    net = make_net(network, JointLoss(plan.tasks, choose_rule(plan.weighting)).to(weights.dtype), plan.head_training)
    net.history.new_epoch()
    net.history.record("epoch", 1)
    return net, sums
