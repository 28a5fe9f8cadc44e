"""What multi-task estimators say of data and parameters that are not right: each message names the task."""

import numpy as np
import pandas as pd
import pytest

from sktl import MultiTaskClassifier, MultiTaskEstimator, MultiTaskRegressor
from sktl.backbones import MLP
from sktl.sharing import CrossStitch, SoftSharing

N = 24
NAN = np.nan


@pytest.fixture
def X(rng):
    return rng.normal(size=(N, 4))


@pytest.fixture
def y():
    """Labels of two tasks with two and three classes, some of them missing."""
    numbers = np.arange(N)
    labels = np.column_stack([numbers % 2, numbers % 3]).astype(float)
    labels[::5, 0] = NAN
    labels[1::5, 1] = NAN
    return labels


def named(y):
    return pd.DataFrame(y, columns=["car", "sign"])


def classifier(**others):
    return MultiTaskClassifier(**{"backbone": MLP((4,)), "max_epochs": 1, "random_state": 0, **others})


def regressor(**others):
    return MultiTaskRegressor(**{"backbone": MLP((4,)), "max_epochs": 1, "random_state": 0, **others})


def estimator(**others):
    return MultiTaskEstimator(**{"backbone": MLP((4,)), "max_epochs": 1, "random_state": 0, **others})


@pytest.mark.parametrize("make", [classifier, regressor, estimator])
class TestLabels:
    """Labels that none of the estimators takes."""

    def test_none_at_all(self, make, X):
        with pytest.raises(ValueError, match=rf"{type(make()).__name__} requires y to be passed, but the target y is"):
            make().fit(X, None)

    def test_another_number_of_samples(self, make, X, y):
        with pytest.raises(ValueError, match=r"inconsistent numbers of samples: \[24, 20\]"):
            make().fit(X, y[:20])

    def test_a_column_without_a_label(self, make, X, y):
        y[:, 1] = NAN
        with pytest.raises(
            ValueError, match=r"task 'task1' has no label, .*: leave the task out, give it other samples"
        ):
            make().fit(X, y)
        with pytest.raises(ValueError, match="task 'sign' has no label"):
            make().fit(X, named(y))

    def test_a_column_whose_labels_all_weigh_nothing(self, make, X, y):
        with pytest.raises(ValueError, match="task 'sign' has no label"):
            make().fit(X, named(y), sample_weight=np.tile([1.0, 0.0], (N, 1)))

    def test_no_label_at_all(self, make, X, y):
        with pytest.raises(ValueError, match="task 'task0' has no label"):
            make().fit(X, np.full_like(y, NAN))
        with pytest.raises(ValueError, match=r"y has nothing to learn from: no label, no label\. Give one task"):
            make(on_untrainable="ignore").fit(X, np.full_like(y, NAN))

    def test_infinity(self, make, X, y):
        y[2, 1] = np.inf
        with pytest.raises(ValueError, match=r"Input y contains infinity .*: see task 'sign', sample 2"):
            make().fit(X, named(y))

    def test_two_columns_of_one_name(self, make, X, y):
        with pytest.raises(ValueError, match="y has two columns of one name, 'car': rename one of them"):
            make().fit(X, pd.DataFrame(y, columns=["car", "car"]))

    def test_the_text_nan(self, make, X):
        y = np.array([["a", "b"], ["nan", "c"]] * 12)
        with pytest.raises(ValueError, match="task 'task0' of y holds the text 'nan', which numpy makes of NaN among"):
            make().fit(X, y)

    def test_labels_of_several_kinds(self, make, X):
        with pytest.raises(ValueError, match=r"task 'task1' of y holds labels of several kinds \(int, str\)"):
            make().fit(X, [[0, "a"], [1, 3]] * 12)

    @pytest.mark.parametrize("shape", [(N, 0), (N, 2, 1), ()])
    def test_another_shape(self, make, X, shape):
        with pytest.raises(ValueError, match=r"y must be of shape \(n_samples,\) or \(n_samples, n_tasks\), with a ta"):
            make().fit(X, np.zeros(shape))

    def test_rows_of_different_lengths(self, make, X):
        with pytest.raises(ValueError, match=r"rows of y must be of one length, got rows of \[1, 2\] labels"):
            make().fit(X, [[1, 2], [0]] * 12)

    @pytest.mark.parametrize("heads", [3, [None], {"a": None}])
    def test_another_width_than_that_of_heads(self, make, X, y, heads):
        count = heads if heads == 3 else 1
        with pytest.raises(
            ValueError, match=rf"heads describes {count} tasks.*, but y has 2 columns \(car, sign\): give"
        ):
            make(heads=heads).fit(X, named(y))

    def test_another_width_at_score(self, make, X, y):
        fitted = make().fit(X, y)
        with pytest.raises(ValueError, match=r"y has 3 columns, but the fit had 2 tasks: task0, task1"):
            fitted.score(X, np.column_stack([y, y[:, 0]]))

    @pytest.mark.parametrize(
        ("weights", "message"),
        [
            (-np.ones(N), r"Negative values in data passed to `sample_weight`: -1\.0 is the least"),
            (np.ones(5), r"sample_weight\.shape == \(5,\), expected \(24,\)"),
            (np.ones((N, 3)), r"must be of shape \(n_samples,\) or \(n_samples, n_tasks\) = \(24, 2\), got \(24, 3\)"),
            (
                np.full((N, 2), -1.0),
                "sample_weight of task 'car' holds -1.0 at sample 1: weights of labels must be 0 or",
            ),
            (np.full((N, 2), np.inf), "sample_weight of task 'car' holds inf at sample 1"),
            (np.zeros((N, 2)), "all entries of sample_weight are zero"),
        ],
    )
    def test_weights(self, make, X, y, weights, message):
        with pytest.raises(ValueError, match=message):
            make().fit(X, named(y), sample_weight=weights)


class TestClasses:
    """Labels that are no classes, or not those that were announced."""

    def test_one_class_only(self, X, y):
        y[:, 1] = np.where(np.isnan(y[:, 1]), NAN, 2)
        with pytest.raises(ValueError, match=r"task 'sign' has labels of one class only, 2\.0, .*: leave the task out"):
            classifier().fit(X, named(y))

    def test_fractions(self, X, y):
        with pytest.raises(
            ValueError, match=r"task 'sign' holds fractions such as 0\.5, .*MultiTaskRegressor, or MultiTask"
        ):
            classifier().fit(X, named(y + [0, 0.5]))

    @pytest.mark.parametrize(
        ("heads", "message"),
        [
            (
                {"car": 2, "bus": 3},
                r"heads names \['bus'\], which y has no column for, and lacks its columns \['sign'\]",
            ),
            ([2, 2], r"task 'sign' holds 3 classes, \[0\.0, 1\.0, 2\.0\], but heads gives it 2"),
            (2, r"task 'sign' holds 3 classes"),
            ([2, [0, 1]], r"task 'sign' holds the labels \[2\.0\], but heads gives it \[0, 1\] only"),
            ([2, 1], "heads gives task 'sign' 1 classes: two is the least"),
            (
                [2, "regression"],
                "heads makes task 'sign' one of regression: use MultiTaskRegressor or MultiTaskEstimator",
            ),
            ([2, "number"], "heads gives task 'sign' 'number': expected a count of classes, a list of its labels"),
            (True, "heads must be None, a number of tasks of two classes"),
        ],
    )
    def test_heads_that_contradict_them(self, X, y, heads, message):
        with pytest.raises(ValueError, match=message):
            classifier(heads=heads).fit(X, named(y))

    @pytest.mark.parametrize(
        ("class_weight", "message"),
        [
            ({2: 5.0}, r"class_weight names \[2\], but task 'car' holds \[0\.0, 1\.0\]"),
            ({"sign": {7: 5.0}}, r"class_weight names \[7\], but task 'sign' holds \[0\.0, 1\.0, 2\.0\]"),
            ({"bus": {0: 5.0}}, r"class_weight names \['bus'\], but the tasks are \['car', 'sign'\]"),
            ({"sign": {0: -1}}, r"class_weight must be 0 or more, and finite, got \{0: -1\} for task 'sign'"),
            ({"sign": "balance"}, "class_weight must be a dict, 'balanced' or None, got 'balance' for task 'sign'"),
            ({0: 0, 1: 0}, "class_weight is 0 for all classes of task 'car'"),
        ],
    )
    def test_weights_of_classes(self, X, y, class_weight, message):
        with pytest.raises(ValueError, match=message):
            classifier(class_weight=class_weight).fit(X, named(y))

    @pytest.mark.parametrize(
        ("thresholds", "message"),
        [
            ({"sign": 0.5}, "thresholds names task 'sign', which has no two classes to part: leave it out"),
            ({"bus": 0.5}, r"thresholds names \['bus'\], but the tasks are \['car', 'sign'\]"),
            ([0.5], "thresholds must have a value for each of the 2 tasks, got 1"),
            ([1.5, None], r"thresholds gives task 'car' 1\.5: expected a probability in \(0, 1\)"),
        ],
    )
    def test_thresholds(self, X, y, thresholds, message):
        fitted = classifier().fit(X, named(y))
        with pytest.raises(ValueError, match=message):
            fitted.set_params(thresholds=thresholds).predict(X)


class TestNumbers:
    """Labels that are no numbers."""

    def test_strings(self, X):
        y = pd.DataFrame({"car": np.arange(N) / 2, "sign": ["a", "b"] * 12})
        with pytest.raises(ValueError, match="task 'sign' holds labels such as 'a', which are no numbers to predict"):
            regressor().fit(X, y)

    def test_heads_of_classes(self, X, y):
        with pytest.raises(
            ValueError, match="heads gives task 'sign' classes, but it is one of regression: leave it None"
        ):
            regressor(heads={"car": None, "sign": 3}).fit(X, named(y))
        with pytest.raises(ValueError, match="heads gives task 'sign' classes"):
            regressor(heads={"car": "regression", "sign": [0, 1, 2]}).fit(X, named(y))


class TestParameters:
    """Parameters of the joint training."""

    @pytest.mark.parametrize(
        ("weights", "message"),
        [
            ([0, 0], r"task_weights are zero for all tasks, \['car', 'sign'\]: at least one must count"),
            ([1, -1], "task_weights gives task 'sign' -1: expected a number of 0 or more, and finite"),
            ([1, NAN], "task_weights gives task 'sign' nan"),
            ({"sign": "much"}, "task_weights gives task 'sign' 'much'"),
            ([1], "task_weights must have a value for each of the 2 tasks, got 1"),
            ({"bus": 1}, r"task_weights names \['bus'\], but the tasks are \['car', 'sign'\]"),
        ],
    )
    def test_task_weights(self, X, y, weights, message):
        with pytest.raises(ValueError, match=message):
            classifier(task_weights=weights).fit(X, named(y))

    @pytest.mark.parametrize(
        ("parameter", "value", "message"),
        [
            (
                "sharing",
                "hardd",
                r"sharing must be one of \['hard', .*\] or an object, got 'hardd'; did you mean 'hard'",
            ),
            ("sharing", "cross-stitch", "did you mean 'cross_stitch'"),
            ("sharing", "zzz", r"sharing must be one of .*got 'zzz'$"),
            ("weighting", "equals", r"weighting must be one of \['equal', .*\], got 'equals'; did you mean 'equal'"),
            ("weighting", "zzz", r"weighting must be one of .*got 'zzz'$"),
            ("denominator", "sample", "The 'denominator' parameter of MultiTaskClassifier must be a str among"),
            ("on_untrainable", "skip", "The 'on_untrainable' parameter of MultiTaskClassifier must be a str among"),
            ("sharing", SoftSharing(strength=-1), "strength of SoftSharing must be a number of 0 or more, got -1"),
            ("sharing", SoftSharing(penalty="l1"), "penalty of SoftSharing must be one of"),
            ("sharing", SoftSharing(stages=["two"]), r"stages of SoftSharing names \['two'\], but"),
            ("sharing", CrossStitch(own_share=2), r"own_share of CrossStitch must be a number in \[0, 1\], got 2"),
        ],
    )
    def test_choices(self, X, y, parameter, value, message):
        with pytest.raises(ValueError, match=message):
            classifier(**{parameter: value}).fit(X, y)

    def test_sharing_of_another_kind(self, X, y):
        with pytest.raises(
            TypeError, match=r"sharing must be one of .* or an object such as SoftSharing\(.*\), got int"
        ):
            classifier(sharing=3).fit(X, y)


class TestAFailedFit:
    """A fit that fails leaves the last one as it was."""

    @pytest.mark.parametrize(
        ("warm_start", "labels", "message"),
        [
            (False, [NAN] * N, "task 'b' has no label"),
            (False, np.arange(N) + 0.5, "task 'b' holds fractions"),
            (True, np.arange(N) % 3, "goes on with the tasks"),
            (True, np.arange(N) + 0.5, "task 'b' holds fractions"),
        ],
    )
    def test_predictions_names_and_classes(self, X, y, warm_start, labels, message):
        fitted = classifier(warm_start=warm_start).fit(X, named(y))
        before = fitted.predict(X)
        with pytest.raises(ValueError, match=message):
            fitted.fit(X, pd.DataFrame({"a": y[:, 0], "b": labels}))
        self.check(fitted, X, before)

    def test_by_another_number_of_tasks(self, X, y):
        fitted = classifier(warm_start=True).fit(X, named(y))
        before = fitted.predict(X)
        with pytest.raises(ValueError, match=r"warm_start=True goes on with 2 task\(s\), but y has 1"):
            fitted.fit(X, y[:, 0])
        self.check(fitted, X, before)

    def check(self, fitted, X, before):
        assert np.array_equal(fitted.predict(X), before)
        assert fitted.tasks_.tolist() == ["car", "sign"]
        assert [len(classes) for classes in fitted.classes_] == [2, 3]


def test_labels_of_a_task_that_all_weigh_nothing(X, y):
    weights = np.column_stack([np.ones(N), np.zeros(N)])
    for make in (classifier, regressor, estimator):
        with pytest.raises(ValueError, match="task 'task1' has no label of a weight above 0"):
            make().fit(X, y, sample_weight=weights)


@pytest.mark.parametrize("weight", [{"sign": "balanced"}, {"sign": {0: 2.0}}])
def test_weights_of_classes_of_a_task_of_numbers(X, y, weight):
    table = named(y).assign(sign=X[:, 0])
    with pytest.raises(ValueError, match="class_weight names task 'sign', which has no classes to weigh: leave it out"):
        estimator(class_weight=weight).fit(X, table)
    estimator(class_weight="balanced").fit(X, table)
    estimator(class_weight={1: 2.0}).fit(X, table)


def test_scores_of_other_tasks_than_those_of_the_fit(X, y):
    fitted = classifier().fit(X, named(y))
    with pytest.raises(ValueError, match=r"of y and of the fit are not the same \(car, truck against car, sign\)"):
        fitted.score(X, named(y).rename(columns={"sign": "truck"}))
