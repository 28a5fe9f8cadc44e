import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import is_regressor
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score

from sktl import MultiTaskRegressor
from sktl.backbones import MLP
from sktl.exceptions import UntrainableTaskWarning

NAN = np.nan
QUICK = {"max_epochs": 2, "head_l2": 1e-2, "lr": 0.02, "random_state": 0}


@pytest.fixture
def make(make_table_backbone):
    """Return a function that makes a regressor on a small network, random or, with ``freeze``, trained."""

    def make(**others):
        backbone = make_table_backbone(5) if "freeze" in others else MLP((8,))
        return MultiTaskRegressor(**{"backbone": backbone, **QUICK, **others})

    return make


@pytest.fixture
def numbers(holed, rng):
    """Return the table, and numbers (60, 3) of different units, some of them missing."""
    X, y = holed
    values = np.column_stack([X[:, 0] + X[:, 1], 1e3 * X[:, 2] + 5e3, 1e-3 * X[:, 3]]) + 0.0 * y
    return X, values


def test_learns_with_half_of_the_labels_missing(rng):
    X = rng.normal(size=(300, 5))
    y = X @ rng.normal(size=(5, 3))
    y[rng.random(y.shape) < 0.5] = NAN
    fitted = MultiTaskRegressor(MLP((32,)), random_state=0).fit(X[:200], y[:200])
    assert fitted.score(X[200:], y[200:]) > 0.8


@pytest.mark.parametrize("freeze", [None, 1, "all"])
@pytest.mark.parametrize("loss", ["squared_error", "huber"])
def test_scaling_and_moving_targets_does_so_with_predictions(make, numbers, freeze, loss):
    X, y = numbers
    start = {"loss": loss} | ({} if freeze is None else {"freeze": freeze})
    plain = make(**start).fit(X, y).predict(X)
    moved = make(**start).fit(X, y * [10, 1, 1e6] + [0, -1e4, 0]).predict(X)
    np.testing.assert_allclose(moved, plain * [10, 1, 1e6] + [0, -1e4, 0], rtol=1e-3, atol=0.05)


def test_heads_at_their_optimum(make, make_table_backbone, numbers):
    X, y = numbers
    fitted = make(freeze="all", head_stages="last", head_l2=0.05).fit(X, y)
    features = fitted.backbone_.prefix(3)(torch.from_numpy(X).float()).numpy().astype(float)
    for task in range(3):
        there = ~np.isnan(y[:, task])
        centred = features - features[there].mean(axis=0)
        strength = 0.05 * np.square(centred[there]).sum(axis=1).mean() * there.sum()
        by_hand = Ridge(alpha=strength).fit(centred[there], y[there, task]).predict(centred)
        np.testing.assert_allclose(fitted.predict(X)[:, task], by_hand, rtol=1e-3, atol=1e-3 * np.ptp(by_hand))


class TestHuber:
    def test_outliers_pull_less(self, rng):
        X = rng.normal(size=(200, 3))
        clean = X @ [1.0, -2.0, 0.5]
        y = clean.copy()
        y[:8] += 300
        errors = {}
        for loss in ("squared_error", "huber"):
            fitted = MultiTaskRegressor(MLP((16,)), loss=loss, random_state=0).fit(X, np.column_stack([y, y]))
            errors[loss] = np.abs(fitted.predict(X)[8:, 0] - clean[8:]).mean()
        assert errors["huber"] < 0.6 * errors["squared_error"]

    @pytest.mark.parametrize("freeze", [1, "all"])
    def test_trains_heads_by_steps(self, make, numbers, freeze):
        X, y = numbers
        fitted = make(loss="huber", freeze=freeze).fit(X, y)
        assert fitted.head_l2_ is None
        assert len(fitted.history_) == 2
        assert np.isfinite(fitted.predict(X)).all()


class TestScore:
    def test_is_the_mean_of_r2_on_labels_that_are_there(self, make, numbers):
        X, y = numbers
        fitted = make().fit(X, y)
        predicted = fitted.predict(X)
        expected = []
        for task in range(3):
            there = ~np.isnan(y[:, task])
            expected.append(r2_score(y[there, task], predicted[there, task]))
        assert fitted.score(X, y) == pytest.approx(np.mean(expected))

    def test_is_scikit_learn_s_where_no_label_is_missing(self, make, numbers, rng):
        X, y = numbers
        y = np.nan_to_num(y)
        fitted = make().fit(X, y)
        weights = rng.integers(1, 4, size=60)
        assert fitted.score(X, y) == pytest.approx(r2_score(y, fitted.predict(X)))
        assert fitted.score(X, y, weights) == pytest.approx(r2_score(y, fitted.predict(X), sample_weight=weights))

    def test_leaves_out_what_was_not_learned(self, make, numbers):
        X, y = numbers
        fitted = make(on_untrainable="ignore").fit(X, np.where(np.arange(3) == 1, NAN, y))
        assert fitted.score(X, y) == pytest.approx(fitted.score(X, np.where(np.arange(3) == 1, NAN, y)))


class TestUntrainable:
    @pytest.mark.parametrize("start", [{}, {"freeze": "all"}], ids=str)
    def test_is_left_out(self, make, numbers, start):
        X, y = numbers
        holed = np.where(np.arange(3) == 1, NAN, y)
        with pytest.raises(ValueError, match="task 'task1' has no label"):
            make(**start).fit(X, holed)
        with pytest.warns(UntrainableTaskWarning, match="task 'task1' has no label.*left out of the training"):
            fitted = make(on_untrainable="warn", **start).fit(X, holed)
        predicted = fitted.predict(X)
        assert np.isnan(predicted[:, 1]).all()
        assert np.array_equal(predicted[:, [0, 2]], make(**start).fit(X, y[:, [0, 2]]).predict(X))

    def test_a_constant_is_learned(self, make, numbers):
        X, y = numbers
        predicted = make(freeze="all").fit(X, np.column_stack([y[:, 0], np.full(60, 7.0)])).predict(X)
        np.testing.assert_allclose(predicted[:, 1], 7, atol=1e-3)


class TestShapes:
    def test_of_y_with_one_axis(self, make, numbers):
        X, y = numbers
        fitted = make().fit(X, y[:, 0])
        assert fitted.predict(X).shape == (60,)
        assert np.isfinite(fitted.score(X, y[:, 0]))
        assert make().fit(X, y[:, :1]).predict(X).shape == (60, 1)

    def test_of_numbers_of_any_kind(self, make, numbers):
        X, _ = numbers
        frame = pd.DataFrame({"a": pd.array([1, None, 3] * 20, dtype="Int64"), "b": [True, False] * 30})
        fitted = make().fit(X, frame)
        predicted = fitted.predict(X)
        assert predicted.shape == (60, 2)
        assert predicted.dtype.kind == "f"
        plain = make().fit(X, frame.astype(float).to_numpy(dtype=float, na_value=NAN))
        assert np.array_equal(predicted, plain.predict(X))

    def test_it_has_no_classes(self, make, numbers):
        fitted = make().fit(*numbers)
        assert is_regressor(fitted)
        assert not hasattr(fitted, "classes_")
        assert not hasattr(fitted, "predict_proba")
