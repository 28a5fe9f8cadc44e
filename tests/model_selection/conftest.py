"""A small estimator of several tasks, and labels of every kind."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from sktl.utils._labels import read_labels


class Pooling(BaseEstimator):
    """Logistic regression for tasks with holes: one for all labels where it shares, else one for each task."""

    def __init__(self, sharing="hard", C=1.0):
        self.sharing = sharing
        self.C = C

    def fit(self, X, y):
        X, table = np.asarray(X), read_labels(y)
        self.is_1d_ = table.is_1d
        rows = [np.flatnonzero(there) for there in table.labelled.T]
        labels = [table.of(task) for task in range(table.n_tasks)]
        if self.sharing == "hard":
            pooled = self._model(X[np.concatenate(rows)], np.concatenate(labels))
            self.models_ = [pooled] * table.n_tasks
        else:
            self.models_ = [self._model(X[its_rows], its) for its_rows, its in zip(rows, labels, strict=True)]
        classes = [np.empty(0) if model is None else model.classes_ for model in self.models_]
        self.classes_ = classes[0] if self.is_1d_ else classes
        return self

    def _model(self, X, labels):
        if not len(labels):
            return None
        is_constant = len(np.unique(labels)) == 1
        return (DummyClassifier() if is_constant else LogisticRegression(C=self.C)).fit(X, labels)

    def predict_proba(self, X):
        X = np.asarray(X)
        given = [np.empty((len(X), 0)) if model is None else model.predict_proba(X) for model in self.models_]
        return given[0] if self.is_1d_ else given

    def predict(self, X):
        X = np.asarray(X)
        nothing = np.full(len(X), np.nan)
        columns = [nothing if model is None else model.predict(X) for model in self.models_]
        return columns[0] if self.is_1d_ else np.column_stack(columns)


@pytest.fixture
def pooling():
    """Return the class of the estimator."""
    return Pooling


CONTAINERS = {
    "float": lambda y: y,
    "float32": lambda y: y.astype(np.float32),
    "object": lambda y: np.where(np.isnan(y), None, y).astype(object),
    "masked": lambda y: np.ma.masked_array(np.nan_to_num(y), np.isnan(y)),
    "frame": pd.DataFrame,
    "nullable frame": lambda y: pd.DataFrame(y).astype("Int64"),
    "boolean frame": lambda y: pd.DataFrame(y).astype("boolean"),
    "rows": lambda y: [[None if np.isnan(label) else int(label) for label in row] for row in y],
}


@pytest.fixture(params=CONTAINERS)
def contain(request):
    """Return a function that puts a table of 0, 1 and NaN into another container."""
    return CONTAINERS[request.param]


@pytest.fixture
def related(rng):
    """Return X and four tasks of which the last contradicts the others; a third of the labels are missing."""
    X = rng.normal(size=(120, 10))
    score = X @ rng.normal(size=10)
    y = (score[:, None] + rng.normal(size=(120, 4)) > 0).astype(float)
    y[:, 3] = 1 - y[:, 3]
    y[rng.random(y.shape) < 0.33] = np.nan
    return X, y
