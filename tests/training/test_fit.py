import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from sktl.backbones import Backbone, WeightsInfo
from sktl.features import ActivationCache, FrozenActivations, Samples
from sktl.training import FitPlan, Network, TrainingSettings, fit_network

SETTINGS = TrainingSettings(2, 8, 0.01, 1.0, torch.optim.AdamW, 0.0, None, 3, torch.device("cpu"))


def plan_with(**others):
    arguments = {
        "depth": 1,
        "kind": "multiclass",
        "n_outputs": 3,
        "head_hidden": (),
        "head_dropout": 0.0,
        "head_l2": 1e-2,
        "hold_batch_norm": True,
        "starts_trained": True,
        "head_training": dataclasses.replace(SETTINGS, max_epochs=5),
        "training": SETTINGS,
        "split": (np.arange(30), None),
    }
    return FitPlan(**{**arguments, **others})


@pytest.fixture
def backbone():
    return Backbone(
        stages=[("one", nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6))), ("two", nn.Linear(6, 5))],
        weights=WeightsInfo("made", "a test"),
    )


@pytest.fixture
def problem(backbone, rng):
    X = rng.normal(size=(30, 4)).astype(np.float32)
    samples = Samples(30, lambda i: torch.from_numpy(X[i]), lambda i: [b"%016d" % j for j in i], "plain")
    activations = FrozenActivations(
        backbone, samples, cache=ActivationCache(max_bytes=2**20), device=torch.device("cpu"), batch_size=32
    )
    return activations, torch.from_numpy(X[:, :3].argmax(axis=1)), torch.ones(30)


def snapshot(module):
    return [tensor.clone() for tensor in module.state_dict().values()]


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_linear_head_on_frozen_stages_is_solved(problem):
    net, probe = fit_network(*problem, plan_with(depth=2))
    assert len(net.module_.stages) == 0
    np.testing.assert_allclose(net.module_.head[0].weight.detach(), probe.weight, rtol=1e-6)
    assert net.history[-1, "epoch"] == probe.n_iter
    assert net.history[-1, "train_loss"] == probe.loss


def test_a_head_with_hidden_layers_is_trained_on_features(problem):
    net, probe = fit_network(*problem, plan_with(depth=2, head_hidden=(7,)))
    assert probe is None
    assert len(net.history) == 5
    assert len(net.module_.head) == 3


def test_fine_tuning_starts_from_the_solved_head(problem):
    still = dataclasses.replace(SETTINGS, lr=1e-12, max_epochs=1)
    net, probe = fit_network(*problem, plan_with(training=still))
    np.testing.assert_allclose(net.module_.head[0].weight.detach(), probe.weight, atol=1e-6)
    assert len(net.module_.stages) == 1


def test_random_stages_are_trained_with_a_random_head(problem):
    net, probe = fit_network(*problem, plan_with(depth=0, starts_trained=False))
    assert probe is None
    assert len(net.module_.stages) == 2
    assert len(net.history) == 2


@pytest.mark.parametrize("depth", [0, 1, 2])
@pytest.mark.parametrize("hold", [True, False])
def test_the_backbone_keeps_its_bits(backbone, problem, depth, hold):
    before = [snapshot(stage) for _, stage in backbone.stages]
    net, _ = fit_network(*problem, plan_with(depth=depth, hold_batch_norm=hold))
    assert all(same(bits, snapshot(stage)) for bits, (_, stage) in zip(before, backbone.stages, strict=True))
    for number, stage in enumerate(net.module_.stages):
        assert not same(snapshot(stage), before[depth + number])


def test_frozen_stages_are_no_part_of_what_is_trained(backbone, problem):
    net, _ = fit_network(*problem, plan_with(depth=1))
    frozen = {id(tensor) for tensor in backbone.prefix(2).state_dict(keep_vars=True).values()}
    assert not frozen & {id(tensor) for tensor in net.module_.state_dict(keep_vars=True).values()}


def test_going_on_trains_what_was_given(problem):
    first, _ = fit_network(*problem, plan_with())
    before = snapshot(first.module_)
    second, probe = fit_network(*problem, plan_with(), start=first.module_)
    assert probe is None
    assert second.module_ is first.module_
    assert not same(before, snapshot(second.module_))


def test_going_on_with_all_stages_frozen_solves_again(problem):
    first, solved = fit_network(*problem, plan_with(depth=2))
    _, again = fit_network(*problem, plan_with(depth=2), start=first.module_)
    np.testing.assert_allclose(again.weight, solved.weight)


def test_the_same_plan_gives_the_same_network(problem):
    nets = [fit_network(*problem, plan_with(head_hidden=(7,), head_dropout=0.3))[0] for _ in range(2)]
    assert same(*(snapshot(net.module_) for net in nets))


@pytest.mark.parametrize("starts_trained", [True, False])
@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression"])
def test_every_kind_and_type_of_weights(backbone, problem, kind, starts_trained):
    activations, numbers, weights = problem
    made = {"binary": (numbers == 1).double(), "multiclass": numbers, "regression": torch.randn(30, 2).double()}
    n_outputs = {"binary": 1, "multiclass": 3, "regression": 2}[kind]
    backbone = backbone.with_suffix(0, [stage.double() for stage in backbone.suffix(0)], backbone.weights)
    load = activations.samples.load
    samples = dataclasses.replace(activations.samples, load=lambda i: load(i).double(), view="double")
    activations = FrozenActivations(backbone, samples, cache=None, device=torch.device("cpu"), batch_size=32)
    net, _ = fit_network(
        activations,
        made[kind],
        weights.double(),
        plan_with(kind=kind, n_outputs=n_outputs, starts_trained=starts_trained),
    )
    assert isinstance(net.module_, Network)
    assert net.module_.head[0].weight.dtype == torch.float64
    assert net.module_.head[0].out_features == n_outputs
