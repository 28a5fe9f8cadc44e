"""One score for each task."""

import types

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import accuracy_score, f1_score, log_loss, r2_score, roc_auc_score

from sktl.model_selection._task_scores import check_scoring, score_by_callable, score_by_name
from sktl.utils._labels import read_labels


class Answering:
    """An estimator with given answers."""

    def __init__(self, predictions, probabilities=None, classes=None):
        self.predictions, self.probabilities = predictions, probabilities
        if classes is not None:
            self.classes_ = classes
        if probabilities is not None:
            self.predict_proba = lambda X: probabilities

    def predict(self, X):
        return self.predictions


def score(scoring, estimator, y):
    """Return scores and metrics, the classes being those of y."""
    truth = read_labels(y)
    return score_by_name(scoring, estimator, None, truth, [np.unique(truth.of(task)) for task in range(truth.n_tasks)])


@pytest.fixture
def mixed(rng):
    """Return labels of two classes, of three and of numbers, with holes, and an estimator of them."""
    words = rng.choice(["no", "yes"], size=60).astype(object)
    thirds, numbers = rng.integers(3, size=60).astype(object), rng.normal(size=60).astype(object)
    y = np.column_stack([words, thirds, numbers])
    y[rng.random(y.shape) < 0.3] = None
    probabilities = [rng.dirichlet(np.ones(2), size=60), rng.dirichlet(np.ones(3), size=60), None]
    classes = [np.array(["no", "yes"]), np.arange(3), None]
    predictions = np.empty((60, 3), dtype=object)
    for task in range(2):
        predictions[:, task] = classes[task][probabilities[task].argmax(axis=1)]
    predictions[:, 2] = rng.normal(size=60)
    return y, Answering(predictions, probabilities, classes)


def labelled(y, task):
    """Return the rows and labels of a task."""
    rows = np.array([label is not None for label in y[:, task]])
    return rows, np.array(y[rows, task].tolist())


def test_default_metrics(mixed):
    """Areas for two classes, accuracy for three, R² for numbers, over what is labelled."""
    y, estimator = mixed
    scores, metrics = score(None, estimator, y)
    assert metrics == ("roc_auc", "accuracy", "r2")
    (rows, words), (rows3, thirds), (rows_n, numbers) = (labelled(y, task) for task in range(3))
    assert scores[0] == pytest.approx(roc_auc_score(words, estimator.probabilities[0][rows, 1]))
    assert scores[1] == pytest.approx(accuracy_score(thirds, estimator.predictions[rows3, 1].astype(int)))
    assert scores[2] == pytest.approx(r2_score(numbers, estimator.predictions[rows_n, 2].astype(float)))


def test_named_metrics(mixed):
    """Names of scikit-learn serve every task; the second class of two is the positive one, strings or not."""
    y, estimator = mixed
    estimator = Answering(estimator.predictions[:, :2], estimator.probabilities[:2], estimator.classes_[:2])
    (rows, words), (rows3, thirds) = (labelled(y, task) for task in range(2))
    by_loss, _ = score("neg_log_loss", estimator, y[:, :2])
    assert by_loss[1] == pytest.approx(-log_loss(thirds, estimator.probabilities[1][rows3]))
    area, metrics = score("roc_auc", estimator, y[:, :2])
    assert metrics == ("roc_auc", "roc_auc_ovr")
    assert area[1] == pytest.approx(roc_auc_score(thirds, estimator.probabilities[1][rows3], multi_class="ovr"))
    f1, _ = score(
        "f1", Answering(estimator.predictions[:, 0], estimator.probabilities[0], np.array(["no", "yes"])), y[:, 0]
    )
    assert f1[0] == pytest.approx(f1_score(words, estimator.predictions[rows, 0].astype(str), pos_label="yes"))


def test_undefined_scores_are_nan():
    """No label, labels of one class, a class short of a ranking, or an estimator that says nothing."""
    y = np.array([[np.nan, 1, 0, 0], [np.nan, 1, 1, 1], [np.nan, np.nan, 1, 0]])
    half = np.full((3, 2), 0.5)
    nothing = half * np.nan
    estimator = Answering(
        np.zeros((3, 4)),
        [half, half, np.full((3, 3), 1 / 3), nothing],
        [np.arange(2)] * 2 + [np.arange(3), np.arange(2)],
    )
    truth = read_labels(y)
    classes = [np.arange(2.0), np.arange(2.0), np.arange(3.0), np.arange(2.0)]
    scores, _ = score_by_name("roc_auc", estimator, None, truth, classes)
    assert np.isnan(scores).all()
    scores, _ = score_by_name("accuracy", estimator, None, truth, classes)
    assert np.isnan(scores).tolist() == [True, True, False, True]
    numbers, _ = score(None, Answering(np.array([[np.nan, 1.0], [2.0, 1.0]])), [[1.0, 3.0], [2.0, None]])
    assert np.isnan(numbers).all()
    silent = Answering(np.array([[None, "b"], [1, "a"]], dtype=object), classes=[np.arange(2), np.array(["a", "b"])])
    assert np.isnan(score("accuracy", silent, [[0, "a"], [1, "b"]])[0]).tolist() == [True, False]
    unsure = Answering(np.array([np.nan, 1.0]), np.full((2, 2), 0.5), np.arange(2))
    assert np.isnan(score("accuracy", unsure, [0, 1])[0]).all()


@pytest.mark.parametrize("scoring", ["neg_log_loss", "top_k_accuracy"])
def test_labels_that_lack_a_class(scoring, rng):
    """The classes are those of all of the data, whichever occur here."""
    probabilities, classes = rng.dirichlet(np.ones(3), size=20), np.array(["a", "b", "c"], dtype=object)
    estimator = Answering(classes[probabilities.argmax(axis=1)], [probabilities], [classes])
    truth = read_labels(rng.choice(["a", "c"], size=20).astype(object))
    (found,), _ = score_by_name(scoring, estimator, None, truth, [classes])
    number = np.searchsorted(classes.astype(str), truth.columns[0].astype(str))
    if scoring == "neg_log_loss":
        assert found == pytest.approx(np.log(probabilities[np.arange(20), number]).mean())
    assert np.isfinite(found)


def test_a_task_without_any_label():
    """There is nothing to rank, whatever the metric."""
    y = np.full((4, 1), np.nan)
    estimator = Answering(np.full(4, np.nan), [np.zeros((4, 0))], [np.empty(0)])
    for scoring in (None, "accuracy"):
        assert np.isnan(score(scoring, estimator, y)[0]).all()


def test_without_probabilities_labels_can_be_scored():
    """An estimator that only predicts is scored by accuracy; a ranking asks for more."""
    estimator = Answering(np.array([0, 1, 1, 7]), classes=np.arange(2))
    scores, _ = score("accuracy", estimator, [0, 1, 0, 1])
    assert scores.tolist() == [0.5]
    with pytest.raises(ValueError, match="scoring='roc_auc' cannot score task 'task0', choose another"):
        score(None, estimator, [0, 1, 0, 1])


def test_another_number_of_tasks():
    """Both numbers are told."""
    with pytest.raises(ValueError, match="y has 2 tasks, but Answering predicts 1"):
        score(None, Answering(np.zeros(3)), np.zeros((3, 2)))


@pytest.mark.parametrize("given", [[0.1, 0.2], np.array([0.1, 0.2]), {"b": 0.2, "a": 0.1}])
def test_callables_give_an_array_or_a_dict(given):
    """A dict is put in the order of the tasks."""
    assert score_by_callable(lambda estimator, X, y: given, None, None, None, ("a", "b")).tolist() == [0.1, 0.2]


def test_callables_that_do_not_score_each_task():
    """A mean over tasks, or the names of other tasks."""
    with pytest.raises(ValueError, match=r"a score for each of 2 tasks, got shape \(\)"):
        score_by_callable(lambda *args: 0.5, None, None, None, ("a", "b"))
    with pytest.raises(ValueError, match=r"each of the tasks \['a', 'b'\], got scores for \['a', 'c'\]"):
        score_by_callable(lambda *args: {"a": 1, "c": 2}, None, None, None, ("a", "b"))
    assert score_by_callable(lambda *args: 0.5, None, None, None, ("a",)).tolist() == [0.5]


def test_what_scoring_may_be():
    """None, a callable or a known name."""
    check_scoring(None)
    check_scoring("roc_auc")
    check_scoring(types.SimpleNamespace)
    with pytest.raises(ValueError, match="roc_acu"):
        check_scoring("roc_acu")
    with pytest.raises(TypeError, match="scoring must be None, a name or a callable"):
        check_scoring(["roc_auc"])


def test_a_regressor_of_scikit_learn(rng):
    """Its scores are R² of each column."""
    X, y = rng.normal(size=(30, 2)), rng.normal(size=(30, 2))
    ridge = Ridge().fit(X, y)
    scores, metrics = score_by_name(None, ridge, X, read_labels(y), [np.empty(0)] * 2)
    assert metrics == ("r2", "r2")
    assert scores == pytest.approx(r2_score(y, ridge.predict(X), multioutput="raw_values"))
