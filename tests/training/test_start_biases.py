import numpy as np
import pytest
import torch

from sktl.losses import EntryLosses
from sktl.tasks import ClassificationTask, RegressionTask, TaskSet
from sktl.training._start_biases import start_biases

TASKS = TaskSet(
    (ClassificationTask(np.arange(2)), ClassificationTask(np.arange(3)), RegressionTask(0.0, 1.0)),
)


@pytest.fixture
def table(rng):
    targets = np.column_stack([rng.integers(0, 2, size=40), rng.integers(0, 3, size=40), rng.normal(size=40)])
    weights = rng.uniform(0.2, 2, size=(40, 3)) * (rng.uniform(size=(40, 3)) < 0.7)
    return torch.from_numpy(targets), torch.from_numpy(weights)


def test_no_other_constant_answer_is_better(table):
    targets, weights = table
    biases = start_biases(TASKS, targets, weights).requires_grad_()
    assert biases.shape == (5,)
    (weights * EntryLosses(TASKS)(biases.expand(40, 5), targets)).sum().backward()
    np.testing.assert_allclose(biases.grad, 0, atol=1e-9)


def test_missing_labels_make_no_difference(table):
    targets, weights = table
    filled = torch.where(weights > 0, targets, 1.0)
    assert torch.equal(start_biases(TASKS, targets, weights), start_biases(TASKS, filled, weights))


def test_values():
    targets = torch.tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 5.0], [0.0, 0.0, 99.0]])
    weights = torch.tensor([[1.0, 1.0, 1.0], [1.0, 1.0, 3.0], [2.0, 2.0, 0.0]])
    biases = start_biases(TASKS, targets, weights)
    assert biases[0].item() == pytest.approx(np.log(1 / 3))
    assert biases[[1, 3]].softmax(dim=0).tolist() == pytest.approx([0.75, 0.25])
    assert biases[4].item() == pytest.approx(4.5)
    assert biases[1:4].sum().item() == pytest.approx(0, abs=1e-5)


def test_a_class_that_was_never_seen_is_unlikely_but_finite():
    tasks = TaskSet((ClassificationTask(np.arange(2)), ClassificationTask(np.arange(3))))
    biases = start_biases(tasks, torch.zeros(4, 2), torch.ones(4, 2))
    assert torch.isfinite(biases).all()
    assert biases[0] < -10
    assert (biases[2:] < biases[1] - 10).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_type_is_that_of_the_weights(table, dtype):
    targets, weights = table
    assert start_biases(TASKS, targets.to(dtype), weights.to(dtype)).dtype == dtype


def test_a_task_whose_weights_are_all_zero_starts_at_zero(table):
    targets, weights = table
    plain = start_biases(TASKS, targets, weights)
    for number, part in enumerate(TASKS.slices):
        zero = weights.clone()
        zero[:, number] = 0
        biases = start_biases(TASKS, targets, zero)
        assert not biases[part].any()
        assert (biases != plain).sum() == part.stop - part.start
