"""Each parameter of each estimator can be searched over."""

import inspect
import re

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from skorch.callbacks import GradientNormClipping

from sktl import (
    ActivationCache,
    AttributeZeroShotClassifier,
    BackboneFeatures,
    MultiTaskClassifier,
    MultiTaskEstimator,
    MultiTaskRegressor,
    TransferClassifier,
    TransferRegressor,
)
from sktl.backbones import MLP
from sktl.inputs import Augmentation


def noisy(row):
    return row + 0.1 * torch.randn_like(row)


VALUES = {
    "weights": ["default", None],
    "freeze": ["none", 1, "all"],
    "image_size": ["auto", None],
    "head_stages": ["auto", "last", "late"],
    "head_hidden": [(), (4,)],
    "head_dropout": [0.0, 0.5],
    "head_l2": ["auto", 1e-3],
    "max_epochs": [1, 2],
    "batch_size": [4, 8],
    "lr": [1e-3, 1e-2],
    "lr_decay": [0.5, 1.0],
    "optimizer": ["AdamW", torch.optim.SGD],
    "weight_decay": [0.0, 1e-2],
    "augment": [None, noisy, Augmentation(noisy, n_views=2)],
    "batch_norm": ["frozen", "trained"],
    "early_stopping": [False, True],
    "validation_fraction": [0.2, 0.4],
    "n_iter_no_change": [1, 5],
    "warm_start": [False, True],
    "on_unreadable": ["raise", "skip"],
    "device": ["auto", "cpu"],
    "engine": ["auto", "torch"],
    "precision": ["auto", "float32", "bfloat16"],
    "cache": ["auto", None, ActivationCache()],
    "n_jobs": [None, 2],
    "callbacks": [None, [GradientNormClipping(1.0)]],
    "net_params": [None, {"optimizer__eps": 1e-6}],
    "self_contained": [False, True],
    "random_state": [0, 1],
    "verbose": [0],
}
OF_CLASSES = {"class_weight": [None, "balanced"]}
OF_TASKS = {
    "sharing": ["hard", "soft", "cross_stitch", "none"],
    "weighting": ["equal", "uncertainty", "dwa", "pcgrad"],
    "task_weights": [None, [1.0, 2.0]],
    "denominator": ["samples", "labels"],
    "on_untrainable": ["warn", "raise"],
}
OF_ESTIMATORS = {
    TransferClassifier: {**VALUES, **OF_CLASSES, "head": ["linear", "prototype"]},
    TransferRegressor: VALUES,
    MultiTaskClassifier: {**VALUES, **OF_CLASSES, **OF_TASKS, "heads": [None, [2, 2]], "thresholds": [None, 0.4]},
    MultiTaskRegressor: {
        **VALUES,
        **OF_TASKS,
        "heads": [None, {"left": None, "right": None}],
        "loss": ["squared_error", "huber"],
    },
    MultiTaskEstimator: {
        **VALUES,
        **OF_CLASSES,
        **OF_TASKS,
        "heads": [[2, 2], [2, "regression"]],
        "thresholds": [None, 0.4],
        "loss": ["squared_error", "huber"],
    },
}
CASES = [(Estimator, name) for Estimator, values in OF_ESTIMATORS.items() for name in [*values, "backbone"]]


@pytest.fixture
def X():
    return np.random.default_rng(0).normal(size=(24, 3)).astype("float32")


@pytest.fixture
def source(X):
    """Return a network that has learned something, so that "default" weights are there."""
    fitted = TransferClassifier(MLP((6, 5)), max_epochs=1, random_state=0).fit(X, X[:, 0] > 0)
    return fitted.backbone_


def target(Estimator, X):
    labels = (X[:, :2] > np.median(X[:, :2], axis=0)).astype(float)
    return labels if Estimator in (MultiTaskClassifier, MultiTaskEstimator, MultiTaskRegressor) else labels[:, 0]


def described(value):
    """Return a value in words; a clone holds copies, which lie elsewhere."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


@pytest.mark.parametrize("Estimator", OF_ESTIMATORS)
def test_no_parameter_is_left_out(Estimator):
    assert {*OF_ESTIMATORS[Estimator], "backbone"} == set(inspect.signature(Estimator).parameters)


@pytest.mark.parametrize(("Estimator", "name"), CASES, ids=lambda value: getattr(value, "__name__", value))
def test_search(Estimator, name, X, source):
    grid = {name: [source, MLP((4,))] if name == "backbone" else OF_ESTIMATORS[Estimator][name]}
    freeze = "all" if name == "head" else "none"
    cheap = {"head_l2": 1e-3, "head_stages": "last", "max_epochs": 1}
    needed = {"early_stopping": name in ("validation_fraction", "n_iter_no_change")}
    estimator = Estimator(source, freeze=freeze, random_state=0, **cheap, **needed)
    if Estimator is MultiTaskEstimator:
        estimator.set_params(heads=[2, 2])
    search = GridSearchCV(estimator, grid, cv=2, error_score="raise").fit(X, target(Estimator, X))
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    given = search.best_params_[name]
    kept = search.best_estimator_.get_params()[name]
    assert kept is given or kept == given or described(kept) == described(given)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("augment__n_views", [1, 3]),
        ("augment__average", [True, False]),
        ("net_params__optimizer__eps", [1e-8, 1e-6]),
    ],
)
def test_parameters_of_a_parameter(name, values, X, source):
    given = {"augment": Augmentation(noisy), "net_params": {"optimizer__eps": 1e-7}}
    estimator = TransferClassifier(source, head_l2=1e-3, freeze="none", max_epochs=1, random_state=0, **given)
    search = GridSearchCV(estimator, {name: values}, cv=2, error_score="raise").fit(X, X[:, 0] > 0)
    assert search.best_estimator_.get_params()[name] == search.best_params_[name]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("backbone", [MLP((4,)), MLP((5, 4))]),
        ("stage", [1, -1]),
        ("weights", ["default", None]),
        ("image_size", ["auto", None]),
        ("device", ["auto", "cpu"]),
        ("cache", ["auto", None]),
        ("n_jobs", [None, 2]),
        ("random_state", [0, 1]),
        ("verbose", [0]),
    ],
)
def test_features(name, values, X, source):
    given = BackboneFeatures(source if name != "backbone" else MLP((4,)), random_state=0)
    pipeline = make_pipeline(given, LogisticRegression())
    search = GridSearchCV(pipeline, {f"backbonefeatures__{name}": values}, cv=2, error_score="raise")
    assert np.isfinite(search.fit(X, X[:, 0] > 0).cv_results_["mean_test_score"]).all()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("estimator__estimator__C", [0.1, 1.0]),
        ("prior", ["uniform", "training"]),
        ("candidates", ["seen", [0, 1, 2, 3]]),
    ],
)
def test_zero_shot(name, values, X):
    table = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    y = ((X[:, :2] > 0) @ [2, 1]).astype(int)
    linear = MultiOutputClassifier(LogisticRegression())
    estimator = AttributeZeroShotClassifier(linear, table, classes=[0, 1, 2, 3], candidates="all")
    search = GridSearchCV(estimator, {name: values}, cv=2, error_score="raise").fit(X, y)
    assert name.split("__")[-1] in str(search.best_params_)
