import copy
import io
import pathlib
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest
import torch
from torch import nn

import sktl
from sktl import TransferClassifier, TransferRegressor
from sktl.backbones import Backbone, WeightsInfo, _registry, get_backbone
from sktl.estimators import _open_backbone
from sktl.exceptions import StateDictMismatchError, UnknownBackboneError

QUICK = {"max_epochs": 2, "head_l2": 1e-2, "random_state": 0}
WIDE = 3_000  # units of the frozen stage, so that its 192,000 weights show in the size of a pickle


def through_pickle(estimator):
    return pickle.loads(pickle.dumps(estimator))


def through_joblib(estimator):
    file = io.BytesIO()
    joblib.dump(estimator, file)
    file.seek(0)
    return joblib.load(file)


@pytest.fixture
def registry(monkeypatch):
    """Register networks for tables and for pictures; return what their weights are drawn from, to be changed."""
    state = {"seed": 0}

    def build(name, stages, weights, **others):
        torch.manual_seed(state["seed"])
        info, rebuild = WeightsInfo(str(weights), "a test"), (get_backbone, (name, weights))
        return Backbone(stages=stages(), name=name, weights=info, rebuild=rebuild, **others)

    def wide(weights):
        def stages():
            return [("wide", nn.Sequential(nn.Linear(64, WIDE), nn.ReLU())), ("last", nn.Linear(WIDE, 8))]

        return build("wide_net", stages, weights, input_kind="table", n_channels=64)

    def small(weights):
        def stages():
            return [("one", nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU())), ("two", nn.Conv2d(6, 8, 3))]

        return build("small_net", stages, weights, input_kind="image", n_channels=3)

    monkeypatch.setitem(_registry._registered, "wide_net", wide)
    monkeypatch.setitem(_registry._registered, "small_net", small)
    yield state
    _open_backbone._held_backbone.cache_clear()


@pytest.fixture(params=["classifier", "regressor"])
def Estimator(request):
    return TransferClassifier if request.param == "classifier" else TransferRegressor


class TestRoundTrips:
    @pytest.mark.parametrize("trip", [through_pickle, through_joblib, copy.deepcopy], ids=lambda trip: trip.__name__)
    @pytest.mark.parametrize("freeze", [0, 1, "all"])
    def test_predictions_are_the_same(self, Estimator, make_table_backbone, digits, freeze, trip):
        X, y = digits
        fitted = Estimator(make_table_backbone(), freeze=freeze, head_hidden=(6,), **QUICK).fit(X, y)
        back = trip(fitted)
        assert np.array_equal(back.predict(X), fitted.predict(X))
        assert back.history_ == fitted.history_
        assert list(back.net_.history) == list(fitted.net_.history)
        assert back.get_params(deep=False).keys() == fitted.get_params(deep=False).keys()
        assert (back.freeze_, back.n_features_in_) == (fitted.freeze_, fitted.n_features_in_)

    @pytest.mark.parametrize("trip", [through_pickle, copy.deepcopy], ids=lambda trip: trip.__name__)
    def test_pictures_and_a_module(self, Estimator, make_module, pictures, trip):
        X, y = pictures
        fitted = Estimator(make_module(), freeze=1, **QUICK).fit(X, y)
        np.testing.assert_allclose(trip(fitted).predict(X), fitted.predict(X), rtol=1e-6)

    def test_random_weights_of_an_mlp(self, Estimator, digits):
        X, y = digits
        fitted = Estimator("mlp", freeze="all", **QUICK).fit(X, y)
        assert np.array_equal(through_pickle(fitted).predict(X), fitted.predict(X))

    def test_what_is_not_fitted(self, Estimator):
        back = through_pickle(Estimator("mlp", max_epochs=3))
        assert back.max_epochs == 3
        assert not hasattr(back, "net_")

    @pytest.mark.parametrize("freeze", [0, "all"])
    def test_a_fit_goes_on_after_it(self, Estimator, make_table_backbone, digits, freeze):
        X, y = digits
        fitted = Estimator(make_table_backbone(), freeze=freeze, warm_start=True, **QUICK).fit(X, y)
        back = through_pickle(fitted)
        assert np.array_equal(back.fit(X, y).predict(X), fitted.fit(X, y).predict(X))

    def test_a_backbone_serves_another_task_after_it(self, Estimator, digits):
        X, y = digits
        source = through_pickle(Estimator("mlp", **QUICK).fit(X, y)).backbone_
        assert Estimator(source, freeze="all", **QUICK).fit(X, y).predict(X).shape == y.shape

    def test_a_fitted_estimator_is_left_as_it_was(self, Estimator, make_table_backbone, digits):
        fitted = Estimator(make_table_backbone(), freeze=1, self_contained=True, **QUICK).fit(*digits)
        before = dict(vars(fitted))
        pickle.dumps(fitted)
        assert vars(fitted) == before


class TestByName:
    """What can be rebuilt by name is not in the pickle."""

    @pytest.mark.parametrize(("freeze", "is_small"), [("all", True), (1, True), (0, False)])
    def test_size(self, Estimator, registry, digits, freeze, is_small):
        fitted = Estimator(get_backbone("wide_net"), freeze=freeze, **QUICK).fit(*digits)
        assert (len(pickle.dumps(fitted)) < 4 * 64 * WIDE) is is_small

    @pytest.mark.parametrize("freeze", [0, 1, "all"])
    def test_predictions_are_the_same(self, Estimator, registry, digits, freeze):
        X, y = digits
        fitted = Estimator(get_backbone("wide_net"), freeze=freeze, **QUICK).fit(X, y)
        np.testing.assert_allclose(through_pickle(fitted).predict(X), fitted.predict(X), rtol=1e-5)

    @pytest.mark.parametrize("freeze", [0, 1, "all"])
    def test_pictures(self, Estimator, registry, pictures, freeze):
        X, y = pictures
        fitted = Estimator("small_net", freeze=freeze, **QUICK).fit(X, y)
        np.testing.assert_allclose(through_pickle(fitted).predict(X), fitted.predict(X), rtol=1e-5)

    @pytest.mark.parametrize("freeze", [1, "all"])
    def test_other_weights_under_the_name(self, Estimator, registry, digits, freeze):
        dumped = pickle.dumps(Estimator(get_backbone("wide_net"), freeze=freeze, **QUICK).fit(*digits))
        registry["seed"] = 1
        with pytest.raises(StateDictMismatchError, match=r"'wide_net' that is found .* other weights.*self_contained"):
            pickle.loads(dumped)

    def test_nothing_under_the_name(self, Estimator, registry, digits, monkeypatch):
        dumped = pickle.dumps(Estimator(get_backbone("wide_net"), freeze="all", **QUICK).fit(*digits))
        monkeypatch.delitem(_registry._registered, "wide_net")
        with pytest.raises(UnknownBackboneError, match="there is no backbone 'wide_net'"):
            pickle.loads(dumped)


class TestSelfContained:
    """Pickles that need nothing but the package."""

    @pytest.mark.parametrize("freeze", [0, 1, "all"])
    def test_a_backbone_by_name(self, Estimator, registry, pictures, monkeypatch, freeze):
        X, y = pictures
        fitted = Estimator("small_net", freeze=freeze, self_contained=True, **QUICK).fit(X, y)
        dumped = pickle.dumps(fitted)
        monkeypatch.delitem(_registry._registered, "small_net")
        np.testing.assert_allclose(pickle.loads(dumped).predict(X), fitted.predict(X), rtol=1e-5)

    @pytest.mark.parametrize("freeze", [0, 1, "all"])
    def test_a_backbone_in_hand(self, Estimator, registry, digits, monkeypatch, freeze):
        X, y = digits
        fitted = Estimator(get_backbone("wide_net"), freeze=freeze, self_contained=True, **QUICK).fit(X, y)
        dumped = pickle.dumps(fitted)
        assert 4 * 64 * WIDE < len(dumped) < (8 if freeze else 12) * 64 * WIDE  # each weight once
        monkeypatch.delitem(_registry._registered, "wide_net")
        np.testing.assert_allclose(pickle.loads(dumped).predict(X), fitted.predict(X), rtol=1e-5)

    def test_a_backbone_of_another_task(self, Estimator, registry, digits, monkeypatch):
        X, y = digits
        source = Estimator(get_backbone("wide_net"), freeze=1, **QUICK).fit(X, y)
        fitted = Estimator(source.backbone_, freeze="all", self_contained=True, **QUICK).fit(X, y)
        dumped = pickle.dumps(fitted)
        monkeypatch.delitem(_registry._registered, "wide_net")
        np.testing.assert_allclose(pickle.loads(dumped).predict(X), fitted.predict(X), rtol=1e-5)


class TestDevice:
    def test_a_pickle_from_a_machine_with_a_gpu(self, Estimator, digits, monkeypatch):
        X, y = digits
        fitted = Estimator("mlp", **QUICK).fit(X, y)
        state = fitted.__getstate__()
        plan = state["_plan"]
        cuda = type(plan.training)(**{**vars(plan.training), "device": torch.device("cuda")})
        state["_plan"] = type(plan)(**{**vars(plan), "training": cuda})
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        back = Estimator("mlp")
        back.__setstate__(state)
        assert back.net_.device == "cpu"
        assert np.array_equal(back.predict(X), fitted.predict(X))


def test_a_process_that_never_saw_the_data(digits, tmp_path, monkeypatch):
    X, y = digits
    fitted = TransferClassifier("mlp", **QUICK).fit(X, np.array(["a", "b", "c", "d"])[y])
    (tmp_path / "fitted.pkl").write_bytes(pickle.dumps(fitted))
    np.save(tmp_path / "X.npy", X[:5])
    monkeypatch.setenv("PYTHONPATH", str(pathlib.Path(sktl.__file__).parents[1]))
    script = "import pickle, numpy; print(*pickle.load(open('fitted.pkl', 'rb')).predict(numpy.load('X.npy')))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == fitted.predict(X[:5]).tolist()
