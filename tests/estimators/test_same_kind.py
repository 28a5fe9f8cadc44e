import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from torch import nn

from sktl import BackboneFeatures, MultiTaskClassifier, TransferClassifier, TransferRegressor
from sktl.backbones import backbone_from_module

QUICK = {"max_epochs": 2, "random_state": 0, "cache": None}


@pytest.fixture
def table(rng):
    return pd.DataFrame(rng.normal(size=(40, 3)), columns=["age", "height", "weight"])


@pytest.fixture
def y(table):
    return (table["age"] > 0).to_numpy()


@pytest.fixture
def source(table, y):
    return TransferClassifier("mlp", **QUICK).fit(table, y).backbone_


def goes_on_from(backbone, X, y):
    return TransferClassifier(backbone, freeze="all", **QUICK).fit(X, y)


def test_the_same_columns(source, table, y):
    assert goes_on_from(source, table, ~y).backbone_ is source
    assert goes_on_from(source, table.to_numpy(), ~y).backbone_ is source  # no names to compare


def test_columns_in_another_order(source, table, y):
    with pytest.raises(ValueError, match=r"in another order: give them as X\[\['age', 'height', 'weight'\]\]"):
        goes_on_from(source, table[["weight", "age", "height"]], y)


def test_other_columns(source, table, y):
    with pytest.raises(ValueError, match=r"TransferClassifier on 40 samples\): it lacks \['age'\], and has \['size'\]"):
        goes_on_from(source, table.rename(columns={"age": "size"}), y)


def test_another_number_of_columns(source, table, y):
    with pytest.raises(ValueError, match="X has 2 columns, but the backbone 'mlp' takes 3"):
        goes_on_from(source, table.to_numpy()[:, :2], y)


def test_features_are_checked_too(source, table):
    with pytest.raises(ValueError, match="in another order"):
        BackboneFeatures(source).fit(table[["weight", "age", "height"]])


def test_pickles_know_it(source, table, y):
    again = pickle.loads(pickle.dumps(source))
    with pytest.raises(ValueError, match="in another order"):
        goes_on_from(again, table[["weight", "age", "height"]], y)


class TestTensors:
    @pytest.fixture
    def module(self):
        return nn.Sequential(nn.Conv1d(2, 4, 3), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 3))

    @pytest.fixture
    def X(self, rng):
        return rng.normal(size=(20, 2, 9)).astype(np.float32)

    @pytest.fixture
    def backbone(self, module, X):
        taken = backbone_from_module(module, input_kind="tensor")
        return TransferClassifier(taken, freeze=0, **QUICK).fit(X, np.arange(20) % 2).backbone_

    def test_another_length_is_welcome(self, backbone, rng):
        fitted = goes_on_from(backbone, rng.normal(size=(20, 2, 12)).astype(np.float32), np.arange(20) % 2)
        assert fitted.input_shape_ == (2, 12)

    def test_another_number_of_axes(self, backbone, rng):
        with pytest.raises(ValueError, match=r"samples of shape \(2, 9, 1\), but those .* had the shape \(2, 9\)"):
            goes_on_from(backbone, rng.normal(size=(20, 2, 9, 1)).astype(np.float32), np.arange(20) % 2)

    def test_another_type(self, backbone):
        with pytest.raises(ValueError, match=r"X holds whole numbers, but .* were floats"):
            goes_on_from(backbone, np.ones((20, 2, 9), dtype=int), np.arange(20) % 2)


class TestFromAnyEstimator:
    @pytest.fixture(params=["classifier", "regressor", "several"])
    def backbone(self, request, table, y):
        if request.param == "classifier":
            return TransferClassifier("mlp", **QUICK).fit(table, y).backbone_
        if request.param == "regressor":
            return TransferRegressor("mlp", **QUICK).fit(table, table["height"]).backbone_
        return MultiTaskClassifier("mlp", **QUICK).fit(table, np.column_stack([y, ~y])).backbone_

    def test_no_candidate_of_a_search_copies_the_weights(self, backbone, table, y):
        estimator = TransferClassifier(backbone, **QUICK)
        search = GridSearchCV(estimator, {"freeze": ["all", 1, 0]}, cv=2, error_score="raise").fit(table, y)
        assert clone(estimator).backbone is backbone
        assert search.best_estimator_.backbone is backbone

    def test_weights_of_frozen_stages_are_those_of_the_source(self, backbone, table, y):
        fitted = TransferClassifier(backbone, freeze=1, **QUICK).fit(table, y)
        assert fitted.backbone_.weights_fingerprint(1) == backbone.weights_fingerprint(1)
        assert fitted.backbone_.weights_fingerprint() != backbone.weights_fingerprint()


def test_an_estimator_is_no_backbone(table, y):
    source = TransferClassifier("mlp", **QUICK).fit(table, y)
    with pytest.raises(
        TypeError, match=r"backbone is an estimator, TransferClassifier\(\.\.\.\).*estimator\.backbone_"
    ):
        TransferClassifier(source).fit(table, y)
