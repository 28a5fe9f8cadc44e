"""The engine of the frozen stages, as estimators use it."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.model_selection import GridSearchCV, cross_val_score

from sktl import ActivationCache, BackboneFeatures, MultiTaskClassifier, TransferClassifier, TransferRegressor
from sktl.backbones import get_backbone
from sktl.engines import TorchEngine, _choose, _openvino, _torch
from sktl.estimators import _fit_plan
from sktl.estimators._open_samples import choose_preprocessing
from sktl.inputs import open_images

pytest.importorskip("openvino")
N = 40


@pytest.fixture(scope="module")
def pictures():
    """Return dark and bright pictures with noise."""
    rng = np.random.default_rng(0)
    y = np.arange(N) % 2
    X = rng.integers(0, 160, size=(N, 32, 32, 3)) + 60 * y[:, None, None, None]
    return X.astype(np.uint8), y


@pytest.fixture(scope="module")
def backbone():
    from sktl.backbones import WeightsInfo

    random = get_backbone("resnet18", None)
    return random.with_suffix(0, random.suffix(0), WeightsInfo("made", "a test"))


def make(backbone, Estimator=TransferClassifier, **others):
    given = {"freeze": "all", "image_size": 32, "cache": None, "random_state": 0, "max_epochs": 1}
    return Estimator(backbone, **given | others)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("freeze", ["all", 3])
@pytest.mark.parametrize("Estimator", [TransferClassifier, TransferRegressor, MultiTaskClassifier])
def test_engines_agree(backbone, pictures, Estimator, freeze, precision):
    X, y = pictures
    plain = make(backbone, Estimator, freeze=freeze, engine="torch").fit(X, y)
    fast = make(backbone, Estimator, freeze=freeze, engine="openvino", precision=precision).fit(X, y)
    assert (plain.engine_, plain.precision_) == ("torch", "float32")
    assert (fast.engine_, fast.precision_) == ("openvino", precision)
    assert fast.score(X, y) == pytest.approx(plain.score(X, y), abs=0.05)


class TestTrainedStages:
    def test_they_are_trained_in_the_precision_that_is_given(self, backbone, pictures):
        X, y = pictures
        plain, reduced = (
            make(backbone, freeze=3, engine="torch", precision=precision, max_epochs=3).fit(X, y)
            for precision in ("float32", "bfloat16")
        )
        assert (plain.net_.module_.precision, reduced.net_.module_.precision) == ("float32", "bfloat16")
        assert {parameter.dtype for parameter in reduced.net_.module_.parameters()} == {torch.float32}
        assert reduced.score(X, y) == pytest.approx(plain.score(X, y), abs=2 / N)
        weights = [one.net_.module_.head[0].weight for one in (plain, reduced)]
        assert not torch.equal(*weights)
        again = pickle.loads(pickle.dumps(reduced))
        assert again.net_.module_.precision == "bfloat16"
        assert np.array_equal(again.predict_proba(X), reduced.predict_proba(X))

    @pytest.mark.parametrize("precision", ["auto", "float32"])
    def test_they_are_trained_in_float32_else(self, backbone, pictures, precision, monkeypatch):
        monkeypatch.setattr(_fit_plan, "bfloat16_unit", lambda device: None)
        network = make(backbone, freeze=0, image_size=64, precision=precision).fit(*pictures).net_.module_
        assert (network.precision, network.training_precision) == ("float32", "float32")

    @pytest.mark.parametrize(("freeze", "expected"), [(3, "bfloat16"), ("all", "float32")])
    def test_auto_trains_in_bfloat16_where_there_is_a_unit_for_it(
        self, backbone, pictures, freeze, expected, monkeypatch
    ):
        X, y = pictures
        given = {"freeze": freeze, "image_size": 64, "engine": "torch", "max_epochs": 3}
        for module in (_fit_plan, _torch):
            monkeypatch.setattr(module, "bfloat16_unit", lambda device: "matrices")
        reduced = make(backbone, **given).fit(X, y)
        plain = make(backbone, precision="float32", **given).fit(X, y)
        assert (reduced.training_precision_, plain.training_precision_) == (expected, "float32")
        assert (reduced.precision_, plain.precision_) == ("bfloat16", "float32")
        assert reduced.net_.module_.precision == "float32"
        assert reduced.score(X, y) == pytest.approx(plain.score(X, y), abs=2 / N)
        np.testing.assert_allclose(reduced.predict_proba(X[:1]), reduced.predict_proba(X)[:1], rtol=1e-3, atol=1e-5)
        again = pickle.loads(pickle.dumps(reduced))
        assert again.net_.module_.training_precision == expected
        np.testing.assert_allclose(again.predict_proba(X), reduced.predict_proba(X), rtol=1e-3, atol=1e-5)


def test_a_probe_in_less_precision_is_as_good(backbone, pictures):
    X, y = pictures
    scores = {
        precision: cross_val_score(make(backbone, engine="openvino", precision=precision), X, y, cv=4).mean()
        for precision in ("float32", "bfloat16")
    }
    assert scores["bfloat16"] == pytest.approx(scores["float32"], abs=1.5 / N)
    assert scores["float32"] > 0.9


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_cache_changes_nothing(backbone, pictures, precision):
    X, y = pictures
    grid = {"freeze": [3, 4, "all"]}
    cached, plain = (
        GridSearchCV(make(backbone, engine="openvino", precision=precision, cache=cache), grid, cv=2).fit(X, y)
        for cache in (ActivationCache(max_bytes=2**26), None)
    )
    assert np.array_equal(cached.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"])
    assert np.array_equal(cached.predict_proba(X), plain.predict_proba(X))


def test_engines_share_no_row(backbone, pictures):
    X, y = pictures
    cache = ActivationCache(max_bytes=2**26)
    for engine, precision in (("torch", "float32"), ("openvino", "float32"), ("openvino", "bfloat16")):
        for n_computed in (N, 0):
            one = make(backbone, engine=engine, precision=precision, head_stages="last", cache=cache).fit(X, y)
            assert one.cache_report_.n_computed == n_computed


@pytest.mark.parametrize("precision", ["auto", "float32", "bfloat16"])
def test_predictions_find_the_rows_of_the_fit(backbone, pictures, precision):
    X, y = pictures
    fitted = make(backbone, engine="torch", precision=precision, cache=ActivationCache(max_bytes=2**26)).fit(X, y)
    expected = fitted.predict_proba(X)
    copy = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_allclose(copy.set_params(cache=None).predict_proba(X), expected, rtol=1e-5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TorchEngine, "run", None)
        assert np.array_equal(fitted.predict_proba(X), expected)


def test_float32_by_name_has_the_bits_of_the_network(backbone, pictures):
    X = pictures[0][:4]
    given = {"image_size": 32, "engine": "torch", "cache": None}
    exact, plain = (BackboneFeatures(backbone, precision=one, **given).fit_transform(X) for one in ("float32", "auto"))
    x = open_images(X).load(range(4), choose_preprocessing(backbone, 32)).contiguous(memory_format=torch.channels_last)
    expected = backbone.pool(backbone.prefix(backbone.n_stages)(x)).numpy()
    assert np.array_equal(exact, expected)
    assert not np.array_equal(plain, expected)  # batch normalisation is within convolutions
    np.testing.assert_allclose(plain, expected, rtol=1e-3, atol=1e-4)


def test_prediction_stays_with_the_engine_of_the_fit(backbone, pictures, monkeypatch):
    X, y = pictures
    monkeypatch.setattr(_choose, "WORTH_COMPILING", N * 3 * 32 * 32)
    monkeypatch.setattr(_openvino, "has_native", lambda precision: True)
    fitted = make(backbone).fit(X, y)
    assert (fitted.engine_, fitted.precision_) == ("openvino", "bfloat16")
    copy = pickle.loads(pickle.dumps(fitted))
    whole = fitted.predict_proba(X)
    monkeypatch.setattr(TorchEngine, "run", None)
    for estimator in (fitted, copy):  # one picture alone would not be worth it
        np.testing.assert_allclose(estimator.predict_proba(X[:1]), whole[:1], atol=1e-4)


def test_in_float32_the_number_of_samples_decides(backbone, pictures, monkeypatch):
    X, y = pictures
    monkeypatch.setattr(_choose, "WORTH_COMPILING", N * 3 * 32 * 32)
    fitted = make(backbone, precision="float32").fit(X, y)
    compiled = len(_openvino._COMPILED)
    np.testing.assert_allclose(fitted.predict_proba(X[:1]), fitted.predict_proba(X)[:1], rtol=1e-4)
    assert len(_openvino._COMPILED) == compiled


def test_few_pictures_are_for_torch(backbone, pictures):
    fitted = make(backbone).fit(*pictures)
    assert (fitted.engine_, fitted.precision_) == ("torch", "float32")


def test_a_graph_is_compiled_once_for_all_folds(backbone, pictures, monkeypatch):
    X, y = pictures
    calls = []
    compile_stages = _openvino.compile_stages
    monkeypatch.setattr(_openvino, "compile_stages", lambda *given: calls.append(given) or compile_stages(*given))
    monkeypatch.setattr(_openvino, "_COMPILED", type(_openvino._COMPILED)(8))
    cross_val_score(make(backbone, engine="openvino", head_stages="last"), X, y, cv=4)
    assert len(calls) == 1


def test_no_stage_is_frozen(backbone, pictures):
    fitted = make(backbone, freeze=0, engine="openvino", precision="float32").fit(*pictures)
    assert fitted.engine_ == "openvino"  # the head is fitted to its features before it is trained
    random = make(get_backbone("resnet18", None), freeze=0, engine="openvino").fit(*pictures)
    assert random.engine_ == "torch"


def test_features(backbone, pictures):
    X, _ = pictures
    plain = BackboneFeatures(backbone, image_size=32, cache=None).fit(X)
    fast = BackboneFeatures(backbone, image_size=32, cache=None, engine="openvino", precision="float32").fit(X)
    assert (plain.engine_, fast.engine_) == ("torch", "openvino")
    np.testing.assert_allclose(fast.transform(X), plain.transform(X), rtol=1e-3, atol=1e-5)


def test_added_task_keeps_the_old_ones(backbone, pictures):
    X, y = pictures
    fitted = make(backbone, MultiTaskClassifier, engine="openvino").fit(X, np.column_stack([y, 1 - y]))
    before = fitted.predict_proba(X)
    fitted.add_task(X, np.arange(N) % 4 == 0, "every fourth")
    assert all(np.array_equal(one, two) for one, two in zip(before, fitted.predict_proba(X), strict=False))


def test_a_type_that_this_device_does_not_know(backbone, pictures):
    X, _ = pictures
    fitted = make(backbone).fit(*pictures)
    before = fitted.predict_proba(X)
    fitted.precision_ = "float16"  # as if it had been fitted on CUDA
    assert np.array_equal(fitted.predict_proba(X), before)
