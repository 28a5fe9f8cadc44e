import numpy as np
import pytest

from sktl.tasks import ClassificationTask, RegressionTask, TaskSet
from sktl.training import mean_held_out_loss

N = 60
BINARY, THREE = ClassificationTask(np.arange(2)), ClassificationTask(np.arange(3))


@pytest.fixture
def features(rng):
    return [rng.normal(size=(N, 4)), rng.normal(size=(N, 6))]


def losses_of(tasks, features, columns, weights=None):
    targets = np.column_stack(columns).astype(float)
    weights = np.ones(targets.shape) if weights is None else weights
    return [mean_held_out_loss(TaskSet(tuple(tasks)), [one], targets, weights, seed=0) for one in features]


def test_features_that_tell_the_classes_apart_have_the_least_loss(features):
    for task, number in ((BINARY, 2), (THREE, 3)):
        classes = np.argsort(np.argsort(features[1][:, 0])) * number // N
        chance, good = losses_of([task], features, [classes])
        assert good < 0.5 < 0.9 * np.log(number) < chance


def test_numbers_have_half_the_squared_error(features, rng):
    target = features[0] @ rng.normal(size=4)
    good, chance = losses_of([RegressionTask(0.0, 1.0)], features, [target])
    assert good < 0.02 * target.var()
    assert chance > 0.3 * target.var()


def test_tasks_count_alike_whatever_their_labels(features):
    easy, hard = features[0][:, 0] > 0, features[1][:, 0] > 0
    weights = np.ones((N, 2))
    weights[:20, 1] = 0
    alone = [
        losses_of([BINARY], features, [easy])[0],
        losses_of([BINARY], features, [hard], weights[:, 1:])[0],
    ]
    assert losses_of([BINARY] * 2, features, [easy, hard], weights)[0] == pytest.approx(np.mean(alone))


def test_tasks_with_one_sample_of_a_class_do_not_count(features):
    easy, lone = features[0][:, 0] > 0, np.arange(N) == 3
    assert losses_of([BINARY] * 2, features, [easy, lone]) == losses_of([BINARY], features, [easy])
    assert np.isnan(losses_of([BINARY], features, [lone])).all()
    one_class = np.zeros(N)
    assert np.isnan(losses_of([BINARY], features, [one_class])).all()


def test_weights_count(features):
    target = np.where(np.arange(N) < 30, features[0][:, 0], -features[0][:, 0])
    weights = np.ones((N, 1))
    weights[30:] = 0
    task = RegressionTask(0.0, 1.0)
    assert losses_of([task], features, [target], weights)[0] < 0.05 < 0.3 < losses_of([task], features, [target])[0]


def test_blocks_are_taken_together_whatever_their_scale(features):
    both = ((features[0][:, 0] + features[1][:, 0]) > 0).astype(float)[:, None]
    tasks, weights = TaskSet((BINARY,)), np.ones((N, 1))
    together = mean_held_out_loss(tasks, features, both, weights, seed=0)
    scaled = mean_held_out_loss(tasks, [1e4 * features[0], features[1]], both, weights, seed=0)
    assert together < min(losses_of([BINARY], features, [both[:, 0]]))
    assert scaled == pytest.approx(together)
