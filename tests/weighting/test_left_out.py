"""The law *weighting*: a task with no label in the batch is left out, not zeroed."""

import numpy as np
import pytest
import torch
from torch import nn

from sktl.heads import build_head
from sktl.sharing import HardSharing, NoSharing
from sktl.tasks import ClassificationTask, RegressionTask, TaskSet
from sktl.training import JointLoss, Network
from sktl.training._net import Net
from sktl.weighting import RULES, choose_rule

TASKS = TaskSet((RegressionTask(0.0, 1.0), ClassificationTask(np.arange(3)), ClassificationTask(np.arange(2))))


def make_net(scheme, rule):
    torch.manual_seed(0)
    heads = [build_head(4, task.n_outputs, hidden=(5,)) for task in TASKS]
    joined = scheme.join(nn.ModuleList([nn.Sequential(nn.Linear(3, 4), nn.Tanh())]), heads, ["one"])
    network = Network(joined.stages, joined.head, 1, True, joined.has_towers, joined.tie)
    return Net(network, JointLoss(TASKS, choose_rule(rule)), verbose=0).initialize()


@pytest.fixture(params=RULES)
def rule(request):
    if request.param in ("pcgrad", "upgrad"):
        pytest.importorskip("torchjd", reason="torchjd comes with the extra surgery")
    return request.param


@pytest.fixture
def batch(rng):
    """Return inputs and labels; the second task has none."""
    targets = np.column_stack([rng.normal(size=6), rng.integers(0, 3, size=6), rng.integers(0, 2, size=6)])
    weights = np.ones((6, 3))
    weights[:, 1] = 0
    return torch.from_numpy(rng.normal(size=(6, 3))).float(), tuple(
        torch.from_numpy(part).float() for part in (targets, weights)
    )


def test_its_own_parameters_get_no_gradient(rule, batch):
    net = make_net(NoSharing(), rule)
    net.train_step_single(batch)
    for parameter in net.module_.parameters():
        assert not parameter.grad[1].any()
        assert parameter.grad[0].any()
        assert parameter.grad[2].any()
    if net.criterion_.learned.requires_grad:
        assert net.criterion_.learned.grad[1] == 0


def test_its_targets_make_no_difference(rule, batch):
    x, (targets, weights) = batch
    other = targets.clone()
    other[:, 1] = 2 - other[:, 1]
    found = []
    for filled in (targets, other):
        net = make_net(HardSharing(), rule)
        torch.manual_seed(1)
        net.train_step_single((x, (filled, weights)))
        found.append([parameter.grad.clone() for parameter in net.module_.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))


@pytest.mark.parametrize("name", [name for name in RULES if name != "rlw"])
def test_the_others_learn_as_if_it_were_not_there(name, batch):
    """Random weights are drawn for each task, so that they are held to this by their statistics."""
    if name in ("pcgrad", "upgrad"):
        pytest.importorskip("torchjd", reason="torchjd comes with the extra surgery")
    x, (targets, weights) = batch
    net = make_net(HardSharing(), name)
    net.train_step_single(batch)
    two = TaskSet((TASKS.tasks[0], TASKS.tasks[2]))

    class Kept(nn.Module):
        def __init__(self, head):
            super().__init__()
            self.head = head

        def forward(self, x):
            return self.head(x)[:, [0, 4]]

    whole = make_net(HardSharing(), name).module_
    network = Network(whole.stages, Kept(whole.head), 1, True)
    alone = Net(network, JointLoss(two, choose_rule(name)), verbose=0).initialize()
    alone.train_step_single((x, (targets[:, [0, 2]], weights[:, [0, 2]])))
    for mine, other in zip(net.module_.parameters(), alone.module_.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, other.grad)
