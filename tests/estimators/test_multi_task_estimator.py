import numpy as np
import pandas as pd
import pytest
from sklearn.base import is_classifier, is_regressor
from sklearn.metrics import accuracy_score, r2_score

from sktl import MultiTaskClassifier, MultiTaskEstimator, MultiTaskRegressor
from sktl.backbones import MLP

NAN = np.nan
QUICK = {"max_epochs": 2, "head_l2": 1e-2, "lr": 0.02, "random_state": 0}


@pytest.fixture
def make(make_table_backbone):
    """Return a function that makes an estimator on a small network, random or, with ``freeze``, trained."""

    def make(Estimator=MultiTaskEstimator, **others):
        backbone = make_table_backbone(5) if "freeze" in others else MLP((8,))
        return Estimator(**{"backbone": backbone, **QUICK, **others})

    return make


@pytest.fixture
def mixed(holed):
    """Return the table, and labels of two classes, numbers, and three words, some of them missing."""
    X, y = holed
    holes = np.isnan(y)
    words = np.array(["low", "middle", "high"], dtype=object)[np.where(holes[:, 1], 0, y[:, 1]).astype(int)]
    frame = pd.DataFrame({"sign": y[:, 0], "size": X[:, 3] * 100, "level": words})
    return X, frame.mask(pd.DataFrame(holes[:, [0, 2, 1]], columns=frame.columns))


@pytest.mark.parametrize("start", [{}, {"freeze": 1, "sharing": "soft"}, {"freeze": "all"}, {"loss": "huber"}], ids=str)
def test_both_kinds_at_once(make, mixed, start):
    X, y = mixed
    fitted = make(**start).fit(X, y)
    sign, size, level = fitted.classes_
    assert (sign.tolist(), size, level.tolist()) == ([0, 1], None, ["high", "low", "middle"])
    predicted = fitted.predict(X)
    assert predicted.dtype == object
    assert set(predicted[:, 0]) <= {0.0, 1.0}
    assert np.isfinite(predicted[:, 1].astype(float)).all()
    assert set(predicted[:, 2]) <= {"low", "middle", "high"}
    of_sign, of_size, of_level = fitted.predict_proba(X)
    assert of_size is None
    assert (of_sign.shape, of_level.shape) == ((60, 2), (60, 3))
    there = y.notna().to_numpy()
    expected = [
        accuracy_score(y["sign"][there[:, 0]].astype(float), predicted[there[:, 0], 0].astype(float)),
        r2_score(y["size"][there[:, 1]].astype(float), predicted[there[:, 1], 1].astype(float)),
        accuracy_score(y["level"][there[:, 2]].astype(str), predicted[there[:, 2], 2].astype(str)),
    ]
    assert fitted.score(X, y) == pytest.approx(np.mean(expected))


def test_numbers_alone_come_in_an_array_of_numbers(make, holed):
    X, y = holed
    fitted = make().fit(X, np.column_stack([y[:, 0], X[:, 1]]))
    predicted = fitted.predict(X)
    assert predicted.dtype == np.float64
    assert set(predicted[:, 0]) <= {0.0, 1.0}


@pytest.mark.parametrize("freeze", [None, 1, "all"])
def test_of_classes_alone_it_is_the_classifier(make, holed, freeze):
    X, y = holed
    start = {"class_weight": "balanced", "thresholds": 0.4} | ({} if freeze is None else {"freeze": freeze})
    one, other = make(**start).fit(X, y), make(MultiTaskClassifier, **start).fit(X, y)
    assert np.array_equal(one.predict(X), other.predict(X))
    assert all(map(np.array_equal, one.predict_proba(X), other.predict_proba(X)))


@pytest.mark.parametrize("loss", ["squared_error", "huber"])
@pytest.mark.parametrize("freeze", [None, 1, "all"])
def test_of_numbers_alone_it_is_the_regressor(make, holed, freeze, loss):
    X, y = holed
    start = {"loss": loss} | ({} if freeze is None else {"freeze": freeze})
    one = make(heads=["regression"] * 3, **start).fit(X, y)
    assert np.array_equal(one.predict(X), make(MultiTaskRegressor, **start).fit(X, y).predict(X))
    assert one.predict_proba(X) == [None] * 3


class TestKinds:
    @pytest.mark.parametrize(
        ("heads", "is_number"),
        [
            (None, [False, True, False]),
            (["regression", None, None], [True, True, False]),
            ({"sign": 2, "size": "regression", "level": 3}, [False, True, False]),
            ({"sign": None, "size": None, "level": ["low", "middle", "high", "top"]}, [False, True, False]),
        ],
    )
    def test_are_read_from_labels_unless_they_are_said(self, make, mixed, heads, is_number):
        fitted = make(heads=heads).fit(*mixed)
        assert [classes is None for classes in fitted.classes_] == is_number

    def test_of_y_with_one_axis(self, make, holed):
        X, y = holed
        classes = make().fit(X, y[:, 1])
        assert classes.predict(X).shape == (60,)
        assert classes.classes_.tolist() == [0, 1, 2]
        assert classes.predict_proba(X).shape == (60, 3)
        numbers = make().fit(X, X[:, 1])
        assert numbers.predict(X).shape == (60,)
        assert numbers.classes_ is None
        assert numbers.predict_proba(X) is None

    def test_it_is_neither_classifier_nor_regressor(self, make, holed):
        X, y = holed
        fitted = make().fit(X, np.nan_to_num(y))
        assert not is_classifier(fitted)
        assert not is_regressor(fitted)


def test_class_weights_are_for_classes(make, mixed):
    X, y = mixed
    plain, weighted = make().fit(X, y), make(class_weight="balanced").fit(X, y)
    assert not np.allclose(np.column_stack(plain._outputs(X)), np.column_stack(weighted._outputs(X)))
    by_task = make(class_weight={"level": "balanced", "sign": "balanced"}).fit(X, y)
    assert np.array_equal(np.column_stack(by_task._outputs(X)), np.column_stack(weighted._outputs(X)))


def test_thresholds_are_for_two_classes(make, mixed):
    X, y = mixed
    fitted = make(thresholds={"sign": 0.99}).fit(X, y)
    assert (fitted.predict(X)[:, 0] == 0).all()
    with pytest.raises(ValueError, match="thresholds names task 'size', which has no two classes to part"):
        fitted.set_params(thresholds={"size": 0.5}).predict(X)


def test_what_cannot_be_learned_is_left_out(make, mixed):
    X, y = mixed
    y = y.assign(size=NAN, sign=1.0)
    heads = {"sign": None, "size": "regression", "level": None}
    fitted = make(on_untrainable="ignore", heads=heads).fit(X, y)
    predicted = fitted.predict(X)
    assert (predicted[:, 0] == 1).all()
    assert np.isnan(predicted[:, 1].astype(float)).all()
    assert fitted.predict_proba(X)[1] is None
    assert np.isfinite(fitted.score(X, mixed[1]))
