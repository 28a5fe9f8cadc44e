import math

import numpy as np
import pytest
import torch

from sktl.losses import (
    DENOMINATORS,
    LOSSES,
    EntryLosses,
    WeightSums,
    cross_entropy,
    entry_weights,
    huber,
    logistic,
    squared_error,
)
from sktl.tasks import ClassificationTask, RegressionTask, TaskSet

NUMBER = RegressionTask(0.0, 1.0)
ROBUST = RegressionTask(0.0, 1.0, "huber")
TWO = ClassificationTask(np.arange(2))
THREE = ClassificationTask(np.arange(3))
FIVE = ClassificationTask(np.arange(5))
MIXTURES = {
    "one": (TWO,),
    "alike": (THREE, THREE),
    "two losses": (TWO, NUMBER),
    "all": (THREE, TWO, NUMBER, FIVE, ROBUST, TWO, THREE),
}


@pytest.fixture
def batch(rng):
    """Return a function that makes outputs and targets for a loss."""

    def make(loss, n=12):
        n_outputs = 3 if loss == "cross_entropy" else 1
        outputs = torch.from_numpy(rng.normal(scale=3, size=(n, n_outputs)))
        if loss in ("squared_error", "huber"):
            return outputs, torch.from_numpy(rng.normal(size=n))
        return outputs, torch.from_numpy(rng.integers(0, max(2, n_outputs), size=n)).double()

    return make


def loss_by_hand(name, outputs, target):
    """Return the loss of one entry, in plain Python."""
    if name == "logistic":
        p = 1 / (1 + math.exp(-outputs[0]))
        return -math.log(p if target == 1 else 1 - p)
    if name == "cross_entropy":
        return math.log(sum(math.exp(z) for z in outputs)) - outputs[int(target)]
    error = abs(outputs[0] - target)
    return error - 0.5 if name == "huber" and error > 1 else error**2 / 2


@pytest.mark.parametrize("loss", sorted(LOSSES))
class TestContract:
    """What every loss keeps to."""

    def test_against_a_loop(self, loss, batch):
        outputs, targets = batch(loss)
        pairs = zip(outputs.tolist(), targets.tolist(), strict=True)
        np.testing.assert_allclose(LOSSES[loss](outputs, targets), [loss_by_hand(loss, *pair) for pair in pairs])

    def test_one_finite_value_of_zero_or_more_for_each_sample(self, loss, batch):
        losses = LOSSES[loss](*batch(loss))
        assert losses.shape == (12,)
        assert torch.isfinite(losses).all()
        assert (losses >= 0).all()

    def test_samples_do_not_see_each_other(self, loss, batch):
        outputs, targets = batch(loss)
        whole = LOSSES[loss](outputs, targets)
        alone = torch.cat([LOSSES[loss](outputs[i : i + 1], targets[i : i + 1]) for i in range(12)])
        torch.testing.assert_close(whole, alone)


def test_logistic_is_finite_far_out():
    outputs, targets = torch.tensor([[1000.0], [-1000.0]]), torch.tensor([0.0, 1.0])
    assert logistic(outputs, targets).tolist() == [1000.0, 1000.0]


def test_cross_entropy_is_finite_far_out():
    assert cross_entropy(torch.tensor([[1000.0, 0.0]]), torch.tensor([1.0])).tolist() == [1000.0]


def test_huber_is_linear_beyond_one():
    outputs, targets = torch.tensor([[0.5], [1.0], [3.0]]), torch.zeros(3)
    assert huber(outputs, targets).tolist() == [0.125, 0.5, 2.5]
    assert squared_error(outputs, targets).tolist() == [0.125, 0.5, 4.5]


def make_table(tasks, rng, n=8):
    """Return outputs (n, n_outputs) and targets (n, n_tasks)."""
    columns = [
        rng.normal(size=n) if task.kind == "regression" else rng.integers(0, len(task.classes), size=n)
        for task in tasks
    ]
    return torch.from_numpy(rng.normal(scale=2, size=(n, tasks.n_outputs))), torch.from_numpy(np.stack(columns, axis=1))


@pytest.mark.parametrize("mixture", MIXTURES)
def test_each_entry_has_the_loss_of_its_task(mixture, rng):
    tasks = TaskSet(MIXTURES[mixture])
    outputs, targets = make_table(tasks, rng)
    losses = EntryLosses(tasks)(outputs, targets.double())
    assert losses.shape == targets.shape
    for i in range(len(targets)):
        for number, (task, part) in enumerate(zip(tasks, tasks.slices, strict=True)):
            expected = loss_by_hand(task.loss, outputs[i, part].tolist(), targets[i, number].item())
            assert losses[i, number].item() == pytest.approx(expected)


def test_tasks_of_one_loss_are_one_call(rng, monkeypatch):
    shapes = []

    def counted(outputs, targets):
        shapes.append(tuple(outputs.shape))
        return logistic(outputs, targets)

    monkeypatch.setitem(LOSSES, "logistic", counted)
    tasks = TaskSet((TWO, THREE, TWO, TWO))
    outputs, targets = make_table(tasks, rng)
    EntryLosses(tasks)(outputs, targets.double())
    assert shapes == [(24, 1)]


def test_no_weights_of_its_own():
    assert EntryLosses(TaskSet(MIXTURES["all"])).state_dict() == {}


class TestEntryWeights:
    """The law of the loss: what each denominator divides by."""

    @pytest.fixture
    def table(self, rng):
        labelled = rng.uniform(size=(30, 4)) < [0.9, 0.5, 0.3, 0.8]
        labelled[:, 0] |= ~labelled.any(axis=1)
        losses = np.where(labelled, rng.exponential(size=(30, 4)), 0.0)
        return labelled, losses

    @pytest.mark.parametrize("denominator", DENOMINATORS)
    def test_without_weights(self, table, denominator):
        labelled, losses = table
        weights = entry_weights(np.ones((30, 4)), labelled, np.ones(4), denominator)
        expected = {
            "samples": losses.sum() / 30,
            "labels": losses.sum() / labelled.sum(),
            "tasks": (losses.sum(axis=0) / labelled.sum(axis=0)).mean(),
        }[denominator]
        assert (weights * losses).sum() / 30 == pytest.approx(expected)

    def test_the_default_is_the_number_of_samples(self, table):
        labelled, _ = table
        assert np.array_equal(entry_weights(np.ones((30, 4)), labelled, np.ones(4)), labelled.astype(float))

    @pytest.mark.parametrize("denominator", DENOMINATORS)
    def test_missing_entries_weigh_nothing_whatever_stands_there(self, table, denominator, rng):
        labelled, _ = table
        values = rng.uniform(0.5, 2, size=(30, 4))
        expected = entry_weights(values, labelled, np.ones(4), denominator)
        for odd in (np.nan, np.inf, -7.0):
            weights = entry_weights(np.where(labelled, values, odd), labelled, np.ones(4), denominator)
            assert np.array_equal(weights, expected)
        assert (expected[~labelled] == 0).all()
        assert (expected[labelled] > 0).all()

    @pytest.mark.parametrize("denominator", DENOMINATORS)
    def test_scaling_all_weights_changes_nothing(self, table, denominator, rng):
        labelled, _ = table
        values = rng.uniform(0.5, 2, size=(30, 4))
        one = entry_weights(values, labelled, np.ones(4), denominator)
        np.testing.assert_allclose(entry_weights(9 * values, labelled, np.ones(4), denominator), one)

    @pytest.mark.parametrize("denominator", DENOMINATORS)
    def test_within_a_task_weights_keep_their_ratios(self, table, denominator, rng):
        labelled, _ = table
        values = rng.uniform(0.5, 2, size=(30, 4))
        weights = entry_weights(values, labelled, np.ones(4), denominator)
        for t in range(4):
            ratios = weights[labelled[:, t], t] / values[labelled[:, t], t]
            np.testing.assert_allclose(ratios, ratios[0])

    @pytest.mark.parametrize("denominator", DENOMINATORS)
    def test_factors_of_tasks_multiply(self, table, denominator):
        labelled, _ = table
        factors = np.array([0.0, 1.0, 2.0, 0.5])
        plain = entry_weights(np.ones((30, 4)), labelled, np.ones(4), denominator)
        np.testing.assert_allclose(entry_weights(np.ones((30, 4)), labelled, factors, denominator), plain * factors)

    @pytest.mark.parametrize("denominator", DENOMINATORS)
    def test_one_complete_task_has_weights_of_mean_one(self, denominator, rng):
        values = rng.uniform(size=(20, 1))
        weights = entry_weights(values, np.ones((20, 1), dtype=bool), np.ones(1), denominator)
        np.testing.assert_allclose(weights, values / values.mean())

    @pytest.mark.parametrize("denominator", DENOMINATORS)
    def test_a_task_without_a_label_takes_no_part(self, table, denominator):
        labelled, _ = table
        labelled[:, 1], labelled[:, 0] = False, True
        weights = entry_weights(np.ones((30, 4)), labelled, np.ones(4), denominator)
        assert np.isfinite(weights).all()
        assert np.array_equal(weights > 0, labelled)

    @pytest.mark.parametrize("denominator", DENOMINATORS)
    def test_weights_of_0_weigh_nothing(self, table, denominator):
        labelled, _ = table
        assert not entry_weights(np.zeros((30, 4)), labelled, np.ones(4), denominator).any()

    @pytest.mark.parametrize("denominator", DENOMINATORS)
    def test_parts_keep_the_ratios_of_the_whole(self, denominator, rng):
        values, labelled = rng.uniform(0.5, 2, size=(30, 4)), np.ones((30, 4), dtype=bool)
        values[20:] *= 7
        whole = entry_weights(values, labelled, np.ones(4), denominator)
        before = WeightSums.of(values[:20], labelled[:20])
        last = entry_weights(values[20:], labelled[20:], np.ones(4), denominator, before)
        np.testing.assert_allclose(last, whole[20:])

    @pytest.mark.parametrize("denominator", DENOMINATORS)
    def test_parts_of_weight_1_are_what_they_are_alone(self, table, denominator):
        labelled, _ = table
        before = WeightSums.of(np.ones((30, 4)), labelled)
        alone = entry_weights(np.ones((7, 4)), labelled[:7], np.ones(4), denominator)
        assert np.array_equal(entry_weights(np.ones((7, 4)), labelled[:7], np.ones(4), denominator, before), alone)


class TestWeightSums:
    def test_of_parts_are_those_of_the_whole(self, rng):
        values, labelled = rng.uniform(size=(30, 3)), rng.uniform(size=(30, 3)) < 0.7
        labelled[:, 0] = True
        whole = WeightSums.of(values, labelled)
        parts = WeightSums.of(values[:10], labelled[:10]) + WeightSums.of(values[10:], labelled[10:])
        assert (parts.of_sample, parts.of_label) == pytest.approx((whole.of_sample, whole.of_label))
        np.testing.assert_allclose(parts.of_tasks, [values[there, t].mean() for t, there in enumerate(labelled.T)])

    def test_the_mean_square_of_parts_goes_by_their_samples(self):
        light, heavy = (WeightSums.of(np.full((n, 1), w), np.ones((n, 1), dtype=bool)) for n, w in ((3, 1.0), (1, 5.0)))
        assert (light.of_part, (light + heavy).of_part) == (1.0, pytest.approx(np.sqrt((3 + 25) / 4)))

    def test_a_task_without_labels_weighs_1(self):
        assert WeightSums.of(np.full((2, 2), 3.0), np.array([[True, False]] * 2)).of_tasks.tolist() == [3.0, 1.0]

    def test_with_a_task_more(self):
        one, other = (WeightSums.of(np.full((n, 1), w), np.ones((n, 1), dtype=bool)) for n, w in ((3, 1.0), (2, 5.0)))
        both = one.with_task(other)
        assert (both.n_samples, both.of_sample, both.n_labels.tolist()) == (3, 1.0, [3, 2])
        assert both.of_tasks.tolist() == [1.0, 5.0]
