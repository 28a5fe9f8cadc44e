import math

import numpy as np
import pytest
import torch

from sktl.losses import DENOMINATORS, entry_weights
from sktl.tasks import ClassificationTask, RegressionTask, TaskSet
from sktl.training import JointLoss
from sktl.weighting import RULES, GradientRule, WeightingRule, choose_rule

TASKS = TaskSet(
    (
        ClassificationTask(np.array([0, 1])),
        ClassificationTask(np.array([0, 1, 2])),
        RegressionTask(0.0, 1.0),
        RegressionTask(0.0, 1.0, "huber"),
        ClassificationTask(np.array([0, 1])),
    )
)
N, N_TASKS = 12, len(TASKS)
RULES_OF_WEIGHTS = [name for name, rule in RULES.items() if issubclass(rule, WeightingRule)]


@pytest.fixture
def outputs(rng):
    return torch.from_numpy(rng.normal(scale=3, size=(N, TASKS.n_outputs))).requires_grad_()


@pytest.fixture
def columns(rng):
    """Return the labels of each task."""
    return [
        rng.normal(size=N) if task.kind == "regression" else rng.integers(0, len(task.classes), size=N)
        for task in TASKS
    ]


@pytest.fixture
def labelled(rng):
    there = rng.uniform(size=(N, N_TASKS)) < 0.6
    there[:, 2] |= ~there.any(axis=1)
    return there


def loss_by_hand(task, outputs, target):
    """Return the loss of one entry, in plain Python."""
    if task.loss == "logistic":
        return math.log(1 + math.exp(outputs[0])) - target * outputs[0]
    if task.loss == "cross_entropy":
        return math.log(sum(math.exp(z) for z in outputs)) - outputs[int(target)]
    error = abs(outputs[0] - target)
    return error - 0.5 if task.loss == "huber" and error > 1 else 0.5 * error**2


def loss_of(rule="equal", dtype=torch.float64):
    return JointLoss(TASKS, choose_rule(rule)).to(dtype)


@pytest.mark.parametrize("denominator", DENOMINATORS)
@pytest.mark.parametrize("kind", ["none", "of samples", "of labels"])
def test_against_a_loop_over_entries(outputs, columns, labelled, denominator, kind, rng):
    given = {
        "none": np.ones((N, N_TASKS)),
        "of samples": np.repeat(rng.uniform(0.1, 3, size=(N, 1)), N_TASKS, axis=1),
        "of labels": rng.uniform(0.1, 3, size=(N, N_TASKS)),
    }[kind]
    factors = np.array([1.0, 2.0, 0.5, 1.0, 3.0])
    total, weight, mean_weight = 0.0, 0.0, 0.0
    sums, weights = [0.0] * N_TASKS, [0.0] * N_TASKS
    for i in range(N):
        mine = [given[i, t] for t in range(N_TASKS) if labelled[i, t]]
        mean_weight += sum(mine) / len(mine) / N
        for t, (task, part) in enumerate(zip(TASKS, TASKS.slices, strict=True)):
            if labelled[i, t]:
                cost = given[i, t] * loss_by_hand(task, outputs[i, part].tolist(), columns[t][i])
                total += factors[t] * cost
                weight += given[i, t]
                sums[t] += factors[t] * cost
                weights[t] += given[i, t]
    expected = {
        "samples": total / N / mean_weight,
        "labels": total / weight,
        "tasks": sum(s / w for s, w in zip(sums, weights, strict=True)) / N_TASKS,
    }[denominator]
    targets = TASKS.encode(columns, labelled, torch.float64)
    entries = torch.from_numpy(entry_weights(given, labelled, factors, denominator))
    assert loss_of()(outputs, (targets, entries)).item() == pytest.approx(expected)


@pytest.mark.parametrize("rule", RULES_OF_WEIGHTS)
@pytest.mark.parametrize("odd", [np.nan, np.inf, -1e30])
def test_what_stands_at_a_missing_entry_makes_no_difference(outputs, columns, labelled, rule, odd, rng):
    given = rng.uniform(0.1, 3, size=(N, N_TASKS))
    found = []
    for filled in (False, True):
        fill = odd if filled else 1.0
        odd_columns = [np.where(there, column, fill) for column, there in zip(columns, labelled.T, strict=True)]
        targets = TASKS.encode(odd_columns, labelled, torch.float64)
        weights = entry_weights(np.where(labelled, given, fill), labelled, np.ones(N_TASKS))
        torch.manual_seed(0)
        loss = loss_of(rule)(outputs, (targets, torch.from_numpy(weights)))
        found.append((loss, *torch.autograd.grad(loss, outputs)))
    assert torch.equal(found[0][0], found[1][0])
    assert torch.equal(found[0][1], found[1][1])
    for t, part in enumerate(TASKS.slices):
        assert (found[1][1][~labelled[:, t], part] == 0).all()
        assert (found[1][1][labelled[:, t], part] != 0).all()


@pytest.mark.parametrize("denominator", DENOMINATORS)
def test_the_mean_over_batches_of_one_size_is_that_of_all(outputs, columns, labelled, denominator, rng):
    targets = TASKS.encode(columns, labelled, torch.float64)
    given = rng.uniform(0.1, 3, size=(N, N_TASKS))
    weights = torch.from_numpy(entry_weights(given, labelled, np.ones(N_TASKS), denominator))
    loss = loss_of()
    parts = [loss(outputs[i : i + 4], (targets[i : i + 4], weights[i : i + 4])).item() for i in range(0, N, 4)]
    assert np.mean(parts) == pytest.approx(loss(outputs, (targets, weights)).item())


def test_the_mean_over_batches_has_the_gradient_of_all(outputs, columns, labelled):
    targets = TASKS.encode(columns, labelled, torch.float64)
    weights = torch.from_numpy(entry_weights(np.ones((N, N_TASKS)), labelled, np.ones(N_TASKS)))
    loss = loss_of()
    (whole,) = torch.autograd.grad(loss(outputs, (targets, weights)), outputs)
    for i in range(0, N, 4):
        (part,) = torch.autograd.grad(loss(outputs[i : i + 4], (targets[i : i + 4], weights[i : i + 4])), outputs)
        torch.testing.assert_close(part[i : i + 4] / 3, whole[i : i + 4])


@pytest.mark.parametrize("rule", RULES)
def test_a_loss_that_is_only_looked_at_has_equal_weights(outputs, columns, labelled, rule):
    targets = TASKS.encode(columns, labelled, torch.float64)
    weights = torch.from_numpy(labelled).double()
    loss = loss_of(rule).eval()
    with torch.no_grad():
        loss.learned += 1.0
    assert loss(outputs, (targets, weights)).item() == loss_of()(outputs, (targets, weights)).item()
    assert (loss.sums == 0).all()


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_that_learns_is_the_only_one_to_train_numbers(rule):
    assert loss_of(rule).learned.requires_grad is (rule == "uncertainty")


class Numbered(WeightingRule):
    """Keeps the statistics, and weighs by the number of the task."""

    def weights(self, statistics):
        self.statistics = statistics
        return torch.arange(1.0, 1 + N_TASKS, dtype=statistics.noise.dtype)

    def offsets(self, statistics):
        return 10 * self.weights(statistics)


def test_weights_multiply_and_offsets_are_added_at_labels(outputs, columns, labelled):
    targets = TASKS.encode(columns, labelled, torch.float64)
    weights = torch.from_numpy(np.where(labelled, 2.0, 0.0))
    loss = JointLoss(TASKS, Numbered()).double()
    costs = loss.contributions(outputs, (targets, weights))
    factors = np.arange(1, 1 + N_TASKS)
    expected = ((costs.detach().numpy() * factors).sum() + 20 * (labelled * factors).sum()) / N
    assert loss(outputs, (targets, weights)).item() == pytest.approx(expected)


def test_the_rule_is_told_which_tasks_have_a_label(outputs, columns, labelled):
    labelled = labelled.copy()
    labelled[:, [1, 4]] = False
    targets = TASKS.encode(columns, labelled, torch.float64)
    loss = JointLoss(TASKS, Numbered()).double()
    loss(outputs, (targets, torch.from_numpy(labelled).double()))
    assert loss.rule.statistics.labelled.tolist() == [True, False, True, True, False]
    assert loss.rule.statistics.noise.dtype == torch.float64


def test_the_noise_is_new_in_every_batch_and_torch_s_seed_decides_it(outputs, columns, labelled):
    targets, weights = TASKS.encode(columns, labelled, torch.float64), torch.from_numpy(labelled).double()
    loss = JointLoss(TASKS, Numbered()).double()
    draws = []
    for seed in (1, None, 1):
        if seed is not None:
            torch.manual_seed(seed)
        loss(outputs, (targets, weights))
        draws.append(loss.rule.statistics.noise)
    assert torch.equal(draws[0], draws[2])
    assert not torch.equal(draws[0], draws[1])


def test_the_mean_losses_of_two_epochs_are_kept(outputs, columns, labelled):
    labelled = labelled.copy()
    labelled[:, 3] = False
    targets, weights = TASKS.encode(columns, labelled, torch.float64), torch.from_numpy(labelled).double()
    loss = loss_of("dwa")
    assert torch.isnan(loss.previous).all()
    costs = (loss.contributions(outputs, (targets, weights)).sum(dim=0) / weights.sum(dim=0)).detach()
    for start in range(0, N, 4):
        part = slice(start, start + 4)
        loss(outputs[part], (targets[part], weights[part]))
    loss.end_epoch()
    torch.testing.assert_close(loss.previous[0], costs, equal_nan=True)
    assert torch.isnan(loss.previous[:, 3]).all()
    assert torch.isnan(loss.previous[1]).all()
    later = (loss.contributions(2 * outputs, (targets, weights)).sum(dim=0) / weights.sum(dim=0)).detach()
    loss(2 * outputs, (targets, weights))
    loss.end_epoch()
    torch.testing.assert_close(loss.previous, torch.stack([later, costs]), equal_nan=True)


@pytest.mark.parametrize("rule", [name for name in RULES if issubclass(RULES[name], GradientRule)])
def test_a_gradient_rule_leaves_the_loss_as_it_is(outputs, columns, labelled, rule):
    targets, weights = TASKS.encode(columns, labelled, torch.float64), torch.from_numpy(labelled).double()
    assert torch.equal(loss_of(rule)(outputs, (targets, weights)), loss_of()(outputs, (targets, weights)))
