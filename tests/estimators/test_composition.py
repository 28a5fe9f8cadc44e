"""The estimators among those of scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    RandomizedSearchCV,
    cross_val_predict,
    cross_val_score,
    learning_curve,
)
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags

from sktl import BackboneFeatures, TransferClassifier, TransferRegressor
from sktl.backbones import MLP


@pytest.fixture
def estimator(make_table_backbone):
    return TransferClassifier(make_table_backbone(), freeze="all", head_l2=1e-3, max_epochs=1, random_state=0)


@pytest.fixture(params=["table", "pictures"])
def any_kind(request, estimator, make_module, digits, pictures):
    """Return an estimator with data that it takes."""
    if request.param == "table":
        return estimator, *digits
    return estimator.set_params(backbone=make_module()), *pictures


def test_pipeline(digits, estimator):
    X, y = digits
    pipeline = make_pipeline(StandardScaler(), estimator).fit(X, y)
    assert pipeline.score(X, y) > 0.7
    assert pipeline.predict_proba(X).shape == (120, 4)


def test_sample_weight_goes_through_a_pipeline(digits, estimator):
    X, y = digits
    pipeline = make_pipeline(StandardScaler(), estimator)
    pipeline.fit(X, y, transferclassifier__sample_weight=np.where(y == 0, 0, 1))
    assert pipeline.classes_.tolist() == [1, 2, 3]


def test_grid_search_over_depth(any_kind):
    estimator, X, y = any_kind
    search = GridSearchCV(estimator, {"freeze": [0, 1, -1, "all"]}, cv=2).fit(X, y)
    assert search.best_score_ == search.cv_results_["mean_test_score"].max()
    assert search.best_estimator_.freeze_reason_ == f"freeze={search.best_params_['freeze']!r} was given"


def test_randomised_search(any_kind):
    estimator, X, y = any_kind
    search = RandomizedSearchCV(
        estimator, {"freeze": [1, "all"], "head_l2": [1e-1, 1e-3]}, n_iter=2, cv=2, random_state=0
    )
    assert search.fit(X, y).predict(X).shape == (120,)


def test_search_reaches_the_description_of_an_mlp(digits):
    grid = {"backbone__hidden_layer_sizes": [(4,), (8, 6)]}
    search = GridSearchCV(TransferClassifier(MLP(), max_epochs=1, random_state=0), grid, cv=2).fit(*digits)
    sizes = search.best_params_["backbone__hidden_layer_sizes"]
    assert search.best_estimator_.stages_ == tuple(f"hidden{k + 1}" for k in range(len(sizes)))


def test_search_over_stages_of_features(digits, make_table_backbone):
    pipeline = make_pipeline(BackboneFeatures(make_table_backbone()), LogisticRegression(max_iter=500))
    search = GridSearchCV(pipeline, {"backbonefeatures__stage": ["one", "two", None]}, cv=2).fit(*digits)
    assert search.best_score_ > 0.7


def test_cross_val_predict(any_kind):
    estimator, X, y = any_kind
    probabilities = cross_val_predict(estimator, X, y, cv=3, method="predict_proba")
    assert probabilities.shape == (120, 4)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("scoring", ["accuracy", "neg_log_loss", "roc_auc_ovr"])
def test_scorers(digits, estimator, scoring):
    assert np.isfinite(cross_val_score(estimator, *digits, cv=2, scoring=scoring)).all()


def test_calibration(any_kind):
    estimator, X, y = any_kind
    calibrated = CalibratedClassifierCV(estimator, cv=2).fit(X, y)
    np.testing.assert_allclose(calibrated.predict_proba(X).sum(axis=1), 1)


def test_stacking(digits, estimator):
    X, y = digits
    stack = StackingClassifier([("net", estimator), ("plain", LogisticRegression(max_iter=500))], cv=2).fit(X, y)
    assert stack.score(X, y) > 0.8


def test_learning_curve(digits, estimator):
    sizes, _, scores = learning_curve(estimator, *digits, train_sizes=[0.3, 1.0], cv=2, shuffle=True, random_state=0)
    assert sizes.tolist() == [18, 60]
    assert np.isfinite(scores).all()


def test_a_regressor_of_transformed_targets(diabetes, make_table_backbone):
    X, y = diabetes
    regressor = TransferRegressor(make_table_backbone(10), freeze="all", head_l2=1e-3)
    transformed = TransformedTargetRegressor(regressor, func=np.log, inverse_func=np.exp).fit(X, y)
    assert (transformed.predict(X) > 0).all()


def test_several_targets_one_by_one(digits, estimator):
    X, y = digits
    both = MultiOutputClassifier(estimator).fit(X, np.column_stack([y > 1, y % 2]))
    assert both.predict(X).shape == (120, 2)


def test_a_column_of_pictures(pictures, make_module, tmp_path):
    X, y = pictures
    paths = []
    for number, picture in enumerate(X[:30]):
        paths.append(str(tmp_path / f"{number}.png"))
        Image.fromarray(picture).save(paths[-1])
    frame = pd.DataFrame({"path": paths, "row": np.arange(30.0)})
    columns = make_column_transformer((BackboneFeatures(make_module()), "path"), ("passthrough", ["row"]))
    columns.set_output(transform="pandas")
    transformed = columns.fit_transform(frame, y[:30])
    assert transformed.shape == (30, 9)
    expected = BackboneFeatures(make_module()).fit_transform(X[:30])
    np.testing.assert_allclose(transformed.iloc[:, :8], expected, rtol=1e-4, atol=1e-6)


class TestParameters:
    @pytest.mark.parametrize("kind", [TransferClassifier, TransferRegressor, BackboneFeatures])
    def test_get_and_set(self, kind):
        estimator = kind("resnet18", random_state=3)
        assert estimator.get_params()["backbone"] == "resnet18"
        assert estimator.set_params(backbone="mlp", verbose=1).get_params()["verbose"] == 1
        with pytest.raises(ValueError, match="Invalid parameter 'depth'"):
            estimator.set_params(depth=3)

    def test_nested(self):
        estimator = TransferClassifier(MLP((3,)))
        assert estimator.get_params()["backbone__hidden_layer_sizes"] == (3,)
        estimator.set_params(backbone__activation="tanh")
        assert estimator.backbone.activation == "tanh"

    def test_tags(self):
        assert get_tags(TransferClassifier()).estimator_type == "classifier"
        assert get_tags(TransferRegressor()).target_tags.multi_output
        assert get_tags(BackboneFeatures()).transformer_tags is not None


class TestViews:
    def test_text(self, estimator):
        assert repr(estimator).startswith("TransferClassifier(backbone=Backbone(")
        assert (
            repr(TransferClassifier("resnet18", freeze="all"))
            == "TransferClassifier(backbone='resnet18', freeze='all')"
        )

    @pytest.mark.parametrize("fitted", [True, False])
    def test_html(self, estimator, digits, fitted):
        estimator = estimator.fit(*digits) if fitted else estimator
        page = make_pipeline(StandardScaler(), estimator)._repr_html_()
        assert "TransferClassifier" in page
        assert "freeze" in page
