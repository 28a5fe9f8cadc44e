"""Fitted estimators as pickles: small, and readable on machines without the device they were fitted on."""

import dataclasses
from typing import Any

import torch

from sktl.backbones import Backbone
from sktl.training import JointLoss, make_net, new_network
from sktl.weighting import choose_rule

__all__ = ["pack_net", "unpack_net"]


def pack_net(state: dict[str, Any]) -> dict[str, Any]:
    """Return the state of a fitted estimator with arrays in place of its net.

    Trained stages that all tasks share are in ``backbone_``, which tells how to rebuild what was frozen, unless
    ``self_contained`` asks for all weights.
    """
    state = dict(state)
    net = state.pop("net_")
    kept = net.module_.head if "backbone_" in state else net.module_
    weights = {name: tensor.cpu().numpy() for name, tensor in kept.state_dict().items()}
    account = {name: tensor.cpu().numpy() for name, tensor in net.criterion_.state_dict().items()}
    state["_packed"] = {"weights": weights, "account": account, "history": net.history, "max_epochs": net.max_epochs}
    if state["self_contained"]:
        names = [name for name in ("backbone", "backbone_", "_source") if isinstance(state.get(name), Backbone)]
        whole = {id(state[name]): state[name].self_contained() for name in names}
        state |= {name: whole[id(state[name])] for name in names}
    return state


def unpack_net(state: dict[str, Any]) -> dict[str, Any]:
    """Return the state of a fitted estimator with its net rebuilt, on the CPU where its device is not here."""
    state = dict(state)
    packed, plan = state.pop("_packed"), state["_plan"]
    weights = {name: torch.tensor(array) for name, array in packed["weights"].items()}
    network = new_network(state.get("backbone_", state["_source"]), plan, state["_n_features"])
    network.to(next(iter(weights.values())).dtype)
    (network.head if "backbone_" in state else network).load_state_dict(weights)
    settings = dataclasses.replace(plan.training, max_epochs=packed["max_epochs"])
    if settings.device.type == "cuda" and not torch.cuda.is_available():
        settings = dataclasses.replace(settings, device=torch.device("cpu"))
    loss = JointLoss(plan.tasks, choose_rule(plan.weighting))
    loss.load_state_dict({name: torch.tensor(array) for name, array in packed["account"].items()})
    state["net_"] = make_net(network, loss, settings)
    state["net_"].history = packed["history"]
    return state
