import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from sktl.backbones import Backbone, WeightsInfo
from sktl.engines import TorchEngine
from sktl.features import ActivationCache, FrozenActivations, Samples
from sktl.sharing import SCHEMES, HardSharing
from sktl.sharing._task_heads import StackedHeads
from sktl.tasks import ClassificationTask, RegressionTask, TaskSet
from sktl.training import FitPlan, Network, TrainingSettings, fit_network, new_network
from sktl.training._start_biases import start_biases
from sktl.weighting import RULES

SETTINGS = TrainingSettings(2, 8, 0.01, 1.0, torch.optim.AdamW, 0.0, None, 3, torch.device("cpu"))
TWO, THREE = ClassificationTask(np.arange(2)), ClassificationTask(np.arange(3))
NUMBER, ROBUST = RegressionTask(0.0, 1.0), RegressionTask(0.0, 1.0, "huber")
SEVERAL = TaskSet((THREE, TWO, NUMBER))


def plan_with(**others):
    arguments = {
        "depth": 1,
        "head_stages": (2,),
        "tasks": TaskSet((THREE,)),
        "sharing": HardSharing(),
        "weighting": "equal",
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
        TorchEngine(backbone), samples, cache=ActivationCache(max_bytes=2**20), batch_size=32
    )
    return activations, torch.from_numpy(X[:, :3].argmax(axis=1))[:, None].float(), torch.ones(30, 1)


@pytest.fixture
def several(problem, rng):
    """Return the problem of several tasks, with missing labels."""
    activations, targets, _ = problem
    numbers = rng.normal(size=30)
    weights = (rng.uniform(size=(30, 3)) < 0.8).astype(np.float32)
    weights[:3] = 1
    table = np.column_stack([targets, numbers > 0.3, numbers]).astype(np.float32) * weights
    return activations, torch.from_numpy(table), torch.from_numpy(weights)


def snapshot(module):
    return [tensor.clone() for tensor in module.state_dict().values()]


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_linear_head_on_frozen_stages_is_solved(problem):
    net, (probe,) = fit_network(*problem, plan_with(depth=2))
    assert len(net.module_.stages) == 0
    np.testing.assert_allclose(net.module_.head[0].weight.detach(), probe.weight, rtol=1e-6)
    assert net.history[-1, "epoch"] == probe.n_iter
    assert net.history[-1, "train_loss"] == pytest.approx(probe.loss)


def test_linear_heads_of_several_tasks_are_solved_each(several):
    net, probes = fit_network(*several, plan_with(depth=2, tasks=SEVERAL))
    assert len(probes) == 3
    features = several[0].features()
    expected = np.concatenate([features @ probe.weight.T + probe.bias for probe in probes], axis=1)
    np.testing.assert_allclose(net.module_(torch.from_numpy(features)).detach(), expected, atol=1e-5)
    assert net.history[-1, "epoch"] == max(probe.n_iter for probe in probes)


def test_the_loss_that_is_told_is_the_loss_of_all_tasks(several):
    net, _ = fit_network(*several, plan_with(depth=2, tasks=SEVERAL))
    activations, targets, weights = several
    loss = net.criterion_.eval()(net.module_(torch.from_numpy(activations.features())), (targets, weights))
    assert net.history[-1, "train_loss"] == pytest.approx(loss.item(), rel=1e-5)


def test_heads_with_hidden_layers_are_trained_on_features(problem):
    net, probes = fit_network(*problem, plan_with(depth=2, head_hidden=(7,)))
    assert probes == []
    assert len(net.history) == 5
    assert len(net.module_.head) == 3


def test_heads_with_hidden_layers_of_several_tasks(several):
    net, probes = fit_network(*several, plan_with(depth=2, head_hidden=(7,), tasks=SEVERAL))
    assert probes == []
    assert isinstance(net.module_.head, StackedHeads)
    assert net.history[-1, "train_loss"] < net.history[0, "train_loss"]


def test_huber_s_loss_is_not_solved_but_trained(several):
    activations, targets, weights = several
    plan = plan_with(depth=2, tasks=TaskSet((ROBUST,)))
    net, probes = fit_network(activations, targets[:, 2:], weights[:, 2:], plan)
    assert probes == []
    assert len(net.history) == 5


@pytest.mark.parametrize("sharing", SCHEMES)
def test_fine_tuning_starts_from_the_solved_heads(several, sharing):
    still = dataclasses.replace(SETTINGS, lr=1e-12, max_epochs=1)
    plan = plan_with(training=still, tasks=SEVERAL, sharing=SCHEMES[sharing]())
    net, probes = fit_network(*several, plan)
    assert len(net.module_.stages) == 1
    features = several[0].features()
    expected = np.concatenate([features @ probe.weight.T + probe.bias for probe in probes], axis=1)
    rows = several[0].rows(1).batch(np.arange(30))
    np.testing.assert_allclose(net.module_.eval()(rows).detach(), expected, atol=1e-5)


@pytest.mark.parametrize("hidden", [(), (7,)])
def test_random_stages_are_trained_with_random_heads(problem, hidden):
    net, probes = fit_network(*problem, plan_with(depth=0, starts_trained=False, head_hidden=hidden))
    assert probes == []
    assert len(net.module_.stages) == 2
    assert len(net.history) == 2


@pytest.mark.parametrize("hidden", [(), (7,)])
@pytest.mark.parametrize("sharing", SCHEMES)
def test_random_heads_start_at_the_best_constant_answers(several, hidden, sharing):
    still = dataclasses.replace(SETTINGS, lr=1e-12, max_epochs=1)
    plan = plan_with(
        depth=0, starts_trained=False, head_hidden=hidden, training=still, tasks=SEVERAL, sharing=SCHEMES[sharing]()
    )
    net, _ = fit_network(*several, plan)
    head = net.module_.head
    last = head.layers[-1].bias[*head.places] if isinstance(head, StackedHeads) else head[-1].bias
    torch.testing.assert_close(last.detach(), start_biases(SEVERAL, *several[1:]))


@pytest.mark.parametrize("depth", [0, 1, 2])
@pytest.mark.parametrize("hold", [True, False])
def test_the_backbone_keeps_its_bits(backbone, problem, depth, hold):
    before = [snapshot(stage) for _, stage in backbone.stages]
    net, _ = fit_network(*problem, plan_with(depth=depth, hold_batch_norm=hold))
    assert all(same(bits, snapshot(stage)) for bits, (_, stage) in zip(before, backbone.stages, strict=True))
    for number, stage in enumerate(net.module_.stages):
        assert not same(snapshot(stage), before[depth + number])


@pytest.mark.parametrize("sharing", SCHEMES)
def test_the_backbone_keeps_its_bits_with_every_scheme(backbone, several, sharing):
    before = [snapshot(stage) for _, stage in backbone.stages]
    net, _ = fit_network(*several, plan_with(depth=0, tasks=SEVERAL, sharing=SCHEMES[sharing](), hold_batch_norm=False))
    assert all(same(bits, snapshot(stage)) for bits, (_, stage) in zip(before, backbone.stages, strict=True))
    kept = {id(tensor) for tensor in backbone.prefix(2).state_dict(keep_vars=True).values()}
    assert not kept & {id(tensor) for tensor in net.module_.state_dict(keep_vars=True).values()}


def test_frozen_stages_are_no_part_of_what_is_trained(backbone, problem):
    net, _ = fit_network(*problem, plan_with(depth=1))
    frozen = {id(tensor) for tensor in backbone.prefix(2).state_dict(keep_vars=True).values()}
    assert not frozen & {id(tensor) for tensor in net.module_.state_dict(keep_vars=True).values()}


def test_going_on_trains_what_was_given(problem):
    first, _ = fit_network(*problem, plan_with())
    before = snapshot(first.module_)
    second, probes = fit_network(*problem, plan_with(), start=first.module_)
    assert probes == []
    assert second.module_ is first.module_
    assert not same(before, snapshot(second.module_))


def test_going_on_with_all_stages_frozen_solves_again(problem):
    first, (solved,) = fit_network(*problem, plan_with(depth=2))
    _, (again,) = fit_network(*problem, plan_with(depth=2), start=first.module_)
    np.testing.assert_allclose(again.weight, solved.weight)


def test_the_same_plan_gives_the_same_network(problem):
    nets = [fit_network(*problem, plan_with(head_hidden=(7,), head_dropout=0.3))[0] for _ in range(2)]
    assert same(*(snapshot(net.module_) for net in nets))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("sharing", SCHEMES)
def test_every_scheme_with_every_rule(several, sharing, rule):
    if rule in ("pcgrad", "upgrad"):
        pytest.importorskip("torchjd", reason="torchjd comes with the extra surgery")
    plan = plan_with(tasks=SEVERAL, sharing=SCHEMES[sharing](), weighting=rule, starts_trained=False)
    one, other = (fit_network(*several, plan)[0] for _ in range(2))
    assert same(snapshot(one.module_), snapshot(other.module_))
    assert np.isfinite(one.history[:, "train_loss"]).all()
    assert one.module_(several[0].rows(1).batch(np.arange(4))).shape == (4, 5)


@pytest.mark.parametrize("sharing", SCHEMES)
def test_a_new_network_is_drawn_by_the_seed(backbone, sharing):
    plan = plan_with(tasks=SEVERAL, sharing=SCHEMES[sharing](), head_hidden=(4,))
    one = new_network(backbone, plan, 5)
    torch.rand(3)
    assert same(snapshot(one), snapshot(new_network(backbone, plan, 5)))
    assert len(one.stages) == 1
    assert len(new_network(backbone, plan, 5, depth=0).stages) == 2


@pytest.mark.parametrize("starts_trained", [True, False])
@pytest.mark.parametrize("depth", [1, 2])
def test_every_type_of_weights(backbone, several, starts_trained, depth):
    activations, targets, weights = several
    backbone = backbone.with_suffix(0, [stage.double() for stage in backbone.suffix(0)], backbone.weights)
    load = activations.samples.load
    samples = dataclasses.replace(activations.samples, load=lambda i: load(i).double(), view="double")
    activations = FrozenActivations(TorchEngine(backbone), samples, cache=None, batch_size=32)
    plan = plan_with(tasks=SEVERAL, starts_trained=starts_trained, depth=depth)
    net, _ = fit_network(activations, targets.double(), weights.double(), plan)
    assert isinstance(net.module_, Network)
    assert {p.dtype for p in net.module_.parameters()} == {torch.float64}
    assert net.criterion_.previous.dtype == torch.float64
    assert net.module_.head[0].out_features == 5
