import numpy as np
import pytest
import torch

from sktl.tasks import ClassificationTask, RegressionTask

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
        encoded = task.encode(classes[numbers], torch.float64)
        assert encoded.tolist() == numbers.tolist()
        decoded = task.decode(certain_outputs(task, numbers))
        assert decoded.dtype == classes.dtype
        assert decoded.tolist() == classes[numbers].tolist()

    def test_two_classes_share_one_output(self):
        task = ClassificationTask(np.array(["a", "b"]))
        assert (task.kind, task.n_outputs) == ("binary", 1)
        assert task.encode(np.array(["b", "a"]), torch.float32).dtype == torch.float32

    def test_more_classes_have_an_output_each(self):
        task = ClassificationTask(np.array(["a", "b", "c"]))
        assert (task.kind, task.n_outputs) == ("multiclass", 3)
        assert task.encode(np.array(["c", "a"]), torch.float32).dtype == torch.int64

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

    def test_goes_on_with_the_same_classes_only(self):
        task = ClassificationTask(np.array([0, 1]))
        assert task.continues(ClassificationTask(np.array([0, 1])))
        assert not task.continues(ClassificationTask(np.array([0, 2])))
        assert not task.continues(RegressionTask.of(np.arange(3.0), np.ones(3)))

    def test_says_its_classes(self):
        assert ClassificationTask(np.array(["a", "b"])).describe() == "classes ['a', 'b']"


class TestRegression:
    @pytest.mark.parametrize("shape", [(9,), (9, 1), (9, 3)])
    def test_encode_and_decode_are_inverse(self, shape, rng):
        y = rng.normal(loc=100, scale=[7.0] if shape == (9,) else np.arange(1, shape[1] + 1), size=shape)
        task = RegressionTask.of(y, np.ones(9))
        encoded = task.encode(y, torch.float64)
        assert encoded.shape == (9, task.n_outputs)
        decoded = task.decode(encoded.numpy())
        assert decoded.shape == shape
        np.testing.assert_allclose(decoded, y)

    def test_targets_are_standardised_by_weight(self, rng):
        y, weights = rng.normal(loc=5, scale=3, size=(40, 2)), rng.uniform(size=40)
        encoded = RegressionTask.of(y, weights).encode(y, torch.float64).numpy()
        np.testing.assert_allclose(np.average(encoded, axis=0, weights=weights), 0, atol=1e-12)
        np.testing.assert_allclose(np.average(encoded**2, axis=0, weights=weights), 1)

    def test_a_weight_of_two_counts_as_two_samples(self, rng):
        y = rng.normal(size=5)
        twice = RegressionTask.of(np.append(y, y[0]), np.ones(6))
        weighted = RegressionTask.of(y, np.array([2.0, 1, 1, 1, 1]))
        np.testing.assert_allclose([weighted.mean, weighted.scale], [twice.mean, twice.scale])

    def test_a_constant_target_comes_back(self):
        y = np.column_stack([np.full(4, 3.0), np.arange(4.0)])
        task = RegressionTask.of(y, np.ones(4))
        assert task.scale[0] == 1.0
        encoded = task.encode(y, torch.float32)
        assert torch.isfinite(encoded).all()
        np.testing.assert_allclose(task.decode(encoded.numpy()), y, rtol=1e-6, atol=1e-6)

    def test_the_type_of_targets_is_that_of_the_network(self):
        task = RegressionTask.of(np.arange(3.0), np.ones(3))
        assert task.encode(np.arange(3.0), torch.float32).dtype == torch.float32

    def test_goes_on_with_the_same_shape_only(self):
        task = RegressionTask.of(np.arange(3.0), np.ones(3))
        assert task.continues(RegressionTask.of(np.arange(5.0) * 9, np.ones(5)))
        assert not task.continues(RegressionTask.of(np.ones((3, 1)), np.ones(3)))
        assert not task.continues(ClassificationTask(np.array([0, 1])))

    def test_says_its_shape(self):
        assert RegressionTask.of(np.arange(3.0), np.ones(3)).describe() == "a target (n_samples,)"
        assert RegressionTask.of(np.ones((3, 2)), np.ones(3)).describe() == "a target (n_samples, 2)"
