import numpy as np
import pytest

from sktl.estimators._label_weights import LabelWeights
from sktl.estimators._part_weights import weigh_part
from sktl.estimators._problem import JointTraining
from sktl.losses import DENOMINATORS
from sktl.tasks import ClassificationTask, ConstantTask, TaskSet

TWO = ClassificationTask(np.array([0, 1]))
TASKS = TaskSet((TWO, TWO))


def given(value, n=6, n_tasks=2):
    return LabelWeights(np.full((n, n_tasks), float(value)), np.ones((n, n_tasks), dtype=bool))


@pytest.mark.parametrize("denominator", DENOMINATORS)
def test_the_scale_of_a_part_stands_apart_from_its_table(denominator):
    joint = JointTraining(denominator=denominator)
    _, first = weigh_part(TASKS, given(1), joint)
    _, second = weigh_part(TASKS, given(0.5), joint, first.sums)
    assert (first.share.rate, first.share.labels.tolist(), first.share.before.tolist()) == (1.0, [1.0, 1.0], [1.0, 1.0])
    np.testing.assert_allclose(second.table, first.table)
    assert second.share.rate == pytest.approx(0.5 / np.sqrt((1 + 0.25) / 2))
    np.testing.assert_allclose(second.share.labels / second.share.before, 0.5)
    np.testing.assert_allclose(second.share.labels + second.share.before, 2)


def test_tasks_have_a_scale_each():
    _, first = weigh_part(TASKS, given(1), JointTraining(denominator="tasks"))
    weights = given(1)
    weights.values[:, 1] = 3.0
    _, second = weigh_part(TASKS, weights, JointTraining(denominator="tasks"), first.sums)
    np.testing.assert_allclose(second.share.labels / second.share.before, [1, 3])
    assert (second.table[:, 1] > second.table[:, 0]).all()
    assert second.table.mean() == pytest.approx(first.table.mean())


def test_labels_of_weight_0_count_as_missing():
    weights = given(1)
    weights.values[:2] = 0
    kept, part = weigh_part(TASKS, weights, JointTraining())
    assert (kept.tolist(), part.sums.n_samples) == ([False] * 2 + [True] * 4, 4)


def test_nothing_to_learn_from():
    with pytest.raises(ValueError, match="y has nothing to learn from: no label"):
        weigh_part(TaskSet((ConstantTask(None, None),)), given(1, n_tasks=1), JointTraining())
    missing = LabelWeights(np.ones((3, 2)), np.zeros((3, 2), dtype=bool))
    with pytest.raises(ValueError, match="y has no label of any task that is trained"):
        weigh_part(TASKS, missing, JointTraining())
    with pytest.raises(ValueError, match="y has no label of a weight above 0 of any task that is trained"):
        weigh_part(TASKS, given(0), JointTraining())
