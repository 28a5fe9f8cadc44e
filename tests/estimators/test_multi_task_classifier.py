import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier
from sklearn.metrics import get_scorer
from sklearn.utils import get_tags

from sktl import MultiTaskClassifier
from sktl.backbones import MLP
from sktl.exceptions import UntrainableTaskWarning

NAN = np.nan
# By plain gradient steps, as the first ones of AdamW hardly depend on how large a gradient is.
QUICK = {"max_epochs": 4, "head_l2": 1e-2, "lr": 0.3, "optimizer": "SGD", "random_state": 0}


@pytest.fixture
def make(make_table_backbone):
    """Return a function that makes a classifier on a small network, random or, with ``freeze``, trained."""

    def make(**others):
        backbone = make_table_backbone(5) if "freeze" in others else MLP((8,))
        return MultiTaskClassifier(**{"backbone": backbone, **QUICK, **others})

    return make


def outputs_of(fitted, X):
    return np.column_stack(fitted._outputs(X))


def test_learns_with_half_of_the_labels_missing(digits, rng):
    X, y = digits
    both = np.column_stack([y, y % 2]).astype(float)
    both[rng.random(both.shape) < 0.5] = NAN
    fitted = MultiTaskClassifier(MLP((64,)), random_state=0).fit(X[:90], both[:90])
    assert fitted.score(X[90:], np.column_stack([y, y % 2])[90:]) > 0.8


class TestHeads:
    @pytest.mark.parametrize("freeze", [None, "all"])
    @pytest.mark.parametrize(
        ("heads", "classes"),
        [
            (None, [[0, 1], [0, 1, 2], [0, 1]]),
            ([2, 3, 2], [[0, 1], [0, 1, 2], [0, 1]]),
            ([3, 10, None], [[0, 1, 2], list(range(10)), [0, 1]]),
            ({"a": 2, "b": [0, 1, 2, 7], "c": None}, [[0, 1], [0, 1, 2, 7], [0, 1]]),
            ({"a": [-1, 0, 1], "b": 3, "c": 2}, [[-1, 0, 1], [0, 1, 2], [0, 1]]),
        ],
    )
    def test_classes(self, make, holed, heads, classes, freeze):
        X, y = holed
        fitted = make(heads=heads, **({} if freeze is None else {"freeze": freeze})).fit(X, y)
        assert [found.tolist() for found in fitted.classes_] == classes
        assert fitted.tasks_.tolist() == (["a", "b", "c"] if isinstance(heads, dict) else ["task0", "task1", "task2"])
        probabilities = fitted.predict_proba(X)
        assert [one.shape for one in probabilities] == [(60, len(one)) for one in classes]
        for task, found in enumerate(probabilities):
            np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
            if freeze == "all":
                unseen = ~np.isin(classes[task], y[:, task])
                assert (found[:, unseen] < 0.01).all()
                assert set(fitted.predict(X)[:, task]) <= set(y[:, task])

    def test_a_number_of_tasks(self, make, holed):
        X, y = holed
        fitted = make(heads=2).fit(X, y[:, [0, 2]])
        assert [found.tolist() for found in fitted.classes_] == [[0, 1], [0, 1]]

    def test_labels_that_numpy_holds_in_few_letters(self, make, holed):
        X, _ = holed
        y = np.array([["a", "no"], ["b", "yes"]] * 30)
        fitted = make(heads=[["a", "b", "later on"], 2]).fit(X, y)
        assert fitted.classes_[0].tolist() == ["a", "b", "later on"]


class TestLabels:
    """Labels of any kind come back as they went in."""

    @pytest.mark.parametrize(
        ("kinds", "dtype"),
        [
            ([[0, 1], [0, 1, 2]], "int64"),
            ([[0.0, 1.0], [2.0, 5.0]], "float64"),
            ([[True, False], [False, True]], "bool"),
            ([[True, False], [3, 4]], "int64"),
            ([["no", "yes"], ["ant", "bee", "cat"]], "object"),
            ([["no", "yes"], [0, 1]], "object"),
            ([[False, True], ["ant", "bee", "cat"], [5, 7]], "object"),
        ],
    )
    def test_kinds(self, make, holed, kinds, dtype):
        X, _ = holed
        frame = pd.DataFrame({f"t{task}": [kinds[task][i % len(kinds[task])] for i in range(60)]
                              for task in range(len(kinds))})  # fmt: skip
        for start in ({}, {"freeze": "all"}):
            fitted = make(**start).fit(X, frame)
            predicted = fitted.predict(X)
            assert predicted.shape == (60, len(kinds))
            assert predicted.dtype == dtype
            for task, labels in enumerate(kinds):
                assert fitted.classes_[task].tolist() == sorted(labels)
                assert {type(one) for one in predicted[:, task].tolist()} <= {type(one) for one in labels} | (
                    {int} if dtype == "int64" else set()
                )
                likeliest = fitted.classes_[task][fitted.predict_proba(X)[task].argmax(axis=1)]
                assert predicted[:, task].tolist() == likeliest.tolist()

    def test_words_with_holes(self, make, holed):
        X, y = holed
        words = np.array(["low", "middle", "high", None], dtype=object)
        table = words[np.where(np.isnan(y), 3, y).astype(int)]
        fitted = make().fit(X, table)
        assert fitted.classes_[1].tolist() == ["high", "low", "middle"]
        assert set(fitted.predict(X).ravel()) <= {"low", "middle", "high"}
        there = table != None  # noqa: E711
        expected = np.mean([(fitted.predict(X) == table)[there[:, task], task].mean() for task in range(3)])
        assert fitted.score(X, table) == pytest.approx(expected)


class TestOneAxis:
    """For y (n_samples,) all answers have one axis less."""

    @pytest.mark.parametrize("labels", [[0, 1], ["a", "b", "c"]])
    def test_shapes(self, make, holed, labels):
        X, _ = holed
        y = np.array(labels)[np.arange(60) % len(labels)]
        fitted = make().fit(X, y)
        assert fitted.predict(X).shape == (60,)
        assert fitted.predict_proba(X).shape == (60, len(labels))
        assert fitted.classes_.tolist() == labels
        assert fitted.tasks_.tolist() == ["task0"]
        assert fitted.score(X, y) == pytest.approx(np.mean(fitted.predict(X) == y))

    def test_with_holes(self, make, holed):
        X, y = holed
        fitted = make().fit(X, y[:, 1])
        assert fitted.predict(X).shape == (60,)
        there = ~np.isnan(y[:, 1])
        assert fitted.score(X, y[:, 1]) == pytest.approx(np.mean(fitted.predict(X)[there] == y[there, 1]))

    def test_a_series_and_a_list(self, make, holed):
        X, y = holed
        holes = np.isnan(y[:, 1])
        series = pd.Series(np.where(holes, 0, y[:, 1]), dtype="Int64").mask(holes)
        listed = [None if hole else int(label) for hole, label in zip(holes, y[:, 1], strict=True)]
        expected = outputs_of(make().fit(X, y[:, 1]), X)
        for given in (series, listed):
            assert np.array_equal(outputs_of(make().fit(X, given), X), expected)


class TestClassWeight:
    @pytest.mark.parametrize("freeze", [None, "all"])
    def test_balanced_is_what_one_would_write(self, make, holed, freeze):
        X, y = holed
        start = {} if freeze is None else {"freeze": freeze}
        weights = np.zeros_like(y)
        by_hand = {}
        for task in range(3):
            there = ~np.isnan(y[:, task])
            found, counts = np.unique(y[there, task], return_counts=True)
            by_hand[f"task{task}"] = {
                label: there.sum() / len(found) / count for label, count in zip(found, counts, strict=True)
            }
            weights[there, task] = [by_hand[f"task{task}"][label] for label in y[there, task]]
        balanced = outputs_of(make(class_weight="balanced", **start).fit(X, y), X)
        written = outputs_of(make(class_weight=by_hand, **start).fit(X, y), X)
        of_labels = outputs_of(make(**start).fit(X, y, sample_weight=weights), X)
        np.testing.assert_allclose(balanced, written, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(balanced, of_labels, rtol=1e-4, atol=1e-5)
        assert not np.allclose(balanced, outputs_of(make(**start).fit(X, y), X))

    def test_of_one_task(self, make, holed):
        X, y = holed
        one = make(class_weight={"task1": {2: 9.0}}).fit(X, y)
        other = make().fit(X, y, sample_weight=np.where((np.arange(3) == 1) & (y == 2), 9.0, 1.0))
        np.testing.assert_allclose(outputs_of(one, X), outputs_of(other, X), rtol=1e-5, atol=1e-6)
        mixed = make(class_weight={"task0": "balanced", "task1": {2: 9.0}, "task2": None}).fit(X, y)
        assert not np.allclose(outputs_of(mixed, X), outputs_of(one, X))

    def test_of_labels_in_all_tasks(self, make, holed):
        X, y = holed
        one = make(class_weight={1: 4.0}).fit(X, y)
        other = make().fit(X, y, sample_weight=np.where(y == 1, 4.0, 1.0))
        np.testing.assert_allclose(outputs_of(one, X), outputs_of(other, X), rtol=1e-5, atol=1e-6)

    def test_labels_and_tasks_that_look_alike(self, make, holed):
        X, y = holed
        frame = pd.DataFrame(y, columns=[0, 1, 2])
        one = make(class_weight={1: 4.0}).fit(X, frame)  # of the label, as a weight is a number
        assert np.array_equal(outputs_of(one, X), outputs_of(make(class_weight={1: 4.0}).fit(X, y), X))
        by_task = make(class_weight={1: {1: 4.0}}).fit(X, frame)
        assert np.array_equal(outputs_of(by_task, X), outputs_of(make(class_weight={"task1": {1: 4.0}}).fit(X, y), X))

    @pytest.mark.parametrize("freeze", [None, "all"])
    def test_a_class_of_weight_zero_is_not_learned(self, make, holed, freeze):
        X, y = holed
        start = {"max_epochs": 60} if freeze is None else {"freeze": freeze}
        fitted = make(class_weight={"task1": {2: 0.0}, "task0": {1: 0.0}}, **start).fit(X, y)
        assert [len(classes) for classes in fitted.classes_] == [2, 3, 2]
        predicted = fitted.predict(X)
        assert (predicted[:, 1] != 2).all()
        assert (predicted[:, 0] == 0).all()


class TestThresholds:
    def test_part_two_classes(self, make, holed):
        X, _ = holed
        fitted = make().fit(*holed)
        half = fitted.predict(X)
        positive = [one[:, 1] for one in fitted.predict_proba(X)]
        cuts = {0: float(np.median(positive[0])), 2: float(np.quantile(positive[2], 0.8))}
        by_name = {"task0": cuts[0], "task2": cuts[2]}
        for thresholds in (by_name, [cuts[0], None, cuts[2]], np.array([cuts[0], 0.3, cuts[2]])):
            predicted = fitted.set_params(thresholds=thresholds).predict(X)
            for task, cut in cuts.items():
                assert predicted[:, task].tolist() == (positive[task] > cut).tolist()
            assert predicted[:, 1].tolist() == half[:, 1].tolist()
        assert np.array_equal(fitted.set_params(thresholds=0.5).predict(X), half)

    def test_one_for_all_is_read_at_predict(self, make, holed):
        X, _ = holed
        low, high = (make(thresholds=cut).fit(*holed).predict(X)[:, [0, 2]] for cut in (0.01, 0.99))
        assert (low == 1).all()
        assert (high == 0).all()

    def test_of_y_with_one_axis(self, make, holed):
        X, y = holed
        fitted = make(thresholds=[0.99]).fit(X, np.where(y[:, 0] > 0, "yes", "no"))
        assert set(fitted.predict(X)) == {"no"}


class TestUntrainable:
    """A task with no label, or with one class only."""

    @pytest.fixture
    def y(self, holed):
        return np.column_stack([holed[1][:, 0], np.full(60, NAN), np.where(np.isnan(holed[1][:, 2]), NAN, 1)])

    @pytest.mark.parametrize("start", [{}, {"freeze": "all"}, {"freeze": 1, "sharing": "soft"}], ids=str)
    def test_is_left_out(self, make, holed, y, start):
        X, _ = holed
        with pytest.warns(UntrainableTaskWarning) as told:
            fitted = make(on_untrainable="warn", heads=[2, 4, 2], **start).fit(X, y)
        messages = [str(one.message) for one in told]
        assert len(messages) == 2
        assert "task 'task1' has no label" in messages[0]
        assert "task 'task2' has labels of one class only, 1.0" in messages[1]
        assert all(one.filename == __file__ for one in told)
        predicted, probabilities = fitted.predict(X), fitted.predict_proba(X)
        assert np.isnan(predicted[:, 1]).all()
        assert (predicted[:, 2] == 1).all()
        assert probabilities[1].shape == (60, 4)
        assert np.isnan(probabilities[1]).all()
        assert probabilities[2].tolist() == [[0, 1]] * 60
        alone = make(**{name: value for name, value in start.items() if name != "sharing"}).fit(X, y[:, :1])
        if start.get("sharing") is None:
            assert np.array_equal(predicted[:, :1], alone.predict(X))
            assert np.array_equal(probabilities[0], alone.predict_proba(X)[0])

    def test_may_pass_in_silence(self, make, holed, y):
        X, _ = holed
        fitted = make(on_untrainable="ignore").fit(X, y)
        assert fitted.classes_[1].tolist() == []
        assert fitted.predict_proba(X)[1].shape == (60, 0)
        assert np.isfinite(fitted.score(X, holed[1]))

    def test_words(self, make, holed):
        X, _ = holed
        y = [[("a", "b")[i % 2], None, "c"] for i in range(60)]
        predicted = make(on_untrainable="ignore").fit(X, y).predict(X)
        assert predicted.dtype == object
        assert set(predicted[:, 0]) <= {"a", "b"}
        assert all(np.isnan(one) for one in predicted[:, 1])
        assert set(predicted[:, 2]) == {"c"}

    def test_thresholds_leave_it_alone(self, make, holed, y):
        X, _ = holed
        fitted = make(on_untrainable="ignore", thresholds={"task2": 0.9}).fit(X, y)
        assert (fitted.predict(X)[:, 2] == 1).all()

    def test_is_scored_where_its_class_is_known(self, make, holed, y):
        X, _ = holed
        fitted = make(on_untrainable="ignore").fit(X, y)
        only = np.column_stack([np.full((60, 2), NAN), np.arange(60) % 4 > 0])
        assert fitted.score(X, only) == pytest.approx(0.75)


class TestTag:
    """It is a classifier for scikit-learn once it is fitted to labels of which none is missing."""

    def test_before_fit(self, make):
        assert not is_classifier(make())

    def test_after_complete_labels(self, make, holed):
        X, y = holed
        fitted = make().fit(X, np.nan_to_num(y))
        assert is_classifier(fitted)
        assert not is_classifier(clone(fitted))

    def test_after_labels_with_holes(self, make, holed):
        X, y = holed
        assert not is_classifier(make().fit(X, y))
        assert not is_classifier(make().fit(X, np.nan_to_num(y)).fit(X, y))

    @pytest.mark.parametrize("width", [1, 2])
    def test_after_samples_without_any_label(self, make, holed, width):
        X, y = holed
        y = np.nan_to_num(y[:, :width])
        y[3] = NAN
        assert not is_classifier(make().fit(X, y[:, 0] if width == 1 else y))

    def test_holes_of_weight_zero_are_holes(self, make, holed):
        X, y = holed
        weights = (~np.isnan(y).any(axis=1)).astype(float)
        assert not is_classifier(make().fit(X, y, sample_weight=weights))

    def test_probability_scorers_take_it_then(self, make, holed):
        X, y = holed
        y = np.nan_to_num(y[:, 0])
        fitted = make().fit(X, y)
        assert np.isfinite(get_scorer("roc_auc")(fitted, X, y))

    def test_what_it_takes(self, make):
        tags = get_tags(make())
        assert tags.target_tags.required
        assert tags.target_tags.multi_output
        assert tags.classifier_tags.multi_label
