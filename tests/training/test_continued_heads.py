import dataclasses

import numpy as np
import pytest

from sktl.tasks import ClassificationTask, RegressionTask, TaskSet
from sktl.training._continued_heads import continue_heads, unknown_memory, with_memories
from sktl.training._head_memory import RANK
from sktl.training._head_probes import solve_heads
from sktl.training._part_share import PartShare

N_FEATURES, N_PARTS = 40, 6
BINARY, THREE, NUMBER = ClassificationTask(np.arange(2)), ClassificationTask(np.arange(3)), RegressionTask(0.0, 1.0)
KINDS = [(0, BINARY), (1, THREE), (2, NUMBER)]


@pytest.fixture
def stream(rng):
    """Return a function that draws n samples: features and the targets of three tasks, one of each kind."""
    slopes = rng.normal(size=(N_FEATURES, 3)) * (np.arange(N_FEATURES) < 8)[:, None]
    spread = np.geomspace(3, 0.1, N_FEATURES)

    def draw(n):
        x = rng.normal(size=(n, N_FEATURES))
        scores = x @ slopes + rng.normal(size=(n, 3))
        targets = np.column_stack([scores[:, 0] > 0, scores.argmax(axis=1), scores[:, 2] / 3])
        return (x * spread + 5).astype(np.float32), targets.astype(float)

    return draw


def first(task, x, y, penalty="auto", weights=None):
    weights = np.ones((len(y), 1)) if weights is None else weights
    tasks = TaskSet((task,))
    return with_memories(solve_heads(tasks, [x], y, weights, penalty, 0), tasks, [x], y, weights, penalty)[0]


def more(task, probe, x, y, penalty="auto", weights=None, n_views=1):
    weights = np.ones((len(y), 1)) if weights is None else weights
    head, tasks = (probe.weight, probe.bias), TaskSet((task,))
    return continue_heads(tasks, [head], [probe.memory], [x], y, weights, penalty, 0, n_views)[0]


def in_parts(task, x, y, penalty="auto"):
    parts = np.array_split(np.arange(len(y)), N_PARTS)
    probe = first(task, x[parts[0]], y[parts[0]], penalty)
    for part in parts[1:]:
        probe = more(task, probe, x[part], y[part], penalty)
    return probe


def error(task, probe, x, y):
    """Return the share of wrong answers, or the mean squared error."""
    outputs = x @ probe.weight.T + probe.bias
    if task.kind == "regression":
        return float(np.square(outputs - y).mean())
    answers = outputs[:, 0] > 0 if task.kind == "binary" else outputs.argmax(axis=1)
    return float((answers != y[:, 0]).mean())


@pytest.mark.parametrize(("number", "task"), KINDS)
@pytest.mark.parametrize("penalty", ["auto", 1e-3])
def test_parts_teach_nearly_what_the_whole_does(stream, number, task, penalty):
    (x, y), (x_test, y_test) = stream(240), stream(2000)
    y, y_test = y[:, [number]], y_test[:, [number]]
    one = error(task, first(task, x[:40], y[:40], penalty), x_test, y_test)
    whole = error(task, first(task, x, y, penalty), x_test, y_test)
    parts = error(task, in_parts(task, x, y, penalty), x_test, y_test)
    assert whole < 0.8 * one
    assert parts < whole + 0.15 * (one - whole)


def test_squared_errors_are_remembered_exactly_where_directions_are_enough(stream):
    x, y = stream(240)
    x, y = x[:, : RANK - 1], y[:, [2]]
    parts, whole = in_parts(NUMBER, x, y, 1e-9), first(NUMBER, x, y, 1e-9)
    np.testing.assert_allclose(parts.weight, whole.weight, atol=2e-4)
    np.testing.assert_allclose(parts.bias, whole.bias, atol=2e-3)


def test_intercepts_have_no_penalty(stream):
    x, y = stream(240)
    x, y = x[:, : RANK - 1] - 5, y[:, [2]] + 3
    parts, whole = in_parts(NUMBER, x, y, 1.0), first(NUMBER, x, y, 1.0)
    np.testing.assert_allclose(parts.bias, whole.bias, rtol=0.01)


def test_classes_that_come_one_after_the_other_stay(stream):
    (x, y), (x_test, y_test) = stream(300), stream(2000)
    order, y, y_test = np.argsort(y[:, 1], kind="stable"), y[:, [1]], y_test[:, [1]]
    parts = [order[y[order, 0] == number] for number in range(3)]
    probe = first(THREE, x[parts[0]], y[parts[0]])
    answers = []
    for part in parts[1:]:
        probe = more(THREE, probe, x[part], y[part])
        answers.append(set((x_test @ probe.weight.T + probe.bias).argmax(axis=1)))
    assert answers == [{0, 1}, {0, 1, 2}]
    assert error(THREE, probe, x_test, y_test) < 0.5


@pytest.mark.parametrize(("number", "task"), KINDS)
def test_a_head_without_a_memory_takes_samples_before_to_be_like_these(stream, number, task):
    (x, y), (x_test, y_test) = stream(240), stream(2000)
    y, y_test = y[:, [number]], y_test[:, [number]]
    fitted = solve_heads(TaskSet((task,)), [x[:120]], y[:120], np.ones((120, 1)), "auto", 0)[0]
    start = dataclasses.replace(fitted, memory=unknown_memory(task, 120, "auto", fitted.penalty))
    before, whole = (error(task, one, x_test, y_test) for one in (fitted, first(task, x, y)))
    after = error(task, more(task, start, x[120:], y[120:]), x_test, y_test)
    assert after < before
    assert after < whole + 0.7 * (before - whole)
    few = more(task, start, x[120:123], y[120:123])  # three samples spoil nothing
    assert error(task, few, x_test, y_test) < 1.2 * before


def test_a_given_penalty_grows_with_the_samples_and_one_that_was_chosen_stays(stream):
    x, y = stream(60)
    y = y[:, [0]]
    for penalty, sums in ((0.1, [4, 6]), ("auto", None)):
        start = first(BINARY, x[:40], y[:40], penalty)
        after = more(BINARY, start, x[40:], y[40:], penalty)
        expected = sums or [start.penalty * 40] * 2
        assert [start.memory.ridge, after.memory.ridge] == pytest.approx(expected)
        assert after.penalty == pytest.approx(expected[1] / 60)
    known = unknown_memory(BINARY, 40, 0.1, 0.1)
    assert (known.ridge, known.ridge_per_sample, known.seen.tolist()) == (4, 0.1, [20, 20])
    assert unknown_memory(BINARY, 40, "auto", 0.01).ridge == pytest.approx(0.4)


def test_samples_count_once_whatever_the_scale_of_the_weights_and_however_many_views(stream, rng):
    x, y = stream(60)
    y, weights = y[:, [1]], rng.uniform(0.5, 2, (20, 1))
    start = first(THREE, x[:40], y[:40])
    plain, scaled = (more(THREE, start, x[40:], y[40:], weights=factor * weights) for factor in (1, 50))
    views = more(THREE, start, np.tile(x[40:], (3, 1)), y[40:], weights=weights, n_views=3)
    for other in (scaled, views):
        np.testing.assert_allclose(other.weight, plain.weight, rtol=1e-3, atol=1e-5)
        assert other.memory.seen.sum() == pytest.approx(60)
    even = more(THREE, start, x[40:], y[40:])
    assert not np.allclose(even.weight, plain.weight, rtol=1e-3, atol=1e-5)


def test_weights_of_a_part_are_in_proportion_to_those_that_are_remembered(stream):
    """Of squared errors all is known, so that the head is that of one fit to all of these weights."""
    x, y = stream(60)
    y, weights = y[:, [2]], np.repeat([[1.0], [4.0]], [40, 20], axis=0)
    start = first(NUMBER, x[:40], y[:40], 0.01)
    head, tasks, mean = [(start.weight, start.bias)], TaskSet((NUMBER,)), weights.mean()
    share = PartShare(1.0, np.array([4 / mean]), np.array([1 / mean]))
    parts = continue_heads(tasks, head, [start.memory], [x[40:]], y[40:], weights[40:], 0.01, 0, 1, share)[0]
    plain = more(NUMBER, start, x[40:], y[40:], 0.01)
    whole = first(NUMBER, x, y, 0.01, weights)
    assert parts.memory.seen.sum() == pytest.approx(60)
    assert np.abs(parts.weight - whole.weight).max() < 0.3 * np.abs(plain.weight - whole.weight).max()


def two_tasks(number, task, stream, missing_in):
    """Return a task and another one, heads and a second part where the first part or the second has no label of it."""
    tasks, (x, y) = TaskSet((task, BINARY)), stream(60)
    y = y[:, [number, 0]]
    weights = np.ones((60, 2))
    weights[missing_in, 0] = 0
    parts = [([x[part]], y[part], weights[part], "auto") for part in (slice(0, 30), slice(30, 60))]
    return tasks, with_memories(solve_heads(tasks, *parts[0], 0), tasks, *parts[0]), parts[1]


def continued(tasks, probes, part):
    heads, memories = [(one.weight, one.bias) for one in probes], [one.memory for one in probes]
    return continue_heads(tasks, heads, memories, *part, 0)


@pytest.mark.parametrize(("number", "task"), KINDS)
def test_a_part_without_labels_of_a_task_changes_nothing_in_it(stream, number, task):
    tasks, start, part = two_tasks(number, task, stream, slice(30, 60))
    after = continued(tasks, start, part)
    assert np.array_equal(after[0].weight, start[0].weight)
    assert after[0].memory is start[0].memory
    assert not np.array_equal(after[1].weight, start[1].weight)


@pytest.mark.parametrize(("number", "task"), KINDS)
def test_a_head_that_has_seen_nothing_is_solved_anew(stream, number, task):
    tasks, start, part = two_tasks(number, task, stream, slice(0, 30))
    assert not start[0].memory.seen.any()
    found = continued(tasks, start, part)[0]
    expected = solve_heads(tasks, *part, 0)[0]
    assert np.array_equal(found.weight, expected.weight)
    assert found.memory.seen.sum() == pytest.approx(30)


def test_one_class_so_far(stream):
    x, y = stream(60)
    y = y[:, [0]]
    only = y[:, 0] == 1
    start = first(BINARY, x[only], y[only])
    assert start.memory.seen.tolist() == [0, only.sum()]
    after = more(BINARY, start, x, y)
    assert error(BINARY, after, x, y) < 0.15


def test_memories_stay_small(stream):
    x, y = stream(200)
    probe = in_parts(THREE, x, y[:, [1]])
    assert probe.memory.root.shape == (RANK, N_FEATURES + 1)
    assert probe.memory.root.dtype == np.float32


def test_each_task_goes_on_by_itself(stream, rng):
    x, y = stream(120)
    weights = (rng.random((120, 3)) < 0.7).astype(float)
    tasks = TaskSet((BINARY, THREE, NUMBER))
    parts = slice(0, 60), slice(60, 120)
    given = [([x[part]], y[part], weights[part], 1e-2) for part in parts]
    probes = with_memories(solve_heads(tasks, *given[0], 0), tasks, *given[0])
    heads, memories = [(one.weight, one.bias) for one in probes], [one.memory for one in probes]
    together = continue_heads(tasks, heads, memories, *given[1], 0)
    for number, (task, probe) in enumerate(zip(tasks, probes, strict=True)):
        column = [number]
        alone = continue_heads(
            TaskSet((task,)),
            heads[number : number + 1],
            [dataclasses.replace(probe.memory)],
            [x[parts[1]]],
            y[parts[1]][:, column],
            weights[parts[1]][:, column],
            1e-2,
            0,
        )[0]
        np.testing.assert_allclose(together[number].weight, alone.weight, rtol=1e-6, atol=1e-9)
