import warnings

import numpy as np
import pytest

from sktl.estimators._make_task import make_classification, make_either, make_regression
from sktl.exceptions import UntrainableTaskWarning
from sktl.tasks import ClassificationTask, ConstantTask, RegressionTask

NOTHING = np.zeros(0)


def classes_of(labels, head=None, on_untrainable="raise"):
    return make_classification("car", np.asarray(labels), head, on_untrainable).classes


class TestClassification:
    @pytest.mark.parametrize(
        ("labels", "classes"),
        [([1, 0, 1], [0, 1]), ([3.0, -1.0], [-1, 3]), ([True, False], [False, True]), (["b", "a", "c"], [*"abc"])],
    )
    def test_classes_are_those_found(self, labels, classes):
        found = classes_of(labels)
        assert found.tolist() == classes
        assert found.dtype == np.asarray(labels).dtype

    @pytest.mark.parametrize("dtype", [int, float, np.uint8, np.float32])
    def test_a_count_adds_the_numbers_that_were_not_seen(self, dtype):
        found = classes_of(np.array([3, 1], dtype), 5)
        assert found.tolist() == [0, 1, 2, 3, 4]
        assert found.dtype == dtype

    def test_a_count_that_small_types_have_no_room_for(self):
        assert classes_of(np.array([0, 255], np.uint8), 300).tolist() == list(range(300))

    def test_truths_are_two_classes_of_any_count(self):
        assert classes_of([True, False], 2).dtype == bool
        assert classes_of([True, False], 3).tolist() == [0, 1, 2]

    def test_a_count_is_right_for_labels_of_any_kind_that_are_all_there(self):
        assert classes_of(["b", "a"], 2).tolist() == ["a", "b"]
        assert classes_of([10, 20, 30], 3).tolist() == [10, 20, 30]

    @pytest.mark.parametrize(
        ("labels", "head", "classes"),
        [
            (["b", "a"], ["a", "b", "long"], ["a", "b", "long"]),
            (np.array(["b", "a"], object), ["a", "b", "long"], ["a", "b", "long"]),
            ([1.0, 2.0], [1, 2, 3], [1.0, 2.0, 3.0]),
            ([True, False], [0, 1, 2], [0, 1, 2]),
            ([2, 1], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]),
        ],
    )
    def test_labels_that_are_given(self, labels, head, classes):
        assert classes_of(labels, np.array(head)).tolist() == classes

    def test_fractions(self):
        with pytest.raises(
            ValueError, match=r"task 'car' holds fractions such as 0\.5, which are no classes\. Use MultiT"
        ):
            classes_of([0.0, 0.5])

    def test_regression(self):
        with pytest.raises(ValueError, match="heads makes task 'car' one of regression: use MultiTaskRegressor or"):
            classes_of([0, 1], "regression")

    def test_more_classes_than_there_shall_be(self):
        with pytest.raises(ValueError, match=r"task 'car' holds 3 classes, \[0, 1, 2\], but heads gives it 2"):
            classes_of([0, 1, 2], 2)

    def test_labels_that_shall_not_be(self):
        with pytest.raises(
            ValueError, match=r"task 'car' holds the labels \['c'\], but heads gives it \['a', 'b'\] only"
        ):
            classes_of(["a", "c"], np.array(["a", "b"]))

    def test_labels_that_cannot_be_guessed(self):
        message = r"heads gives task 'car' 3 classes, but y holds \['a', 'b'\] only, .* heads=\{'car': \[\.\.\.\]\}"
        with pytest.raises(ValueError, match=message):
            classes_of(["a", "b"], 3)


class TestUntrainable:
    @pytest.mark.parametrize(
        ("labels", "message"),
        [(NOTHING, "task 'car' has no label"), (np.ones(3), r"task 'car' has labels of one class only, 1\.0")],
    )
    def test_is_told(self, labels, message):
        with pytest.raises(ValueError, match=f"{message}, and .*: leave the task out, .* by on_untrainable='warn'"):
            make_classification("car", labels, None, "raise")
        with pytest.warns(UntrainableTaskWarning, match=f"{message}, and .*; it is left out of the training"):
            task = make_classification("car", labels, None, "warn")
        assert isinstance(task, ConstantTask)

    def test_is_not_told_where_that_is_asked(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            task = make_classification("car", NOTHING, None, "ignore")
        assert task.label is None

    @pytest.mark.parametrize(
        ("labels", "head", "classes"),
        [
            (["a"], None, ["a"]),
            ([1.0], None, [0.0, 1.0]),  # a lone mark says that the other may come
            ([0], None, [0, 1]),
            ([True], None, [False, True]),
            ([7], None, [7]),
            ([1], 3, [0, 1, 2]),
            (NOTHING, 3, [0, 1, 2]),
            (NOTHING, np.array(["a", "b"]), ["a", "b"]),
            (NOTHING, None, []),
        ],
    )
    def test_classes_that_it_could_have(self, labels, head, classes):
        assert classes_of(labels, head, "ignore").tolist() == classes

    def test_of_regression(self):
        with pytest.raises(ValueError, match="task 'car' has no label"):
            make_regression("car", NOTHING, NOTHING, None, "raise", "huber")
        assert make_regression("car", NOTHING, NOTHING, None, "ignore", "huber") == ConstantTask(None, None)


class TestRegression:
    @pytest.mark.parametrize("labels", [[1, 2, 6], [1.0, 2.0, 6.0], [True, False, True]])
    @pytest.mark.parametrize("head", [None, "regression"])
    def test_numbers(self, labels, head):
        task = make_regression("car", np.array(labels), np.ones(3), head, "raise", "huber")
        assert task == RegressionTask(np.mean(labels), np.std(labels), "huber")

    def test_weights_count(self):
        task = make_regression("car", np.array([0.0, 1.0]), np.array([3.0, 1.0]), None, "raise", "squared_error")
        assert task.mean == 0.25

    @pytest.mark.parametrize("head", [2, np.array([0, 1])])
    def test_classes(self, head):
        with pytest.raises(ValueError, match="heads gives task 'car' classes, but it is one of regression: leave it"):
            make_regression("car", np.ones(2), np.ones(2), head, "raise", "huber")

    def test_words(self):
        with pytest.raises(ValueError, match="task 'car' holds labels such as 'a', which are no numbers to predict"):
            make_regression("car", np.array(["a"]), np.ones(1), None, "raise", "huber")


class TestEither:
    @pytest.mark.parametrize(
        ("labels", "head", "kind"),
        [
            ([0.5, 1.0], None, RegressionTask),
            ([0.0, 1.0], None, ClassificationTask),
            ([0.0, 1.0], "regression", RegressionTask),
            (["a", "b"], None, ClassificationTask),
            (np.array(["a", "b"], object), None, ClassificationTask),
            ([0.0, 1.0], 2, ClassificationTask),
            ([], None, ConstantTask),
            ([], "regression", ConstantTask),
        ],
    )
    def test_kind(self, labels, head, kind):
        labels = np.asarray(labels)
        task = make_either("car", labels, np.ones(len(labels)), head, "ignore", "huber")
        assert type(task) is kind

    def test_of_fractions_that_shall_be_classes(self):
        with pytest.raises(ValueError, match=r"holds fractions such as 0\.5"):
            make_either("car", np.array([0.5, 1.0]), np.ones(2), 2, "raise", "huber")
