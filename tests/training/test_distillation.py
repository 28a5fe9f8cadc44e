import numpy as np
import pytest
import torch
from torch.nn import functional

from sktl.tasks import ClassificationTask, RegressionTask, TaskSet
from sktl.training import JointLoss
from sktl.training._distillation import DistillationLoss, distance_to_old
from sktl.weighting import choose_rule

BINARY = ClassificationTask(np.array([0, 1]))
THREE = ClassificationTask(np.array(["a", "b", "c"]))
NUMBER = RegressionTask(mean=3.0, scale=2.0)
OLD = TaskSet((BINARY, THREE, NUMBER))


@pytest.fixture
def pair():
    """Return outputs (6, 5) of the old tasks now and before."""
    return torch.randn(6, 5, dtype=torch.float64), torch.randn(6, 5, dtype=torch.float64)


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_it_is_the_sum_of_what_each_task_moved(pair, temperature):
    now, before = pair
    p, q = ((z[:, 0] / temperature).sigmoid() for z in (before, now))
    binary = p * (p / q).log() + (1 - p) * ((1 - p) / (1 - q)).log()
    logs = [(z[:, 1:4] / temperature).log_softmax(dim=1) for z in (now, before)]
    three = functional.kl_div(*logs, reduction="none", log_target=True).sum(dim=1)
    number = 0.5 * (now[:, 4] - before[:, 4]) ** 2
    expected = temperature**2 * (binary + three) + number
    torch.testing.assert_close(distance_to_old(OLD, now, before, temperature), expected)


def test_no_move_is_no_distance(pair):
    now, _ = pair
    now.requires_grad_()
    distance = distance_to_old(OLD, now, now.detach())
    distance.sum().backward()
    torch.testing.assert_close(distance, torch.zeros_like(distance))
    torch.testing.assert_close(now.grad, torch.zeros_like(now))


def test_the_gradient_is_that_of_the_softened_cross_entropy(pair):
    now, before = (z[:, 1:4] for z in pair)
    now = now.clone().requires_grad_()
    distance_to_old(TaskSet((THREE,)), now, before).sum().backward()
    soft = (before / 2).softmax(dim=1)
    torch.testing.assert_close(now.grad, 2 * ((now.detach() / 2).softmax(dim=1) - soft))


class TestLoss:
    def make(self, strength):
        new = JointLoss(TaskSet((THREE,)), choose_rule("equal")).double()
        return new, DistillationLoss(new, OLD, strength)

    def test_new_and_old_are_added(self, pair):
        now, before = pair
        outputs = torch.cat([now, torch.randn(6, 3, dtype=torch.float64)], dim=1)
        labels, weights = torch.tensor([[0.0], [1], [2], [0], [1], [2]]), torch.rand(6, 1).double()
        new, loss = self.make(0.7)
        expected = new(outputs[:, 5:], (labels, weights)) + 0.7 * distance_to_old(OLD, now, before).mean()
        torch.testing.assert_close(loss(outputs, (torch.cat([labels, before], dim=1), weights)), expected)

    def test_without_strength_it_is_that_of_the_new_task(self, pair):
        outputs = torch.cat([pair[0], torch.randn(6, 3, dtype=torch.float64)], dim=1).requires_grad_()
        labels, weights = torch.zeros(6, 1), torch.ones(6, 1).double()
        new, loss = self.make(0.0)
        value = loss(outputs, (labels, weights))
        torch.testing.assert_close(value, new(outputs[:, 5:], (labels, weights)))
        value.backward()
        assert not outputs.grad[:, :5].any()

    def test_an_epoch_ends_for_the_new_task(self):
        new, loss = self.make(1.0)
        new.sums += 1.0
        loss.end_epoch()
        assert not new.sums.any()
