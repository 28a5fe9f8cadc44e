"""Fitted estimators as pickles: small, and readable on machines without the device they were fitted on."""

import dataclasses
from typing import Any

import torch

from sktl.backbones import Backbone
from sktl.heads import build_head
from sktl.losses import LOSSES, WeightedMeanLoss
from sktl.training import Network, make_net

__all__ = ["pack_net", "unpack_net"]


def pack_net(state: dict[str, Any]) -> dict[str, Any]:
    """Return the state of a fitted estimator with arrays in place of its net.

    The trained stages are in ``backbone_``, which tells how to rebuild what was frozen, unless ``self_contained``
    asks for all weights.
    """
    state = dict(state)
    net = state.pop("net_")
    head = {name: tensor.cpu().numpy() for name, tensor in net.module_.head.state_dict().items()}
    state["_packed"] = {"head": head, "history": net.history, "max_epochs": net.max_epochs}
    if state["self_contained"]:
        names = [name for name in ("backbone", "backbone_", "_source") if isinstance(state[name], Backbone)]
        whole = {id(state[name]): state[name].self_contained() for name in names}
        state |= {name: whole[id(state[name])] for name in names}
    return state


def unpack_net(state: dict[str, Any]) -> dict[str, Any]:
    """Return the state of a fitted estimator with its net rebuilt, on the CPU where its device is not here."""
    state = dict(state)
    packed, plan, backbone = state.pop("_packed"), state["_plan"], state["backbone_"]
    weights = {name: torch.tensor(array) for name, array in packed["head"].items()}
    first = next(iter(weights.values()))  # the weight (n_units, n_features) of the first layer
    head = build_head(first.shape[1], plan.n_outputs, plan.head_hidden, plan.head_dropout).to(first.dtype)
    head.load_state_dict(weights)
    settings = dataclasses.replace(plan.training, max_epochs=packed["max_epochs"])
    if settings.device.type == "cuda" and not torch.cuda.is_available():
        settings = dataclasses.replace(settings, device=torch.device("cpu"))
    network = Network(backbone.suffix(plan.depth), head, backbone.channel_axis, plan.hold_batch_norm)
    state["net_"] = make_net(network, WeightedMeanLoss(LOSSES[plan.kind]), settings)
    state["net_"].history = packed["history"]
    return state
