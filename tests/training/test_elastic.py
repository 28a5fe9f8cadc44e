import math

import numpy as np
import pytest
import torch
from torch import nn

from sktl.features import ArrayRows
from sktl.sharing import fuse_heads
from sktl.tasks import ClassificationTask, RegressionTask, TaskSet
from sktl.training import Network
from sktl.training._elastic import MAX_SAMPLES, ElasticTie, diagonal_fisher, drawn_labels

BINARY = ClassificationTask(np.array([0, 1]))
THREE = ClassificationTask(np.array([0, 1, 2]))
NUMBER = RegressionTask(mean=0.0, scale=1.0, loss="huber")


def make_network(task, dtype=torch.float64):
    torch.manual_seed(0)
    stages = nn.ModuleList([nn.Linear(2, 3, bias=False)])
    head = fuse_heads([nn.Sequential(nn.Linear(3, task.n_outputs))])
    return Network(stages, head, 1, False).to(dtype)


def make_rows(n, dtype=np.float64):
    return ArrayRows(np.random.default_rng(0).normal(size=(n, 2)).astype(dtype))


def exact_fisher(network, task, rows):
    """Return the Fisher of the weights of the first stage, the labels' mean taken in full."""
    weight = network.stages[0].weight
    total = torch.zeros_like(weight)
    for index in range(len(rows)):
        outputs = network(rows.batch(np.array([index])))[0]
        if task is NUMBER:
            total += torch.autograd.grad(outputs[0], weight)[0].square()
            continue
        logits = outputs if task is THREE else torch.stack([outputs.new_zeros(()), outputs[0]])
        logs = logits.log_softmax(dim=0)
        for log in logs:
            total += log.exp().detach() * torch.autograd.grad(log, weight, retain_graph=True)[0].square()
    return total / len(rows)


@pytest.mark.parametrize("task", [BINARY, THREE, NUMBER], ids=["binary", "three", "number"])
def test_the_fisher_is_right_in_the_mean(task):
    network, rows = make_network(task), make_rows(5)
    network.train()
    draws = [diagonal_fisher(network, TaskSet((task,)), rows, seed)[0] for seed in range(400)]
    torch.testing.assert_close(torch.stack(draws).mean(dim=0), exact_fisher(network, task, rows), rtol=0.2, atol=1e-3)


def test_tasks_add_up_and_outputs_of_others_do_not_count():
    one, two = TaskSet((BINARY,)), TaskSet((BINARY, NUMBER))
    network, rows = make_network(TaskSet((BINARY, NUMBER))), make_rows(5)
    both = torch.stack([diagonal_fisher(network, two, rows, seed)[0] for seed in range(400)]).mean(dim=0)
    first = torch.stack([diagonal_fisher(network, one, rows, seed)[0] for seed in range(400)]).mean(dim=0)
    second = torch.zeros_like(first)
    for index in range(5):
        number = network(rows.batch(np.array([index])))[0, 1]
        second += torch.autograd.grad(number, network.stages[0].weight)[0].square() / 5
    torch.testing.assert_close(both, first + second, rtol=0.2, atol=1e-3)


def test_no_more_rows_than_needed_and_nothing_is_changed():
    network, state = make_network(BINARY, torch.float32), torch.get_rng_state()
    before = [parameter.clone() for parameter in network.parameters()]
    seen = []
    network.stages[0].register_forward_hook(lambda module, inputs, output: seen.append(len(output)))
    (fisher,) = diagonal_fisher(network, TaskSet((BINARY,)), make_rows(MAX_SAMPLES + 9, np.float32), 0)
    assert seen == [1] * MAX_SAMPLES
    assert fisher.shape == (3, 2)
    assert all(map(torch.equal, before, network.parameters()))
    assert all(parameter.grad is None for parameter in network.parameters())
    assert torch.equal(torch.get_rng_state(), state)


def test_what_no_output_depends_on_is_worth_nothing():
    network = make_network(BINARY)
    network.stages.append(nn.Identity())
    network.stages[1].idle = nn.Parameter(torch.ones(2, dtype=torch.float64))
    network.reads = (2,)
    assert not diagonal_fisher(network, TaskSet((BINARY,)), make_rows(3), 0)[1].any()


def test_labels_are_drawn_by_what_is_predicted():
    outputs = torch.tensor([[1.0, 0.0, math.log(3), 0.0, -2.0]]).repeat(20_000, 1)
    labels = drawn_labels(TaskSet((BINARY, THREE, NUMBER)), outputs)
    assert labels.shape == (20_000, 3)
    assert abs(labels[:, 0].mean() - torch.tensor(1.0).sigmoid()) < 0.02
    shares = labels[:, 1].long().bincount() / 20_000
    torch.testing.assert_close(shares, torch.tensor([0.2, 0.6, 0.2]), atol=0.02, rtol=0)
    assert abs(labels[:, 2].mean() + 2) < 0.05
    assert abs(labels[:, 2].std() - 1) < 0.05


class TestTie:
    def stages(self):
        torch.manual_seed(0)
        return nn.ModuleList([nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)])

    def test_it_is_the_proximal_step_of_each_stage(self):
        stages = self.stages()
        anchors = [stage.weight.detach().clone() for stage in stages]
        fisher = [torch.rand(2, 2), torch.rand(2, 2)]
        tie = ElasticTie(stages, fisher, 3.0)
        with torch.no_grad():
            for stage in stages:
                stage.weight += 1.0
        tie(stages, lr=0.1, lr_decay=0.5)
        mean = torch.cat(fisher).mean()
        for anchor, part, stage, rate in zip(anchors, fisher, stages, (0.025, 0.05), strict=True):
            expected = anchor + 1 / (1 + rate * 3.0 * part / mean)
            torch.testing.assert_close(stage.weight.detach(), expected)

    def test_the_limits(self):
        fisher = [torch.tensor([[0.0, 1.0], [2.0, 0.0]]), torch.ones(2, 2)]
        for strength in (0.0, math.inf):
            stages = self.stages()
            anchors = [stage.weight.detach().clone() for stage in stages]
            tie = ElasticTie(stages, fisher, strength)
            with torch.no_grad():
                for stage in stages:
                    stage.weight += 1.0
            tie(stages, 0.1, 1.0)
            for anchor, part, stage in zip(anchors, fisher, stages, strict=True):
                holds = (part > 0) & (strength > 0)
                assert torch.equal(stage.weight[holds], anchor[holds])
                assert torch.equal(stage.weight[~holds], anchor[~holds] + 1)

    def test_where_nothing_is_worth_anything_nothing_is_held(self):
        stages = self.stages()
        tie = ElasticTie(stages, [torch.zeros(2, 2)] * 2, 5.0)
        before = [stage.weight.detach().clone() for stage in stages]
        tie(stages, 0.1, 1.0)
        assert all(torch.equal(one, stage.weight) for one, stage in zip(before, stages, strict=True))
