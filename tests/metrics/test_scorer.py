"""Scorers in searches, with scikit-learn's estimators and with some that know missing labels."""

import inspect
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import BaseEstimator, clone
from sklearn.datasets import make_multilabel_classification
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    RandomizedSearchCV,
    cross_val_score,
    cross_validate,
    learning_curve,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sktl.metrics import MultiTaskScorer, make_multitask_scorer, multitask_score
from sktl.utils._labels import read_labels


class PerTask(BaseEstimator):
    """One logistic regression per task, on the samples with a label of it; NaN where a task shows one class only."""

    def __init__(self, C=1.0):
        self.C = C

    def fit(self, X, y, sample_weight=None):
        table = read_labels(y)
        self.tasks_ = np.array(table.names)
        self.classes_ = [np.unique(table.of(task)) for task in range(table.n_tasks)]
        self.models_ = [
            LogisticRegression(C=self.C).fit(X[table.labelled[:, task]], table.of(task)) if len(classes) > 1 else None
            for task, classes in enumerate(self.classes_)
        ]
        return self

    def predict_proba(self, X):
        return [
            np.full((len(X), len(classes)), np.nan) if model is None else model.predict_proba(X)
            for model, classes in zip(self.models_, self.classes_, strict=True)
        ]

    def predict(self, X):
        missing = np.full(len(X), np.nan)
        return np.column_stack([missing if model is None else model.predict(X) for model in self.models_])


class Told:
    """Predicts what it is told."""

    def __init__(self, predicted=None, proba=None, classes=None, tasks=None):
        self.predict = lambda X: predicted
        if proba is not None:
            self.predict_proba = lambda X: proba
        if classes is not None:
            self.classes_ = classes
        if tasks is not None:
            self.tasks_ = np.array(tasks)


@pytest.fixture
def data(rng):
    """Return X (120, 5) and labels (120, 3), a third of them missing."""
    X = rng.normal(size=(120, 5))
    y = (X[:, :3] + 0.5 * rng.normal(size=(120, 3)) > 0).astype(float)
    y[rng.random(y.shape) < 0.3] = np.nan
    return X, y


def by_hand(estimator, X, y) -> float:
    """Return the mean ROC-AUC over tasks by a plain loop."""
    proba = estimator.predict_proba(X)
    return float(
        np.mean([roc_auc_score(y[k, t], proba[t][k, 1]) for t in range(y.shape[1]) for k in [~np.isnan(y[:, t])]])
    )


def test_in_cross_validation(data):
    """Each fold gets the score that a plain loop gives it."""
    X, y = data
    folds = list(KFold(4).split(X))
    scorer = make_multitask_scorer("roc_auc")
    scores = cross_val_score(PerTask(), X, y, scoring=scorer, cv=folds)
    expected = [by_hand(PerTask().fit(X[train], y[train]), X[test], y[test]) for train, test in folds]
    assert scores == pytest.approx(expected, rel=1e-12)


CONTAINERS = {
    "frame": lambda y: pd.DataFrame(y, columns=["a", "b", "c"]),
    "Int64": lambda y: pd.DataFrame(y, columns=["a", "b", "c"]).astype("Int64"),
    "boolean": lambda y: pd.DataFrame(y).astype("boolean"),
    "category": lambda y: pd.DataFrame(y).astype("category"),
    "objects": lambda y: np.where(np.isnan(y), None, y),
    "lists": lambda y: [[None if np.isnan(label) else label for label in row] for row in y],
    "masked": np.ma.masked_invalid,
}


@pytest.mark.parametrize("kind", CONTAINERS)
def test_containers_in_a_search(kind, data):
    """A grid search takes y in any container, and finds the same."""
    X, y = data
    scorer = make_multitask_scorer("neg_log_loss")
    grid = {"C": [1e-4, 1.0]}
    expected = GridSearchCV(PerTask(), grid, scoring=scorer, cv=3).fit(X, y)
    search = GridSearchCV(PerTask(), grid, scoring=scorer, cv=3).fit(X, CONTAINERS[kind](y))
    assert search.best_params_ == {"C": 1.0}
    assert search.cv_results_["mean_test_score"] == pytest.approx(expected.cv_results_["mean_test_score"], rel=1e-6)
    # The search itself can be scored, as it ends in its best estimator.
    assert np.isfinite(scorer(search, X, CONTAINERS[kind](y)))


@pytest.mark.parametrize(
    "search",
    [
        lambda scorer: RandomizedSearchCV(PerTask(), {"C": [1e-4, 1.0]}, n_iter=2, scoring=scorer, cv=3),
        lambda scorer: HalvingGridSearchCV(
            PerTask(), {"C": [1e-4, 1.0]}, scoring=scorer, cv=3, min_resources=60, random_state=0
        ),
    ],
)
def test_other_searches(search, data):
    """Random and halving searches take the scorer."""
    assert search(make_multitask_scorer("neg_log_loss")).fit(*data).best_params_ == {"C": 1.0}


def test_curves_and_importances(data):
    """Learning curves and permutation importances take the scorer."""
    X, y = data
    scorer = make_multitask_scorer("roc_auc")
    _, _, scores = learning_curve(PerTask(), X, y, scoring=scorer, cv=3, train_sizes=[0.5, 1.0])
    assert np.isfinite(scores).all()
    importance = permutation_importance(PerTask().fit(X, y), X, y, scoring=scorer, n_repeats=2, random_state=0)
    assert importance.importances_mean[:3].min() > 0.05 > importance.importances_mean[3:].max()


def test_several_scorers_and_every_task(data):
    """Scorers stand side by side, and without a mean each task has a column."""
    X, y = data
    frame = pd.DataFrame(y, columns=["a", "b", "c"])
    scoring = {name: make_multitask_scorer(name) for name in ("roc_auc", "f1")}
    both = cross_validate(PerTask(), X, frame, scoring=scoring, cv=3)
    each = cross_validate(PerTask(), X, frame, scoring=make_multitask_scorer("roc_auc", average=None), cv=3)
    assert np.mean([each[f"test_{name}"] for name in "abc"], axis=0) == pytest.approx(both["test_roc_auc"])
    assert (both["test_f1"] != both["test_roc_auc"]).all()
    one = make_multitask_scorer("neg_log_loss", average=None)
    search = GridSearchCV(PerTask(), {"C": [1e-4, 1.0]}, scoring=one, refit="b", cv=3).fit(X, frame)
    assert search.best_params_ == {"C": 1.0}


def test_folds_of_one_class(data):
    """A task that a fold leaves undefined is skipped, makes it NaN, or is named; no warning of scores leaks."""
    X, y = data
    y[40:, 2] = np.where(np.isnan(y[40:, 2]), np.nan, 0)
    cv = [(np.arange(60), np.arange(60, 120))]
    scorer = make_multitask_scorer("roc_auc")
    (score,) = cross_val_score(PerTask(), X, y, scoring=scorer, cv=cv)
    fitted = PerTask().fit(X[:60], y[:60])
    proba = fitted.predict_proba(X[60:])
    assert score == pytest.approx(multitask_score(y[60:, :2], proba[:2], "roc_auc"))
    nan = make_multitask_scorer("roc_auc", on_undefined="nan")
    assert np.isnan(cross_val_score(PerTask(), X, y, scoring=nan, cv=cv)).all()
    named = make_multitask_scorer("roc_auc", on_undefined="raise")
    with pytest.raises(ValueError, match=r"undefined for task 'task2' \(its labels are all of one class\)"):
        cross_val_score(PerTask(), X, y, scoring=named, cv=cv, error_score="raise")


def test_a_task_that_cannot_be_learned(data):
    """A task for which the estimator predicts NaN is left out, although its labels are not among the known ones."""
    X, y = data
    y[:60, 2] = np.where(np.isnan(y[:60, 2]), np.nan, 0)
    fitted = PerTask().fit(X[:60], y[:60])
    assert fitted.classes_[2].tolist() == [0]
    for name in ("roc_auc", "accuracy"):
        each = make_multitask_scorer(name, average=None)(fitted, X[60:], y[60:])
        assert np.isnan(each["task2"])
        assert each["task0"] > 0.5
    with pytest.raises(ValueError, match=r"'task2' \(nothing is predicted for it\)"):
        make_multitask_scorer("accuracy", on_undefined="raise")(fitted, X[60:], y[60:])


@pytest.mark.parametrize("on_undefined", ["skip", "nan", "raise"])
@pytest.mark.parametrize("name", ["accuracy", "roc_auc", "log_loss"])
def test_unknown_label(name, on_undefined, data):
    """A label that the estimator does not know is an error, whatever becomes of undefined scores."""
    X, y = data
    fitted = PerTask().fit(X, y)
    y[3, 1] = 7
    scorer = make_multitask_scorer(name, on_undefined=on_undefined)
    with pytest.raises(
        ValueError, match=r"task 'task1' of y holds 7\.0, not among its classes 0\.0, 1\.0: fit on data"
    ):
        scorer(fitted, X, y)


@pytest.fixture
def complete():
    """Return X, complete labels (150, 3) for fitting, and labels with holes for scoring."""
    X, y = make_multilabel_classification(150, 8, n_classes=3, random_state=0)
    holes = y.astype(float)
    holes[np.random.default_rng(1).random(y.shape) < 0.3] = np.nan
    return X, y, holes


@pytest.mark.parametrize(
    "estimator",
    [
        MultiOutputClassifier(LogisticRegression(max_iter=1000)),
        RandomForestClassifier(20, random_state=0),
        make_pipeline(StandardScaler(), MultiOutputClassifier(LogisticRegression())),
        make_pipeline(StandardScaler(), RandomForestClassifier(20, random_state=0)),
        ClassifierChain(LogisticRegression(max_iter=1000)),
        OneVsRestClassifier(LogisticRegression(max_iter=1000)),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_classifiers_of_scikit_learn(estimator, complete):
    """scikit-learn's own estimators for several outputs are scored on labels with holes."""
    X, y, holes = complete
    fitted = estimator.fit(X[:80], y[:80])
    proba = fitted.predict_proba(X[80:])
    positive = proba if isinstance(proba, np.ndarray) else np.column_stack([p[:, 1] for p in proba])
    y = holes[80:]
    there = ~np.isnan(y)
    auc = np.mean([roc_auc_score(y[there[:, t], t], positive[there[:, t], t]) for t in range(3)])
    predicted = fitted.predict(X[80:])
    balanced = np.mean([balanced_accuracy_score(y[there[:, t], t], predicted[there[:, t], t]) for t in range(3)])
    assert make_multitask_scorer("roc_auc")(fitted, X[80:], y) == pytest.approx(auc)
    assert make_multitask_scorer("balanced_accuracy")(fitted, X[80:], y) == pytest.approx(balanced)


@pytest.mark.parametrize(
    "estimator",
    [
        RandomForestRegressor(10, random_state=0),
        MultiOutputRegressor(Ridge()),
        make_pipeline(StandardScaler(), Ridge()),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_regressors(estimator, rng):
    """Regressors are scored on targets with holes, in a search too."""
    X = rng.normal(size=(80, 4))
    y = X @ rng.normal(size=(4, 2))
    fitted = estimator.fit(X[:50], y[:50])
    y[rng.random(y.shape) < 0.3] = np.nan
    score = make_multitask_scorer("r2")(fitted, X[50:], y[50:])
    assert score == multitask_score(y[50:], fitted.predict(X[50:]), "r2")
    assert score > 0.3


def test_one_task(data):
    """A plain classifier of one task is scored on labels (n,) with holes, whatever its labels are."""
    X, y = data
    for labels in ([0, 1], ["no", "yes"]):
        known = ~np.isnan(y[:, 0])
        words = np.array(labels, dtype=object)[np.nan_to_num(y[:, 0]).astype(int)]
        fitted = LogisticRegression().fit(X[known], words[known].tolist())
        words[~known] = None
        expected = roc_auc_score(y[known, 0], fitted.predict_proba(X[known])[:, 1])
        assert make_multitask_scorer("roc_auc")(fitted, X, words) == pytest.approx(expected)
        assert make_multitask_scorer("accuracy")(fitted, X, words[:, None]) == fitted.score(
            X[known], words[known].tolist()
        )


def test_one_task_of_one_class(rng):
    """A forest that saw one class gives one column, which is the probability of that class."""
    X = rng.normal(size=(6, 2))
    for y in (np.zeros(6), np.ones(6)):
        forest = RandomForestClassifier(2).fit(X, y)
        assert make_multitask_scorer("log_loss")(forest, X, y) == pytest.approx(0)
        assert make_multitask_scorer("accuracy")(forest, X, y) == 1
        assert np.isnan(make_multitask_scorer("roc_auc")(forest, X, y))
        with pytest.raises(ValueError, match=r"task 'task0' of y holds .*, not among its classes"):
            make_multitask_scorer("log_loss")(forest, X, 1 - y)


def test_positive_class_goes_by_the_estimator():
    """The positive class is the second of classes_, also where y shows the first only."""
    told = Told(predicted=["a", "b"], classes=[["b", "a"]])
    assert make_multitask_scorer("recall")(told, None, ["a", "a"]) == 0.5
    assert np.isnan(make_multitask_scorer("recall")(told, None, ["b", "b"]))


def test_one_column_of_labels():
    """Labels in a column (n, 1) are labels, although one class is known only."""
    told = Told(predicted=np.array([["a"], ["a"]]), classes=[["a"]])
    assert make_multitask_scorer("accuracy")(told, None, ["a", "a"]) == 1


MIXED_Y = pd.DataFrame({"toxic": ["n", "y", None, "y"], "melting": [1.0, 2.0, 3.0, None]})


def mixed():
    """Return an estimator of a task with classes and a task of regression."""
    predicted = np.array([["n", 1.0], ["y", 2.0], ["y", 2.5], ["n", 9.0]], dtype=object)
    proba = [np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.7, 0.3]]), None]
    return Told(predicted, proba, [np.array(["n", "y"]), None], ["toxic", "melting"])


def test_mixed_tasks():
    """A dict gives each task its metric, by labels, probabilities and numbers side by side."""
    each = make_multitask_scorer({"toxic": "roc_auc", "melting": "neg_mean_absolute_error"}, average=None)
    assert each(mixed(), None, MIXED_Y) == pytest.approx({"toxic": 1, "melting": -0.5 / 3})
    each = make_multitask_scorer({"toxic": "accuracy", "melting": "r2"})
    assert each(mixed(), None, MIXED_Y) == pytest.approx((2 / 3 + 1 - 0.25 / 2) / 2)


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        ("roc_auc", "metric 'roc_auc' goes by probabilities, and there are none for task 'melting', which is a"),
        ("f1", "metric 'f1' is for classes, and task 'melting' is a regression task: choose another metric, or give"),
        ("r2", "metric 'r2' is for regression, and task 'toxic' has the classes 'n', 'y': choose another"),
    ],
)
def test_a_metric_that_does_not_fit(metric, message):
    """A metric that does not fit a task is refused, and the task is named, if it has a label here or none."""
    for y in (MIXED_Y, MIXED_Y.assign(melting=[1.0, 0.0, 1.0, None]), MIXED_Y.assign(melting=np.nan, toxic=None)):
        with pytest.raises(ValueError, match=message):
            make_multitask_scorer(metric)(mixed(), None, y)


def test_names_are_matched(data):
    """Columns of y are held against the tasks of the estimator, through a pipeline too."""
    X, y = data
    frame = pd.DataFrame(y, columns=["a", "b", "c"])
    scorer = make_multitask_scorer("roc_auc", average=None)
    for fitted in (PerTask().fit(X, frame), make_pipeline(StandardScaler(), PerTask()).fit(X, frame)):
        assert list(scorer(fitted, X, frame)) == ["a", "b", "c"]
        assert list(scorer(fitted, X, y)) == ["a", "b", "c"]
        with pytest.raises(
            ValueError, match=r"of y and of the estimator are the same in another order \(b, a, c against"
        ):
            scorer(fitted, X, frame[["b", "a", "c"]])
        with pytest.raises(ValueError, match="are not the same: 'd' only in y; 'b' only in the estimator"):
            scorer(fitted, X, frame.rename(columns={"b": "d"}))
        with pytest.raises(ValueError, match=r"y has 2 tasks, where the estimator has 3 \(a, b, c\)"):
            scorer(fitted, X, frame[["a", "b"]])
    search = GridSearchCV(PerTask(), {}, scoring=make_multitask_scorer("roc_auc"), cv=2).fit(X, frame)
    with pytest.raises(ValueError, match="are the same in another order"):
        scorer(search, X, frame[["b", "a", "c"]])
    # Numbers that stand in for names do not clash with names.
    assert list(scorer(PerTask().fit(X, y), X, frame)) == ["a", "b", "c"]


def test_no_probabilities(data):
    """An estimator without probabilities is refused by metrics that go by them."""
    with pytest.raises(AttributeError, match="Told has no predict_proba, which metric 'roc_auc' goes by: choose"):
        make_multitask_scorer("roc_auc")(Told(predicted=data[1]), *data)


def test_pickle_and_clone():
    """A scorer survives pickling and cloning, by itself and in a search."""
    scorer = make_multitask_scorer(balanced_accuracy_score, average="weighted", on_undefined="nan")
    for copy in (pickle.loads(pickle.dumps(scorer)), clone(scorer)):
        assert copy is not scorer
        assert copy.get_params() == scorer.get_params()
    by_task = make_multitask_scorer({"a": "f1", "b": "r2"})
    assert clone(by_task).metric == {"a": "f1", "b": "r2"}
    search = clone(GridSearchCV(PerTask(), {}, scoring=scorer))
    assert search.scoring.get_params() == scorer.get_params()
    assert repr(make_multitask_scorer("f1", on_undefined="nan")) == "MultiTaskScorer(metric='f1', on_undefined='nan')"


def test_weights(data, rng):
    """Weights are taken by name, and by metadata routing."""
    X, y = data
    weights = rng.random(len(y))
    fitted = PerTask().fit(X, y)
    expected = multitask_score(y, fitted.predict_proba(X), "roc_auc", sample_weight=weights)
    scorer = make_multitask_scorer("roc_auc")
    assert scorer(fitted, X, y, sample_weight=weights) == expected != scorer(fitted, X, y)
    assert set(inspect.signature(scorer.set_score_request).parameters) == {"self", "sample_weight"}
    with sklearn.config_context(enable_metadata_routing=True):
        asks = make_multitask_scorer("roc_auc").set_score_request(sample_weight=True)
        model = PerTask().set_fit_request(sample_weight=False)
        cv = [(np.arange(120), np.arange(120))]
        routed = cross_validate(model, X, y, scoring=asks, cv=cv, params={"sample_weight": weights})
    assert routed["test_score"] == pytest.approx([expected])


def test_a_function_of_ones_own(data):
    """A function is scored by the response that it asks for."""
    X, y = data
    fitted = PerTask().fit(X, y)
    of_proba = make_multitask_scorer(roc_auc_score, response="predict_proba")
    assert of_proba(fitted, X, y) == make_multitask_scorer("roc_auc")(fitted, X, y)
    of_labels = make_multitask_scorer(balanced_accuracy_score)
    assert of_labels(fitted, X, y) == pytest.approx(make_multitask_scorer("balanced_accuracy")(fitted, X, y))
    worse = make_multitask_scorer(balanced_accuracy_score, greater_is_better=False)
    assert worse(fitted, X, y) == -of_labels(fitted, X, y)


def test_nothing_is_warned_of(data):
    """Scores of one class and of nothing predicted come without a warning."""
    X, y = data
    fitted = PerTask().fit(X, y)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for name in ("roc_auc", "f1", "average_precision", "balanced_accuracy", "matthews_corrcoef", "log_loss"):
            make_multitask_scorer(name)(fitted, X[:3], y[:3])
            make_multitask_scorer(name)(fitted, X, np.where(np.isnan(y), np.nan, 0))
    assert caught == []


def test_choices_are_checked_at_once():
    """What is wrong with a scorer is said where it is made, and where the class was used, at the first score."""
    with pytest.raises(ValueError, match="average must be one of"):
        make_multitask_scorer("f1", average="micro")
    with pytest.raises(ValueError, match="metric='roc' is not known: did you mean 'roc_auc'"):
        make_multitask_scorer({"a": "f1", "b": "roc"})
    with pytest.raises(ValueError, match="on_undefined must be one of"):
        MultiTaskScorer("f1", on_undefined="no")(Told(), None, [0, 1])
