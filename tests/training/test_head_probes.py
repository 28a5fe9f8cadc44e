import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from sktl.tasks import ClassificationTask, RegressionTask, TaskSet
from sktl.training import _head_probes
from sktl.training._head_probes import solve_heads

TASKS = TaskSet(
    (
        ClassificationTask(np.arange(2)),
        ClassificationTask(np.arange(3)),
        RegressionTask(0.0, 1.0),
        ClassificationTask(np.arange(2)),
    )
)
PENALTY = 1e-2


@pytest.fixture
def problem(rng):
    """Return features, targets and weights (0 where a label is missing)."""
    features = rng.normal(size=(60, 5)) + 2
    scores = (features - 2) @ rng.normal(size=(5, 4)) + 0.5 * rng.normal(size=(60, 4))
    targets = np.column_stack([scores[:, 0] > 0, scores[:, :3].argmax(axis=1), scores[:, 2], scores[:, 3] > 0])
    weights = rng.uniform(0.3, 2, size=(60, 4)) * (rng.uniform(size=(60, 4)) < 0.7)
    return features.astype(np.float32), targets.astype(float), weights


def test_each_head_is_scikit_learn_s_on_the_labelled_samples(problem):
    features, targets, weights = problem
    probes = solve_heads(TASKS, [features], targets, weights, PENALTY, 0)
    assert len(probes) == 4
    for number, (task, probe) in enumerate(zip(TASKS, probes, strict=True)):
        there = weights[:, number] > 0
        x, y, w = features[there].astype(float), targets[there, number], weights[there, number]
        centred = x - np.average(x, axis=0, weights=w)
        size = np.average((centred**2).sum(axis=1), weights=w)
        if task.kind == "regression":
            model = Ridge(alpha=PENALTY * w.sum() * size)
        else:
            model = LogisticRegression(C=1 / (PENALTY * w.sum() * size), tol=1e-10, max_iter=10_000)
        model.fit(centred, y, sample_weight=w)
        np.testing.assert_allclose(probe.weight, np.atleast_2d(model.coef_), atol=2e-4)
        expected = centred @ np.atleast_2d(model.coef_).T + model.intercept_
        np.testing.assert_allclose(x @ probe.weight.T + probe.bias, expected, atol=1e-3)


def test_what_stands_at_missing_labels_makes_no_difference(problem):
    features, targets, weights = problem
    one = solve_heads(TASKS, [features], targets, weights, PENALTY, 0)
    other = solve_heads(TASKS, [features], np.where(weights > 0, targets, np.nan), weights, PENALTY, 0)
    for a, b in zip(one, other, strict=True):
        assert np.array_equal(a.weight, b.weight)
        assert np.array_equal(a.bias, b.bias)


def test_the_other_tasks_make_no_difference(problem):
    features, targets, weights = problem
    probes = solve_heads(TASKS, [features], targets, weights, "auto", 3)
    for number, task in enumerate(TASKS):
        part = slice(number, number + 1)
        (alone,) = solve_heads(TaskSet((task,)), [features], targets[:, part], weights[:, part], "auto", 3)
        assert np.array_equal(alone.weight, probes[number].weight)
        assert alone.penalty == probes[number].penalty


def test_tasks_with_the_same_labelled_samples_share_a_rotation(problem, monkeypatch):
    features, targets, weights = problem
    calls = []
    plain = _head_probes.rotate
    monkeypatch.setattr(_head_probes, "rotate", lambda *arguments: calls.append(1) or plain(*arguments))
    solve_heads(TASKS, [features], targets, np.ones((60, 4)), PENALTY, 0)
    assert len(calls) == 1
    shared = np.ones((60, 4))
    shared[:, 1] = 2.0  # the same but for a factor
    shared[0, 3] = 0
    solve_heads(TASKS, [features], targets, shared, PENALTY, 0)
    assert len(calls) == 1 + 2
    solve_heads(TASKS, [features], targets, weights, PENALTY, 0)
    assert len(calls) == 3 + 4
    others = np.ones((60, 4))
    others[:7, 2] = 3.0  # the same samples, of other weights
    solve_heads(TASKS, [features], targets, others, PENALTY, 0)
    assert len(calls) == 7 + 2


@pytest.mark.parametrize("penalty", [PENALTY, "auto"])
def test_a_task_whose_weights_are_all_zero_has_a_head_of_zeros(problem, penalty):
    features, targets, weights = problem
    plain = solve_heads(TASKS, [features], targets, weights, penalty, 0)
    for number, task in enumerate(TASKS):
        zero = weights.copy()
        zero[:, number] = 0
        probes = solve_heads(TASKS, [features], targets, zero, penalty, 0)
        empty = probes.pop(number)
        assert empty.weight.shape == (task.n_outputs, 5)
        assert not empty.weight.any()
        assert not empty.bias.any()
        assert np.isnan(empty.penalty)
        others = [probe for other, probe in enumerate(plain) if other != number]
        assert all(np.array_equal(a.weight, b.weight) for a, b in zip(probes, others, strict=True))
