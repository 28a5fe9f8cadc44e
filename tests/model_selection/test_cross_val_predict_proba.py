"""Out-of-fold probabilities of several tasks."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, ShuffleSplit, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sktl.model_selection import MultiTaskStratifiedKFold, cross_val_predict_proba


class ByFold(BaseEstimator):
    """Two tasks, the second of them one of regression: the probability of class "b" is the share of "b" it saw."""

    def __init__(self, always_none=True):
        self.always_none = always_none

    def fit(self, X, y):
        self.classes_ = [np.unique([row[0] for row in y]), None]
        self.share_ = np.mean([row[0] == "b" for row in y])
        return self

    def predict_proba(self, X):
        columns = [np.full(len(X), self.share_ if label == "b" else 1 - self.share_) for label in self.classes_[0]]
        return [np.column_stack(columns), None]


def test_each_sample_is_predicted_by_what_was_fitted_without_it(related, pooling):
    """Written out by hand, fold by fold, it is the same; unlabelled samples have probabilities too."""
    X, y = related
    proba = cross_val_predict_proba(pooling(sharing="none"), X, y, cv=4)
    assert [part.shape for part in proba] == [(120, 2)] * 4
    for train, test in MultiTaskStratifiedKFold(4, random_state=0).split(X, y):
        for task in range(4):
            there = train[~np.isnan(y[train, task])]
            expected = LogisticRegression().fit(X[there], y[there, task]).predict_proba(X[test])
            assert np.allclose(proba[task][test], expected)


def test_complete_labels_give_what_scikit_learn_gives(rng):
    """With all labels there, it is cross_val_predict."""
    X, y = rng.normal(size=(60, 3)), rng.integers(3, size=(60, 2))
    forest = RandomForestClassifier(n_estimators=5, random_state=0)
    theirs = cross_val_predict(forest, X, y, cv=KFold(3), method="predict_proba")
    for n_jobs in (None, 2):
        ours = cross_val_predict_proba(forest, X, y, cv=KFold(3), n_jobs=n_jobs)
        assert all(np.array_equal(one, two) for one, two in zip(ours, theirs, strict=True))


def test_every_container_gives_the_same(related, pooling, contain):
    """What y comes in does not matter, and NaN is never a class."""
    X, y = related
    expected = cross_val_predict_proba(pooling(), X, y[:, :2], cv=3)
    got = cross_val_predict_proba(pooling(), X, contain(y[:, :2]), cv=3)
    assert all(np.allclose(one, two) for one, two in zip(got, expected, strict=True))


def test_one_task_gives_one_array(related, pooling):
    """y of one axis, with holes and strings, makes no list; y of one column makes a list of one."""
    X, y = related
    words = pd.Series(y[:, 0]).map({0: "no", 1: "yes"})
    proba = cross_val_predict_proba(pooling(), X, words, cv=3)
    assert proba.shape == (120, 2)
    (single,) = cross_val_predict_proba(pooling(), X, words.to_frame(), cv=3)
    assert np.array_equal(proba, single)


@pytest.mark.parametrize(
    "of",
    [list, pd.DataFrame, lambda X: X.reshape(120, 1, 2, 5), lambda X: pd.Series(list(X))],
    ids=["list", "frame", "4-D", "series"],
)
def test_every_kind_of_samples(related, of):
    """X is split as it comes."""

    class Flat(LogisticRegression):
        def fit(self, X, y):
            return super().fit(np.stack([np.ravel(x) for x in np.asarray(X)]), y)

        def predict_proba(self, X):
            return super().predict_proba(np.stack([np.ravel(x) for x in np.asarray(X)]))

    X, y = related
    y = np.nan_to_num(y[:, 0])
    assert np.allclose(
        cross_val_predict_proba(Flat(), of(X), y, cv=3), cross_val_predict_proba(LogisticRegression(), X, y, cv=3)
    )


def test_a_pipeline(related, pooling):
    """The classes are those of its last step."""
    X, y = related
    proba = cross_val_predict_proba(make_pipeline(StandardScaler(), pooling()), X, y, cv=3)
    assert np.allclose(proba[0].sum(axis=1), 1)


def test_a_class_that_a_fold_lacks_has_probability_zero(rng, pooling):
    """The columns are the sorted classes of the whole y."""
    X, y = rng.normal(size=(30, 2)), np.column_stack([np.arange(30) % 2, np.arange(30) % 3]).astype(float)
    y[np.arange(30) % 3 == 1, 1] = np.nan
    y[0, 1] = 7.0
    folds = [(np.arange(15, 30), np.arange(15)), (np.arange(15), np.arange(15, 30))]
    proba = cross_val_predict_proba(pooling(sharing="none"), X, y, cv=folds)
    assert proba[1].shape == (30, 3)
    assert (proba[1][:15, 2] == 0).all()
    assert (proba[1][15:, 2] > 0).all()
    assert np.allclose(proba[1].sum(axis=1), 1)


def test_a_fold_that_teaches_nothing_is_nan(rng, pooling):
    """Where a task has no label among the training samples, its rows are NaN, and no others."""
    X, y = rng.normal(size=(20, 2)), np.column_stack([np.arange(20) % 2, np.arange(20) % 2]).astype(float)
    y[10:, 1] = np.nan
    folds = [(np.arange(10, 20), np.arange(10)), (np.arange(10), np.arange(10, 20))]
    proba = cross_val_predict_proba(pooling(sharing="none"), X, y, cv=folds)
    assert not np.isnan(proba[0]).any()
    assert np.isnan(proba[1]).all(axis=1).tolist() == [True] * 10 + [False] * 10


def test_tasks_of_regression_have_none():
    """They have no probabilities; string labels beside them go by their sorted order."""
    y = [["b", 0.1], ["a", 0.2], ["b", 0.3], ["b", 0.4]]
    proba, nothing = cross_val_predict_proba(ByFold(), list(range(4)), y, cv=KFold(2))
    assert nothing is None
    assert proba.tolist() == [[0, 1], [0, 1], [0.5, 0.5], [0.5, 0.5]]


def test_classes_that_only_the_estimator_knows_have_columns(related):
    """An estimator may be told of classes that no sample shows."""

    class Told(LogisticRegression):
        def fit(self, X, y):
            super().fit(X, y)
            self.classes_ = np.array([0.0, 1.0, 2.0])
            return self

        def predict_proba(self, X):
            return np.tile([0.5, 0.3, 0.2], (len(X), 1))

    X, y = related
    assert cross_val_predict_proba(Told(), X, np.nan_to_num(y[:, 0]), cv=2)[0].tolist() == [0.5, 0.3, 0.2]


def test_groups_reach_the_splitter(related, pooling):
    """Splitters that keep groups together get them."""

    class Recorder(KFold):
        def split(self, X, y=None, groups=None):
            self.groups = groups
            return super().split(X, y)

    X, y = related
    recorder = Recorder(2)
    cross_val_predict_proba(pooling(), X, y, cv=recorder, groups="groups")
    assert recorder.groups == "groups"


def test_the_estimator_is_not_fitted(related, pooling):
    """Clones are."""
    X, y = related
    estimator = pooling()
    cross_val_predict_proba(estimator, X, y, cv=2)
    assert not hasattr(estimator, "classes_")


def test_wrong_calls(related, pooling):
    """Each is told what is missing."""
    X, y = related
    with pytest.raises(TypeError, match=r"needs an estimator with predict_proba, got Ridge\(\)"):
        cross_val_predict_proba(Ridge(), X, y)
    with pytest.raises(ValueError, match="cv must test every sample once"):
        cross_val_predict_proba(pooling(), X, y, cv=ShuffleSplit(3, random_state=0))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        cross_val_predict_proba(pooling(), X[:-1], y)
