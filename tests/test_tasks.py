import numpy as np
import pytest
import torch

from sktl.tasks import ClassificationTask, ConstantTask, RegressionTask, TaskSet

LABELS = [
    np.array(["ant", "bee"]),
    np.array(["ant", "bee", "wasp"], dtype=object),
    np.array([-3, 7]),
    np.array([0, 5, 9]),
    np.array([False, True]),
]


def certain_outputs(task, numbers):
    """Return outputs that are sure of the classes of these numbers."""
    if task.n_outputs == 1:
        return np.where(np.asarray(numbers) == 1, 4.0, -4.0)[:, None]
    return 4.0 * np.eye(task.n_outputs)[numbers]


class TestClassification:
    @pytest.mark.parametrize("classes", LABELS, ids=str)
    def test_encode_and_decode_are_inverse(self, classes, rng):
        task = ClassificationTask(classes)
        numbers = rng.integers(0, len(classes), size=20)
        encoded = task.encode(classes[numbers])
        assert encoded.dtype == np.float64
        assert encoded.tolist() == numbers.tolist()
        decoded = task.decode(certain_outputs(task, numbers))
        assert decoded.dtype == classes.dtype
        assert decoded.tolist() == classes[numbers].tolist()

    def test_two_classes_share_one_output(self):
        task = ClassificationTask(np.array(["a", "b"]))
        assert (task.kind, task.loss, task.n_outputs) == ("binary", "logistic", 1)

    def test_more_classes_have_an_output_each(self):
        task = ClassificationTask(np.array(["a", "b", "c"]))
        assert (task.kind, task.loss, task.n_outputs) == ("multiclass", "cross_entropy", 3)

    @pytest.mark.parametrize("classes", LABELS, ids=str)
    def test_probabilities_sum_to_one_and_agree_with_the_labels(self, classes, rng):
        task = ClassificationTask(classes)
        outputs = rng.normal(scale=5, size=(30, task.n_outputs))
        probabilities = task.probabilities(outputs)
        assert probabilities.shape == (30, len(classes))
        np.testing.assert_allclose(probabilities.sum(axis=1), 1)
        assert classes[probabilities.argmax(axis=1)].tolist() == task.decode(outputs).tolist()

    def test_probabilities_of_two_classes(self):
        probabilities = ClassificationTask(np.array([0, 1])).probabilities(np.array([[0.0], [np.log(3)], [-900.0]]))
        np.testing.assert_allclose(probabilities, [[0.5, 0.5], [0.25, 0.75], [1.0, 0.0]], atol=1e-15)

    def test_a_threshold_parts_two_classes(self):
        task, outputs = ClassificationTask(np.array(["no", "yes"])), np.array([[-2.0], [0.5], [2.0]])
        assert task.decode(outputs).tolist() == ["no", "yes", "yes"]
        assert task.decode(outputs, 0.8).tolist() == ["no", "no", "yes"]
        assert task.decode(outputs, 0.1).tolist() == ["yes", "yes", "yes"]

    def test_goes_on_with_the_same_classes_only(self):
        task = ClassificationTask(np.array([0, 1]))
        assert task.continues(ClassificationTask(np.array([0, 1])))
        assert not task.continues(ClassificationTask(np.array([0, 2])))
        assert not task.continues(RegressionTask.of(np.arange(3.0), np.ones(3)))

    def test_says_its_classes(self):
        assert ClassificationTask(np.array(["a", "b"])).describe() == "classes ['a', 'b']"


class TestRegression:
    def test_encode_and_decode_are_inverse(self, rng):
        y = rng.normal(loc=100, scale=7, size=9)
        task = RegressionTask.of(y, np.ones(9))
        np.testing.assert_allclose(task.decode(task.encode(y)[:, None]), y)

    def test_targets_are_standardised_by_weight(self, rng):
        y, weights = rng.normal(loc=5, scale=3, size=40), rng.uniform(size=40)
        encoded = RegressionTask.of(y, weights).encode(y)
        np.testing.assert_allclose(np.average(encoded, weights=weights), 0, atol=1e-12)
        np.testing.assert_allclose(np.average(encoded**2, weights=weights), 1)

    def test_a_weight_of_two_counts_as_two_samples(self, rng):
        y = rng.normal(size=5)
        twice = RegressionTask.of(np.append(y, y[0]), np.ones(6))
        weighted = RegressionTask.of(y, np.array([2.0, 1, 1, 1, 1]))
        np.testing.assert_allclose([weighted.mean, weighted.scale], [twice.mean, twice.scale])

    def test_a_constant_target_comes_back(self):
        y = np.full(4, 3.0)
        task = RegressionTask.of(y, np.ones(4))
        assert task.scale == 1.0
        assert task.encode(y).tolist() == [0.0] * 4
        assert task.decode(np.zeros((4, 1))).tolist() == [3.0] * 4

    @pytest.mark.parametrize("constant", [0.1, 1 / 3, 1.7e9 + 0.1, 0.0])
    def test_a_constant_is_known_when_its_mean_is_rounded(self, constant):
        assert RegressionTask.of(np.full(120, constant), np.full(120, 0.7)).scale == 1.0

    def test_what_is_small_beside_the_mean_is_no_constant(self):
        y = 1.7e9 + np.arange(120) / 1000
        assert RegressionTask.of(y, np.ones(120)).scale == pytest.approx(np.arange(120).std() / 1000, rel=1e-3)

    def test_predictions_are_as_fine_as_the_targets(self):
        y = 1.7e9 + np.arange(120.0)
        task = RegressionTask.of(y, np.ones(120))
        predicted = task.decode(task.encode(y).astype(np.float32)[:, None])
        assert predicted.dtype == np.float64
        np.testing.assert_allclose(predicted, y, rtol=0, atol=1e-3)

    def test_goes_on_with_the_same_loss_only(self):
        task = RegressionTask.of(np.arange(3.0), np.ones(3))
        assert task.continues(RegressionTask.of(np.arange(5.0) * 9, np.ones(5)))
        assert not task.continues(RegressionTask.of(np.arange(3.0), np.ones(3), loss="huber"))
        assert not task.continues(ClassificationTask(np.array([0, 1])))

    def test_says_what_it_is(self):
        assert RegressionTask.of(np.arange(3.0), np.ones(3)).describe() == "a number"


class TestConstant:
    def test_the_class_that_was_seen_is_certain(self):
        task = ConstantTask(np.array(["a", "b", "c"]), "b")
        assert task.probabilities(np.zeros((2, 0))).tolist() == [[0.0, 1.0, 0.0]] * 2
        decoded = task.decode(np.zeros((2, 0)))
        assert decoded.dtype == task.classes.dtype
        assert decoded.tolist() == ["b", "b"]

    def test_nothing_is_known_without_a_label(self):
        task = ConstantTask(np.array([0, 1]), None)
        assert np.isnan(task.probabilities(np.zeros((2, 0)))).all()
        assert task.probabilities(np.zeros((2, 0))).shape == (2, 2)
        assert np.isnan(task.decode(np.zeros((2, 0)))).all()
        assert np.isnan(ConstantTask(None, None).decode(np.zeros((2, 0)))).all()

    def test_has_neither_outputs_nor_loss(self):
        task = ConstantTask(np.array([0, 1]), 1)
        assert (task.kind, task.loss, task.n_outputs) == ("constant", None, 0)

    def test_goes_on_with_its_like_only(self):
        task = ConstantTask(np.array([0, 1]), 1)
        assert task.continues(ConstantTask(np.array([0, 1]), 0))
        assert not task.continues(ClassificationTask(np.array([0, 1])))

    def test_says_what_is_there(self):
        assert ConstantTask(None, None).describe() == "no label"
        assert ConstantTask(np.array(["a", "b"]), "b").describe() == "the class 'b' only"
        assert ConstantTask(np.array([0, 1]), np.int64(1)).describe() == "the class 1 only"


class TestTaskSet:
    @pytest.fixture
    def tasks(self):
        return TaskSet(
            (
                ClassificationTask(np.array(["a", "b", "c"])),
                ConstantTask(np.array([0, 1]), 1),
                RegressionTask(10.0, 2.0),
                ClassificationTask(np.array([4, 6])),
            )
        )

    def test_outputs_stand_side_by_side(self, tasks):
        assert (len(tasks), tasks.n_outputs) == (4, 5)
        assert tasks.slices == [slice(0, 3), slice(3, 3), slice(3, 4), slice(4, 5)]

    def test_outputs_are_split_by_task(self, tasks):
        outputs = np.arange(10.0).reshape(2, 5)
        parts = tasks.split(outputs)
        assert [part.shape for part in parts] == [(2, 3), (2, 0), (2, 1), (2, 1)]
        assert np.array_equal(np.concatenate(parts, axis=1), outputs)

    def test_constant_tasks_are_not_trained(self, tasks):
        assert [task.kind for task in tasks.trained] == ["multiclass", "regression", "binary"]
        assert tasks.trained.n_outputs == tasks.n_outputs

    def test_targets_of_what_is_there(self, tasks):
        columns = [
            np.array(["c", "a", ""], dtype=object),
            np.array([1, 1, 1]),
            np.array([14.0, np.nan, 10.0]),
            np.array([4, 999, 6]),
        ]
        labelled = np.array([[True, True, True, True], [True, True, False, False], [False, False, True, True]])
        targets = tasks.encode(columns, labelled, torch.float64)
        assert targets.dtype == torch.float64
        assert targets.tolist() == [[2.0, 2.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
        assert tasks.encode(columns, labelled, torch.float32).dtype == torch.float32

    def test_goes_on_with_tasks_that_do_one_by_one(self, tasks):
        assert tasks.continues(TaskSet(tuple(tasks)))
        assert not tasks.continues(tasks.trained)
        assert not tasks.continues(TaskSet(tuple(reversed(tuple(tasks)))))

    def test_says_its_tasks(self, tasks):
        assert tasks.describe() == "classes ['a', 'b', 'c'], the class 1 only, a number, classes [4, 6]"
