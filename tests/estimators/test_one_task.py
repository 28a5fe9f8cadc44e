"""The law One task: an estimator of several tasks with one task gives what that of one task gives, bit for bit."""

import numpy as np
import pandas as pd
import pytest

from sktl import MultiTaskClassifier, MultiTaskEstimator, MultiTaskRegressor, TransferClassifier, TransferRegressor
from sktl.backbones import MLP
from sktl.sharing import CrossStitch, SoftSharing
from sktl.sharing._choose import SCHEMES

SHARINGS = [*SCHEMES, SoftSharing("trace_tt", strength=100.0), CrossStitch(own_share=0.5)]
QUICK = {"max_epochs": 3, "batch_size": 25, "head_l2": 1e-2, "random_state": 5}
STARTS = ["from scratch", 0, 1, "all"]


def start_of(make_table_backbone, freeze, n_columns):
    if freeze == "from scratch":
        return {"backbone": MLP((8, 6)), **QUICK}
    return {"backbone": make_table_backbone(n_columns), "freeze": freeze, **QUICK}


def same_outputs(one, other, X):
    (of_one,), (of_other,) = one._outputs(X), other._outputs(X)
    assert np.ptp(of_one) > 0
    return np.array_equal(of_one, of_other) and one.history_[-1]["train_loss"] == other.history_[-1]["train_loss"]


@pytest.mark.parametrize("freeze", STARTS)
@pytest.mark.parametrize("n_classes", [2, 4])
class TestClasses:
    @pytest.mark.parametrize("sharing", SHARINGS, ids=str)
    def test_whatever_the_sharing(self, make_table_backbone, digits, n_classes, freeze, sharing):
        X, y = digits
        y = np.minimum(y, n_classes - 1)
        start = start_of(make_table_backbone, freeze, 64)
        one = TransferClassifier(**start).fit(X, y)
        several = MultiTaskClassifier(**start, sharing=sharing).fit(X, y)
        assert same_outputs(one, several, X)
        assert np.array_equal(one.predict(X), several.predict(X))
        assert np.array_equal(one.predict_proba(X), several.predict_proba(X))
        assert np.array_equal(one.classes_, several.classes_)
        assert (one.freeze_, one.freeze_reason_, one.head_l2_) == (
            several.freeze_,
            several.freeze_reason_,
            several.head_l2_,
        )

    @pytest.mark.parametrize("Estimator", [MultiTaskClassifier, MultiTaskEstimator])
    def test_in_a_column(self, make_table_backbone, digits, n_classes, freeze, Estimator):
        X, y = digits
        y = np.array(["a", "b", "c", "d"], dtype=object)[np.minimum(y, n_classes - 1)]
        start = start_of(make_table_backbone, freeze, 64)
        one = TransferClassifier(**start).fit(X, y)
        several = Estimator(**start).fit(X, y[:, None])
        assert same_outputs(one, several, X)
        assert several.predict(X).shape == (120, 1)
        assert several.predict(X)[:, 0].tolist() == one.predict(X).tolist()
        (probabilities,) = several.predict_proba(X)
        assert np.array_equal(one.predict_proba(X), probabilities)


@pytest.mark.parametrize("freeze", STARTS)
@pytest.mark.parametrize("others", [
    {"weights": True},
    {"head_l2": "auto"},
    {"class_weight": "balanced"},
    {"class_weight": {0: 3.0}},
    {"early_stopping": True, "validation_fraction": 0.2},
    {"head_hidden": (5,), "head_dropout": 0.2, "optimizer": "SGD"},
    {"batch_norm": "trained", "lr_decay": 0.9, "weight_decay": 0.1},
], ids=str)  # fmt: skip
def test_whatever_the_parameters(make_table_backbone, digits, rng, freeze, others):
    X, y = digits
    others = dict(others)
    weights = {"sample_weight": rng.integers(0, 4, size=120)} if others.pop("weights", False) else {}
    start = {**start_of(make_table_backbone, freeze, 64), **others}
    one, several = TransferClassifier(**start).fit(X, y, **weights), MultiTaskClassifier(**start).fit(X, y, **weights)
    assert same_outputs(one, several, X)


@pytest.mark.parametrize("freeze", STARTS)
class TestNumbers:
    @pytest.mark.parametrize("sharing", SHARINGS, ids=str)
    def test_whatever_the_sharing(self, make_table_backbone, diabetes, freeze, sharing):
        X, y = diabetes
        start = start_of(make_table_backbone, freeze, 10)
        one = TransferRegressor(**start).fit(X, y)
        several = MultiTaskRegressor(**start, sharing=sharing).fit(X, y)
        assert same_outputs(one, several, X)
        assert np.array_equal(one.predict(X), several.predict(X))
        assert one.score(X, y) == pytest.approx(several.score(X, y), rel=1e-12)

    @pytest.mark.parametrize("Estimator", [MultiTaskRegressor, MultiTaskEstimator])
    def test_in_a_column(self, make_table_backbone, diabetes, freeze, Estimator):
        X, y = diabetes
        start = start_of(make_table_backbone, freeze, 10)
        one = TransferRegressor(**start).fit(X, y[:, None])
        heads = {"y": "regression"} if Estimator is MultiTaskEstimator else None
        several = Estimator(**start, heads=heads).fit(X, pd.DataFrame({"y": y}))
        assert same_outputs(one, several, X)
        assert one.predict(X).shape == several.predict(X).shape == (120, 1)
        assert np.array_equal(one.predict(X), several.predict(X))

    def test_several_outputs(self, make_table_backbone, diabetes, freeze):
        X, y = diabetes
        both = np.column_stack([y, y**2])
        start = start_of(make_table_backbone, freeze, 10)
        one = TransferRegressor(**start).fit(X, both)
        several = MultiTaskRegressor(**start, denominator="labels").fit(X, both)
        assert np.array_equal(one.predict(X), several.predict(X))
        assert one.score(X, both) == pytest.approx(several.score(X, both), rel=1e-12)


@pytest.mark.parametrize("freeze", STARTS)
def test_with_labels_missing_it_is_that_of_the_others(make_table_backbone, digits, freeze):
    X, y = digits
    start = start_of(make_table_backbone, freeze, 64) | {"cache": None}
    holed = np.where(np.arange(120) % 3 == 1, np.nan, y)
    there = ~np.isnan(holed)
    one = TransferClassifier(**start).fit(X[there], y[there])
    several = MultiTaskClassifier(**start).fit(X, holed)
    np.testing.assert_allclose(several._outputs(X)[0], one._outputs(X)[0], rtol=1e-4, atol=1e-4)
