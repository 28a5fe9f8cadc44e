import numpy as np
import pandas as pd
import pytest

from sktl import TransferRegressor

QUICK = {"max_epochs": 2, "head_l2": 1e-2, "random_state": 0}


@pytest.fixture
def make(make_table_backbone):
    def make(**others):
        return TransferRegressor(make_table_backbone(10), **{"freeze": "all", **QUICK, **others})

    return make


@pytest.mark.parametrize("freeze", [1, "all"])
@pytest.mark.parametrize("n_outputs", [None, 1, 3])
def test_the_shape_of_predictions_is_that_of_targets(make, diabetes, freeze, n_outputs):
    X, y = diabetes
    target = y if n_outputs is None else np.column_stack([y * (k + 1) for k in range(n_outputs)])
    fitted = make(freeze=freeze).fit(X, target)
    assert fitted.predict(X).shape == target.shape
    assert fitted.predict(X[:1]).shape == (1, *target.shape[1:])


@pytest.mark.parametrize("freeze", [1, "all"])
def test_scaling_and_moving_targets_does_so_with_predictions(make, diabetes, freeze):
    X, y = diabetes
    plain = make(freeze=freeze).fit(X, y).predict(X)
    moved = make(freeze=freeze).fit(X, 1000 * y - 5e6).predict(X)
    np.testing.assert_allclose(moved, 1000 * plain - 5e6, rtol=1e-6)


def test_two_targets_of_different_units_weigh_the_same(make, diabetes):
    X, y = diabetes
    both = make().fit(X, np.column_stack([y, 1e6 * y])).predict(X)
    np.testing.assert_allclose(both[:, 1], 1e6 * both[:, 0], rtol=1e-5)


def test_learns(diabetes):
    X, y = diabetes
    assert TransferRegressor("mlp", random_state=0).fit(X, y).score(X, y) > 0.3


def test_a_data_frame_of_targets(make, diabetes):
    X, y = diabetes
    target = pd.DataFrame({"a": y, "b": -y})
    np.testing.assert_allclose(make().fit(X, target).predict(X), make().fit(X, target.to_numpy()).predict(X))


def test_whole_numbers_are_numbers(make, diabetes):
    X, y = diabetes
    np.testing.assert_allclose(make().fit(X, y.astype(int)).predict(X), make().fit(X, y).predict(X))


@pytest.mark.parametrize("freeze", [0, "all"])
def test_a_constant_target(make, diabetes, freeze):
    X, _ = diabetes
    np.testing.assert_allclose(make(freeze=freeze, max_epochs=1).fit(X, np.full(120, 7.0)).predict(X), 7.0, atol=1.0)


def test_one_sample(make, diabetes):
    X, y = diabetes
    assert make(head_l2="auto").fit(X[:1], y[:1]).predict(X[:1]) == pytest.approx(y[:1])


def test_no_words(make, diabetes):
    with pytest.raises(ValueError, match="could not convert string to float"):
        make().fit(diabetes[0], ["a"] * 120)


def test_no_classifier(make, diabetes):
    assert not hasattr(make().fit(*diabetes), "classes_")
