import numpy as np
import pytest

from sktl.tasks import ClassificationTask, RegressionTask, TaskSet
from sktl.training import held_out_heads

N = 60
BINARY, THREE = ClassificationTask(np.arange(2)), ClassificationTask(np.arange(3))


@pytest.fixture
def features(rng):
    return [rng.normal(size=(N, 4)), rng.normal(size=(N, 6))]


def scores_of(tasks, features, columns, weights=None):
    targets = np.column_stack(columns).astype(float)
    weights = np.ones(targets.shape) if weights is None else weights
    return [held_out_heads(TaskSet(tuple(tasks)), [one], targets, weights, seed=0).score for one in features]


def test_the_stage_that_tells_the_classes_apart_scores_best(features):
    for task, number in ((BINARY, 2), (THREE, 3)):
        classes = np.argsort(np.argsort(features[1][:, 0])) * number // N
        first, second = scores_of([task], features, [classes])
        assert first < 0.75 < 0.9 < second


def test_numbers_score_r2(features, rng):
    target = features[0] @ rng.normal(size=4)
    first, second = scores_of([RegressionTask(0.0, 1.0)], features, [target])
    assert first > 0.95
    assert second < 0.3


def test_tasks_count_alike_whatever_their_labels(features):
    easy, hard = features[0][:, 0] > 0, features[1][:, 0] > 0
    weights = np.ones((N, 2))
    weights[:20, 1] = 0
    alone = [
        scores_of([BINARY], features, [easy])[0],
        scores_of([BINARY], features, [hard], weights[:, 1:])[0],
    ]
    assert scores_of([BINARY] * 2, features, [easy, hard], weights)[0] == pytest.approx(np.mean(alone))


def test_tasks_with_one_sample_of_a_class_do_not_count(features):
    easy, lone = features[0][:, 0] > 0, np.arange(N) == 3
    assert scores_of([BINARY] * 2, features, [easy, lone]) == scores_of([BINARY], features, [easy])
    assert np.isnan(scores_of([BINARY], features, [lone])).all()
    one_class = np.zeros(N)
    assert np.isnan(scores_of([BINARY], features, [one_class])).all()


def test_weights_count(features):
    target = np.where(np.arange(N) < 30, features[0][:, 0], -features[0][:, 0])
    weights = np.ones((N, 1))
    weights[30:] = 0
    task = RegressionTask(0.0, 1.0)
    assert scores_of([task], features, [target], weights)[0] > 0.95 > 0.3 > scores_of([task], features, [target])[0]


def test_the_loss_goes_with_the_score(features):
    classes = (features[1][:, 0] > 0).astype(float)[:, None]
    tasks, weights = TaskSet((BINARY,)), np.ones((N, 1))
    chance, good = (held_out_heads(tasks, [one], classes, weights, seed=0) for one in features)
    assert good.loss < 0.4 < 0.6 < chance.loss
    target = features[1][:, :1]
    chance, good = (held_out_heads(TaskSet((RegressionTask(0.0, 1.0),)), [one], target, weights, 0) for one in features)
    assert good.loss < 0.05 < chance.loss


def test_blocks_are_taken_together_whatever_their_scale(features):
    both = ((features[0][:, 0] + features[1][:, 0]) > 0).astype(float)[:, None]
    tasks, weights = TaskSet((BINARY,)), np.ones((N, 1))
    alone = [held_out_heads(tasks, [one], both, weights, seed=0).score for one in features]
    together = held_out_heads(tasks, features, both, weights, seed=0)
    scaled = held_out_heads(tasks, [1e4 * features[0], features[1]], both, weights, seed=0)
    assert together.score > max(alone)
    assert scaled.score == pytest.approx(together.score)
