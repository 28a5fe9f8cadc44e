import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from sktl import MultiTaskClassifier, TransferClassifier, TransferRegressor
from sktl.features import ActivationCache
from sktl.inputs import Augmentation

QUICK = {"random_state": 0, "max_epochs": 3}


def noisy(sample):
    return sample + 0.5 * torch.randn_like(sample)


@pytest.fixture
def X(rng):
    return rng.normal(size=(60, 6)).astype(np.float32)


@pytest.fixture
def y(X):
    return (X[:, 0] + X[:, 1] > 0).astype(int)


@pytest.fixture
def backbone(rng):
    X = rng.normal(size=(200, 6))
    return TransferClassifier("mlp", max_epochs=20, cache=None, random_state=0).fit(X, X[:, 0] > 0).backbone_


@pytest.mark.parametrize("freeze", ["all", 1, 0])
@pytest.mark.parametrize("Estimator", [TransferClassifier, TransferRegressor, MultiTaskClassifier])
def test_views_change_what_is_learned(Estimator, X, y, backbone, freeze):
    plain, varied, again = (
        Estimator(backbone, freeze=freeze, augment=augment, cache=None, **QUICK).fit(X, y).predict(X)
        if Estimator is TransferRegressor
        else Estimator(backbone, freeze=freeze, augment=augment, cache=None, **QUICK).fit(X, y).predict_proba(X)
        for augment in (None, noisy, noisy)
    )
    assert not np.allclose(plain, varied, atol=1e-4)
    assert np.array_equal(varied, again)


@pytest.mark.parametrize("freeze", ["all", 1])
def test_one_view_is_no_augmentation(X, y, backbone, freeze):
    plain = TransferClassifier(backbone, freeze=freeze, cache=None, **QUICK).fit(X, y)
    one = TransferClassifier(backbone, freeze=freeze, augment=Augmentation(noisy, n_views=1), cache=None, **QUICK)
    assert np.array_equal(one.fit(X, y).predict_proba(X), plain.predict_proba(X))


def test_each_view_passes_once_in_a_search(X, y, backbone):
    cache = ActivationCache(max_bytes=2**24)
    augment = Augmentation(noisy, n_views=3)
    estimator = TransferClassifier(backbone, augment=augment, head_stages="last", cache=cache, **QUICK)
    one = clone(estimator).set_params(freeze="all").fit(X, y)
    assert one.cache_report_.n_computed == len(X)
    again = clone(one).fit(X, y)
    assert (again.cache_report_.n_computed, again.cache_report_.n_reused) == (0, len(X))
    search = GridSearchCV(estimator, {"freeze": ["all", 1], "augment__n_views": [1, 3]}, cv=2, error_score="raise")
    search.fit(X, y)
    seeds = search.best_estimator_.get_params()["augment__n_views"]
    assert seeds in (1, 3)


def test_predictions_average_over_the_views(X, y, backbone):
    one, mean = (
        TransferClassifier(backbone, freeze="all", augment=Augmentation(noisy, n_views=8, average=average), **QUICK)
        for average in (False, True)
    )
    one, mean = one.fit(X, y).predict_proba(X), mean.fit(X, y).predict_proba(X)
    assert not np.allclose(one, mean, atol=1e-3)
    assert np.array_equal(
        mean,
        TransferClassifier(backbone, freeze="all", augment=Augmentation(noisy, n_views=8, average=True), **QUICK)
        .fit(X, y)
        .predict_proba(X),
    )


def test_views_of_prototypes(X, y, backbone):
    plain = TransferClassifier(backbone, head="prototype", **QUICK).fit(X, y)
    varied = TransferClassifier(backbone, head="prototype", augment=noisy, **QUICK).fit(X, y)
    assert not np.allclose(plain.predict_proba(X), varied.predict_proba(X), atol=1e-3)


def test_auto_is_for_pictures(X, y, backbone):
    with pytest.raises(ValueError, match="augment='auto' is for pictures"):
        TransferClassifier(backbone, augment="auto", **QUICK).fit(X, y)


def test_wrong_types(X, y, backbone):
    with pytest.raises(TypeError, match="augment is 3: expected None, 'auto'"):
        TransferClassifier(backbone, augment=3, **QUICK).fit(X, y)
