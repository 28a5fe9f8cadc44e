"""Estimators on another device; ``test_pretended_device.py`` runs these tests in a process of their own."""

import pickle

import _pretended
import numpy as np
import pytest
import torch
from torch import nn

from sktl import BackboneFeatures, MultiTaskClassifier, MultiTaskRegressor, TransferClassifier, TransferRegressor
from sktl.backbones import Backbone, WeightsInfo
from sktl.engines import TorchEngine
from sktl.features import _rows
from sktl.inputs import open_images
from sktl.utils._preprocessing import Preprocessing

held = _pretended.set_up()
WHERE = {"device": _pretended.NAME, "cache": None, "random_state": 0}
QUICK = {"max_epochs": 2, "batch_size": 10, **WHERE}


def make_backbone(weights="a test"):
    torch.manual_seed(0)
    stages = [
        (f"stage{number}", nn.Sequential(nn.Conv2d(width, 16, 3), nn.BatchNorm2d(16), nn.ReLU()))
        for number, width in enumerate((3, 16, 16))
    ]
    info = WeightsInfo("made", weights) if weights else None
    return Backbone(stages=stages, input_kind="image", n_channels=3, weights=info)


@pytest.fixture
def pictures(rng):
    y = np.arange(80) % 2
    return (rng.integers(0, 160, (80, 24, 24, 3)) + 60 * y[:, None, None, None]).astype(np.uint8), y


@pytest.fixture
def several(rng):
    """Return a table (300, 12) and labels (300, 2), a fifth of which are missing."""
    X = rng.normal(size=(300, 12)).astype(np.float32)
    Y = (X[:, :2] > 0).astype(float)
    Y[rng.random(Y.shape) < 0.2] = np.nan
    return X, Y


def check_fit(estimator, X, y):
    """Fit there, and compare what is predicted there and, by a pickle, on the CPU."""
    there = estimator.fit(X, y).predict(X)
    here = pickle.loads(pickle.dumps(estimator)).set_params(device="cpu").predict(X)
    np.testing.assert_allclose(np.asarray(there, dtype=float), np.asarray(here, dtype=float), atol=1e-3)
    return estimator


def test_it_does_not_mix_with_the_cpu():
    with pytest.raises(RuntimeError, match="tensors on pretended:0 and one on cpu"):
        torch.ones(2, device=_pretended.NAME) + torch.ones(2)
    with pytest.raises(TypeError, match="numpy"):
        torch.ones(2, device=_pretended.NAME).numpy()


@pytest.mark.parametrize(
    "params",
    [
        {"freeze": "all"},
        {"freeze": 2},
        {"freeze": 0},
        {"freeze": "auto"},
        {"freeze": "all", "head_hidden": (8,)},
        {"freeze": 1, "augment": "auto"},
        {"freeze": 0, "augment": "auto"},
        {"freeze": 1, "early_stopping": True},
    ],
    ids=str,
)
def test_transfer(params, pictures):
    check_fit(TransferClassifier(make_backbone(), **{**QUICK, **params}), *pictures)


def test_from_scratch(pictures):
    check_fit(TransferClassifier(make_backbone(weights=None), freeze=0, **QUICK), *pictures)


def test_regression(pictures):
    X, y = pictures
    assert check_fit(TransferRegressor(make_backbone(), freeze=1, **QUICK), X, y.astype(float)).score(X, y) > 0.9


def test_a_cache_is_filled_and_read(pictures):
    X, y = pictures
    model = TransferClassifier(make_backbone(), freeze=2, **{**QUICK, "cache": "auto"}).fit(X, y)
    assert model.cache_report_.n_computed >= 80
    assert model.fit(X, y).cache_report_.n_computed == 0


@pytest.mark.parametrize("freeze", ["all", 1])
@pytest.mark.parametrize("again", ["partial_fit", "warm_start"])
def test_going_on(freeze, again, pictures):
    X, y = pictures
    model = TransferClassifier(make_backbone(), freeze=freeze, warm_start=again == "warm_start", **QUICK)
    for part in (slice(0, 40), slice(40, 80)):
        model = model.partial_fit(X[part], y[part]) if again == "partial_fit" else model.fit(X[part], y[part])
    assert model.score(X, y) > 0.9


@pytest.mark.parametrize("sharing", ["hard", "soft", "cross_stitch", "none"])
def test_sharing(sharing, several, pictures):
    check_fit(MultiTaskClassifier("mlp", sharing=sharing, weights=None, **QUICK), *several)
    X, y = pictures
    check_fit(MultiTaskClassifier(make_backbone(), sharing=sharing, freeze=1, **QUICK), X, np.column_stack([y, 1 - y]))


@pytest.mark.parametrize("weighting", ["uncertainty", "dwa", "rlw", "pcgrad", "upgrad"])
def test_weighting(weighting, several):
    check_fit(MultiTaskClassifier("mlp", weights=None, weighting=weighting, **QUICK), *several)


def test_several_numbers(several):
    check_fit(MultiTaskRegressor("mlp", weights=None, **QUICK), *several)


@pytest.mark.parametrize("trunk", ["frozen", "lwf", "ewc", "train"])
def test_a_task_is_added(trunk, several):
    X, Y = several
    model = MultiTaskClassifier("mlp", weights=None, **QUICK).fit(X, Y)
    model.add_task(X, (X[:, 2] > 0).astype(float), trunk=trunk)
    assert model.predict(X).shape == (300, 3)


def test_features_are_those_of_the_cpu(pictures):
    X, _ = pictures
    there, here = (BackboneFeatures(make_backbone(), device=d, cache=None) for d in (_pretended.NAME, "cpu"))
    np.testing.assert_allclose(there.fit_transform(X), here.fit_transform(X), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, bool])
@pytest.mark.parametrize("shape", [(6, 24, 20, 3), (6, 3, 24, 20), (6, 24, 20)])
@pytest.mark.parametrize("size", [None, 16, (24, 20)])
def test_pixels_are_standardised_there_to_the_same_bits(dtype, shape, size, rng):
    X = (rng.random(shape) * (255 if dtype == np.uint8 else 1)).astype(dtype)
    sent = []

    def send(x):
        sent.append(x)
        return x.to(_pretended.NAME)

    images, preprocessing = open_images(X), Preprocessing().at_size(size)
    for how in (preprocessing, None):
        there = images.load(range(6), how, send=send)
        assert there.device.type == _pretended.NAME
        assert torch.equal(there.cpu(), images.load(range(6), how))
    assert dtype != np.uint8 or {x.dtype for x in sent} == {torch.uint8}


def counts_of_fits(X, y, numbers_of_epochs):
    """Return what is counted in fits that find all activations in the cache, by their number of epochs."""
    found = []
    for n_epochs in (1, *numbers_of_epochs):
        model = TransferClassifier(make_backbone(), freeze=1, **{**QUICK, "cache": "auto", "max_epochs": n_epochs})
        _pretended.counts.clear()
        model.fit(X, y)
        found.append(_pretended.counts.copy())
    return found[1:]


def test_an_epoch_waits_once_for_the_device(pictures):
    """For its losses, and for none of its batches."""
    three, ten = counts_of_fits(*pictures, [3, 10])
    assert ten["waits"] - three["waits"] == 10 - 3
    assert ten["fetched"] == three["fetched"]


def test_rows_are_sent_once_where_they_have_room(pictures, monkeypatch):
    n_batches, n_numbers = 8, 80 * 16 * 22 * 22
    labels = 2 * 80 + n_batches  # targets and weights, and for a GPU the numbers of the rows
    for free, share in ((0, 1), (4 * 4 * n_numbers + 1, 0), (4 * 4 * n_numbers - 1, 1)):
        monkeypatch.setattr(_rows, "free_memory", lambda device, free=free: free)
        three, ten = counts_of_fits(*pictures, [3, 10])
        per_epoch = (ten["sent"] - three["sent"]) / 7
        assert share * n_numbers <= per_epoch < share * n_numbers + 4 * labels
        assert three["sent"] >= n_numbers


def test_a_network_trained_on_such_rows_is_the_same(pictures, monkeypatch):
    weights = []
    for free in (0, 2**30):
        monkeypatch.setattr(_rows, "free_memory", lambda device, free=free: free)
        model = TransferClassifier(make_backbone(), freeze=1, augment="auto", **{**QUICK, "cache": "auto"})
        weights.append(model.fit(*pictures).backbone_.weights_fingerprint())
    assert weights[0] == weights[1]


def test_nothing_is_fetched_on_the_way_but_averages(pictures):
    backbone, X = make_backbone(), torch.rand(4, 3, 24, 24)
    engine = TorchEngine(backbone, device=torch.device(_pretended.NAME))
    offered = []
    engine.run(engine.ahead(lambda send: send(X)), 0, 3, True, lambda depth, pooled, rows: offered.append(pooled))
    assert offered == [True] * 3
