import numpy as np
import pytest
import torch

from sktl.tasks import RegressionTask, TaskSet
from sktl.training import JointLoss
from sktl.weighting import choose_rule

TASKS = TaskSet((RegressionTask(0.0, 1.0),) * 3)


@pytest.fixture
def loss():
    return JointLoss(TASKS, choose_rule("uncertainty"))


def batch_with(losses, weights):
    """Return outputs and labels with these losses at each entry."""
    outputs = (2 * torch.tensor(losses)).sqrt()
    return outputs, (torch.zeros_like(outputs), torch.tensor(weights))


def test_at_fixed_losses_s_settles_at_their_logarithm(loss):
    outputs, labels = batch_with([[0.2, 1.0, 5.0], [0.4, 1.0, 15.0]], [[1.0, 1.0, 1.0]] * 2)
    optimizer = torch.optim.SGD([loss.learned], lr=0.5)
    for _ in range(300):
        optimizer.zero_grad()
        loss(outputs, labels).backward()
        optimizer.step()
    np.testing.assert_allclose(loss.learned.detach(), np.log([0.3, 1.0, 10.0]), atol=1e-4)


def test_weights_of_entries_do_not_move_where_it_settles(loss):
    outputs, labels = batch_with([[2.0, 1.0, 1.0], [4.0, 1.0, 1.0]], [[3.0, 0.5, 1.0], [1.0, 0.5, 1.0]])
    with torch.no_grad():
        loss.learned.copy_(torch.tensor([(3 * 2.0 + 1 * 4.0) / 4, 1.0, 1.0]).log())
    loss(outputs, labels).backward()
    np.testing.assert_allclose(loss.learned.grad, 0, atol=1e-6)


def test_a_task_without_a_label_has_no_term(loss):
    outputs, labels = batch_with([[0.2, 1.0, 5.0], [0.4, 1.0, 15.0]], [[1.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    with torch.no_grad():
        loss.learned.copy_(torch.tensor([0.1, 7.0, -0.3]))
    value = loss(outputs, labels)
    value.backward()
    assert loss.learned.grad[1] == 0
    assert loss.learned.grad[[0, 2]].all()
    s = [0.1, -0.3]
    expected = (0.5 * np.exp(-s[0]) * (0.2 + 0.4) + 2 * 0.5 * s[0] + 0.5 * np.exp(-s[1]) * 5.0 + 0.5 * s[1]) / 2
    assert value.item() == pytest.approx(expected, rel=1e-6)


def test_at_first_it_is_half_of_equal_weights(loss):
    outputs, labels = batch_with([[0.2, 1.0, 5.0]], [[1.0, 2.0, 1.0]])
    equal = JointLoss(TASKS, choose_rule("equal"))
    torch.testing.assert_close(2 * loss(outputs, labels), equal(outputs, labels))
