"""Photographs and real weights, end to end."""

import collections

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

from sktl import ActivationCache, TransferClassifier
from sktl.engines import TorchEngine


def photographs(folder):
    paths = sorted(path for path in folder.glob("*/*") if path.is_file())
    return np.array([str(path) for path in paths], dtype=object), np.array([path.parent.name for path in paths])


@pytest.fixture(scope="module")
def ants_and_bees(shared):
    folder = shared / "data" / "hymenoptera"
    return photographs(folder / "train"), photographs(folder / "val")


@pytest.fixture(scope="module")
def mobilenet_weights(shared):
    return shared / "weights" / "mobilenet_v2-imagenet.pth"


@pytest.mark.parametrize("backbone", ["mobilenet_v2", "efficientnet_lite0"])
def test_a_new_head_tells_ants_from_bees(ants_and_bees, mobilenet_weights, backbone):
    (X, y), (X_test, y_test) = ants_and_bees
    weights = mobilenet_weights if backbone == "mobilenet_v2" else "default"
    classifier = TransferClassifier(backbone, weights=weights, freeze="all", random_state=0).fit(X, y)
    assert classifier.score(X_test, y_test) >= 0.93


def test_random_features_do_not(ants_and_bees):
    (X, y), (X_test, y_test) = ants_and_bees
    classifier = TransferClassifier("mobilenet_v2", weights=None, freeze="all", image_size=96, random_state=0)
    assert classifier.fit(X, y).score(X_test, y_test) < 0.75


def test_search_over_depth_passes_each_photograph_once(ants_and_bees, mobilenet_weights, monkeypatch):
    X, y = ants_and_bees[0]
    X, y = X[::3], y[::3]
    rows_through, run = collections.Counter(), TorchEngine.run

    def counted(engine, x, start, stop, *others):
        rows_through.update({number: len(x) for number in range(start, stop)})
        return run(engine, x, start, stop, *others)

    def search(cache):
        estimator = TransferClassifier(
            "mobilenet_v2", weights=mobilenet_weights, image_size=64, max_epochs=1, cache=cache, random_state=0
        )
        return GridSearchCV(estimator, {"freeze": [-3, -2, -1, "all"]}, cv=5, error_score="raise").fit(X, y)

    monkeypatch.setattr(TorchEngine, "run", counted)
    cached = search(ActivationCache())
    assert len(rows_through) == len(cached.best_estimator_.stages_)
    assert set(rows_through.values()) == {len(X)}
    plain = search(None)
    np.testing.assert_array_equal(cached.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"])
