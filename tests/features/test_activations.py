import collections
import contextlib
import dataclasses
import hashlib
import pathlib
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from torch import nn

import sktl
from sktl import TransferClassifier
from sktl.backbones import Backbone, WeightsInfo
from sktl.engines import TorchEngine
from sktl.exceptions import CacheWarning
from sktl.features import ActivationCache, ArrayRows, FrozenActivations, Samples, StreamedRows, _activations
from sktl.features._cut import Cut
from sktl.features._turns import split_into_turns

N = 24
STAGES = ("one", "two", "three")
passed = collections.Counter()  # samples that went through each frozen stage


class Counting(nn.Module):
    """A stage that counts the samples that pass while it is frozen."""

    def __init__(self, name, *layers):
        super().__init__()
        self.name = name
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        if not any(parameter.requires_grad for parameter in self.parameters()):
            passed[self.name] += len(x)
        return self.layers(x)


class Contiguous(nn.Module):
    """Hands a tensor on in another layout of memory."""

    def forward(self, x):
        return x.contiguous()


@pytest.fixture(autouse=True)
def _no_counts():
    passed.clear()


@pytest.fixture(params=["table", "image"])
def kind(request):
    return request.param


@pytest.fixture
def backbone(kind):
    return make_backbone(kind)


@pytest.fixture
def X(kind, rng):
    return rng.normal(size=(N, 5) if kind == "table" else (N, 2, 7, 7)).astype(np.float32)


@pytest.fixture
def cache():
    return ActivationCache(max_bytes=2**24)


def make_backbone(kind, seed=0):
    """Return three stages that count; the second and third begin by changing their input in place."""
    torch.manual_seed(seed)
    if kind == "table":
        one, two = [nn.Linear(5, 6)], [nn.ReLU(inplace=True), nn.Linear(6, 4), nn.BatchNorm1d(4)]
        three = [nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Linear(4, 3)]
    else:
        one = [nn.Conv2d(2, 4, 3, padding=1)]
        two = [nn.ReLU(inplace=True), nn.Conv2d(4, 6, 3), nn.BatchNorm2d(6), Contiguous()]
        three = [nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Conv2d(6, 3, 3)]
    stages = [(name, Counting(name, *layers)) for name, layers in zip(STAGES, (one, two, three), strict=True)]
    return Backbone(
        stages=stages, input_kind="table" if kind == "table" else "tensor", weights=WeightsInfo("w", "test")
    )


def samples_of(X, view="plain"):
    def keys(indices):
        return [hashlib.blake2b(X[i].tobytes(), digest_size=16).digest() for i in indices]

    return Samples(len(X), lambda indices: torch.from_numpy(X[np.asarray(indices)]), keys, view)


def activations_of(backbone, X, cache, batch_size=100, view="plain", verbose=0):
    return FrozenActivations(
        TorchEngine(backbone, folds=False), samples_of(X, view), cache=cache, batch_size=batch_size, verbose=verbose
    )


@torch.no_grad()
def by_hand(backbone, X, depth):
    """Return what the first stages make of X, without counting."""
    counts, x = dict(passed), torch.from_numpy(X.copy())
    x = x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 else x
    for _, stage in list(backbone.stages)[:depth]:
        x = stage(x)
        x = x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 else x
    passed.clear()
    passed.update(counts)
    return x


def pooled(x):
    return (x.mean(dim=(2, 3)) if x.ndim == 4 else x).numpy()


def everything(rows):
    return rows.batch(np.arange(len(rows))).numpy()


class TestValues:
    """What comes out is what the stages make of the inputs."""

    @pytest.mark.parametrize("with_cache", [True, False])
    @pytest.mark.parametrize("depth", [1, 2, 3, None])
    def test_features_have_the_bits_of_the_stages(self, backbone, X, cache, depth, with_cache):
        activations = activations_of(backbone, X, cache if with_cache else None)
        features = activations.features(depth)
        assert np.array_equal(features, pooled(by_hand(backbone, X, 3 if depth is None else depth)))
        assert np.array_equal(activations.features(depth), features)

    @pytest.mark.parametrize("with_cache", [True, False])
    @pytest.mark.parametrize("depth", [0, 1, 2, 3])
    def test_rows_have_the_bits_of_the_stages(self, backbone, X, cache, depth, with_cache):
        rows = activations_of(backbone, X, cache if with_cache else None).rows(depth)
        assert len(rows) == N
        assert np.array_equal(everything(rows), by_hand(backbone, X, depth).numpy())

    @pytest.mark.parametrize("with_cache", [True, False])
    def test_rows_come_in_any_order_and_repeated(self, backbone, X, cache, with_cache):
        rows = activations_of(backbone, X, cache if with_cache else None).rows(1)
        indices = np.array([7, 3, 3, 20])
        np.testing.assert_allclose(rows.batch(indices), by_hand(backbone, X, 1)[indices], rtol=1e-5, atol=1e-6)

    def test_deeper_from_shallower_has_the_same_bits(self, backbone, X, cache):
        for depth in (1, 2):
            activations_of(backbone, X, cache).rows(depth)
        features = activations_of(backbone, X, cache).features()
        assert np.array_equal(features, pooled(by_hand(backbone, X, 3)))
        assert np.array_equal(features, activations_of(backbone, X, None).features())

    def test_stages_that_work_in_place_spoil_no_row(self, backbone, X, cache):
        before = X.copy()
        activations = activations_of(backbone, X, cache)
        activations.features()
        for _ in range(2):
            for depth in (2, 1):
                assert np.array_equal(everything(activations.rows(depth)), by_hand(backbone, X, depth).numpy())
        assert np.array_equal(X, before)

    def test_batches_of_rows_may_be_written_to(self, backbone, X, cache):
        rows = activations_of(backbone, X, cache).rows(1)
        for _ in range(2):
            batch = rows.batch(np.arange(N))
            assert np.array_equal(batch.numpy(), by_hand(backbone, X, 1).numpy())
            batch.zero_()

    def test_rows_in_a_folder_may_be_written_to(self, backbone, X, tmp_path):
        # Files are mapped read-only: torch warns where such memory reaches it, and a stage in place would crash.
        activations_of(backbone, X, ActivationCache(tmp_path)).rows(1)
        activations = activations_of(backbone, X, ActivationCache(tmp_path))
        assert np.array_equal(activations.features(), pooled(by_hand(backbone, X, 3)))
        activations.rows(2).batch(np.arange(4)).zero_()
        assert np.array_equal(everything(activations.rows(2)), by_hand(backbone, X, 2).numpy())
        assert passed == dict.fromkeys(STAGES, N)

    @pytest.mark.parametrize("batch_size", [1, 5, N])
    def test_batches_are_put_together_in_order(self, backbone, X, cache, batch_size):
        activations_of(backbone, X[::3], cache, batch_size).rows(2)
        activations_of(backbone, X[::2], cache, batch_size).rows(1)
        features = activations_of(backbone, X, cache, batch_size).features()
        np.testing.assert_allclose(features, pooled(by_hand(backbone, X, 3)), rtol=1e-4, atol=1e-6)
        assert passed == dict.fromkeys(STAGES, N)


class TestOnce:
    """Each sample passes through each frozen stage at most once."""

    def test_in_one_fit(self, backbone, X):
        activations = activations_of(backbone, X, ActivationCache(max_bytes=2**24), batch_size=7)
        for _ in range(3):
            activations.features()
            activations.rows(2)
            everything(activations.rows(1))
        assert passed == dict.fromkeys(STAGES, N)

    def test_only_the_stages_that_are_asked_for(self, backbone, X, cache):
        activations_of(backbone, X, cache).rows(1)
        assert passed == {"one": N}
        activations_of(backbone, X, cache).rows(2)
        assert passed == {"one": N, "two": N}

    def test_features_behind_every_stage_take_one_pass(self, backbone, X):
        cache = ActivationCache(max_bytes=2**24)
        found = activations_of(backbone, X, cache).stage_features()
        assert passed == dict.fromkeys(STAGES, N)
        activations_of(backbone, X, cache).features()
        activations_of(backbone, X, cache).stage_features()
        assert passed == dict.fromkeys(STAGES, N)
        for depth, features in enumerate(found, start=1):
            assert np.array_equal(features, activations_of(backbone, X, cache).features(depth))
        assert passed == dict.fromkeys(STAGES, N)

    def test_features_behind_every_stage_after_those_of_the_last(self, backbone, X):
        cache = ActivationCache(max_bytes=2**24)
        activations_of(backbone, X, cache).features()
        activations_of(backbone, X, cache).stage_features()
        assert passed == dict.fromkeys(STAGES, N)

    def test_features_behind_every_stage_without_a_cache(self, backbone, X):
        found = activations_of(backbone, X, None).stage_features()
        assert passed == dict.fromkeys(STAGES, N)
        for depth, features in enumerate(found, start=1):
            assert np.array_equal(features, activations_of(backbone, X, None).features(depth))
        some = activations_of(backbone, X, None)
        assert [one.shape for one in some.stage_features([3, 1])] == [found[2].shape, found[0].shape]
        assert some.report.n_computed == N

    @pytest.mark.parametrize("ask", ["features", "rows"])
    def test_repeats_of_a_sample_are_computed_once(self, backbone, X, cache, ask):
        repeated = X[np.array([0, 1, 0, 2, 2, 2, 1])]
        activations = activations_of(backbone, repeated, cache)
        found = activations.features() if ask == "features" else everything(activations.rows(3))
        assert passed == dict.fromkeys(STAGES, 3)
        expected = by_hand(backbone, repeated, 3)
        expected = pooled(expected) if ask == "features" else expected.numpy()
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)

    def test_without_a_cache_nothing_is_kept(self, backbone, X):
        activations = activations_of(backbone, X, None)
        assert np.array_equal(activations.features(), activations.features())
        assert passed == dict.fromkeys(STAGES, 2 * N)
        assert isinstance(activations.rows(1), StreamedRows)

    def test_an_interrupt_keeps_what_was_done_and_lets_go(self, backbone, X, cache):
        activations = activations_of(backbone, X, cache, batch_size=6)
        load, n_loaded = activations.samples.load, []

        def interrupted(indices):
            n_loaded.append(len(indices))
            if len(n_loaded) == 3:
                raise KeyboardInterrupt
            return load(indices)

        activations.samples = Samples(N, interrupted, activations.samples.keys, "plain")
        with pytest.raises(KeyboardInterrupt):
            activations.features()
        assert 0 < passed["three"] < N
        activations_of(backbone, X, cache).features()
        assert passed == dict.fromkeys(STAGES, N)


class TestSpaces:
    """Rows of one network, view or depth are never taken for those of another."""

    def test_other_weights(self, kind, backbone, X, cache):
        one = activations_of(backbone, X, cache).features()
        other = activations_of(make_backbone(kind, seed=1), X, cache).features()
        assert passed == dict.fromkeys(STAGES, 2 * N)
        assert not np.array_equal(one, other)

    def test_the_same_weights_in_another_object(self, kind, backbone, X, cache):
        activations_of(backbone, X, cache).features()
        activations_of(make_backbone(kind), X, cache).features()
        assert passed == dict.fromkeys(STAGES, N)

    def test_weights_changed_in_place(self, backbone, X, cache):
        activations_of(backbone, X, cache).features()
        with torch.no_grad():
            backbone.stages[2][1].layers[2].bias.add_(1)
        features = activations_of(backbone, X, cache).features()
        assert passed == {"one": N, "two": N, "three": 2 * N}
        assert np.array_equal(features, pooled(by_hand(backbone, X, 3)))

    def test_another_last_stage_shares_the_first(self, kind, backbone, X, cache):
        activations_of(backbone, X, cache).features()
        torch.manual_seed(4)
        other = backbone.with_suffix(2, [stage for _, stage in make_backbone(kind, seed=5).stages[2:]], None)
        activations_of(other, X, cache).features()
        assert passed == {"one": N, "two": N, "three": 2 * N}

    def test_another_view(self, backbone, X, cache):
        activations_of(backbone, X, cache, view="small").features()
        activations_of(backbone, X, cache, view="large").features()
        assert passed == dict.fromkeys(STAGES, 2 * N)

    @pytest.mark.parametrize("where", ["memory", "folder"])
    def test_another_shape_of_samples(self, rng, where, tmp_path):
        backbone, cache = make_backbone("image"), ActivationCache(tmp_path if where == "folder" else None)
        large = rng.normal(size=(N, 2, 7, 7)).astype(np.float32)
        for X in (large, large[:, :, :6, :5].copy(), large):
            activations = activations_of(backbone, X, cache)
            assert np.array_equal(everything(activations.rows(1)), by_hand(backbone, X, 1).numpy())
            assert np.array_equal(activations.features(), pooled(by_hand(backbone, X, 3)))
        assert passed == dict.fromkeys(STAGES, 2 * N)

    def test_no_sample_is_loaded_for_a_shape_that_is_known(self, backbone, X, cache):
        activations_of(backbone, X, cache).features()
        known = dataclasses.replace(samples_of(X), load=None, shape=X.shape[1:])
        features = FrozenActivations(TorchEngine(backbone, folds=False), known, cache=cache, batch_size=100).features()
        assert np.array_equal(features, pooled(by_hand(backbone, X, 3)))


class TestSmallCache:
    """What does not fit is computed when it is needed, and the report says so."""

    def test_no_room_at_all(self, backbone, X):
        activations = activations_of(backbone, X, ActivationCache(max_bytes=0))
        assert np.array_equal(activations.features(), pooled(by_hand(backbone, X, 3)))
        assert (activations.report.n_stored, activations.report.n_not_stored) == (0, N)
        rows = activations.rows(2)
        assert isinstance(rows, StreamedRows)
        assert np.array_equal(everything(rows), by_hand(backbone, X, 2).numpy())

    def test_room_for_a_part(self, backbone, X):
        row_bytes = by_hand(backbone, X, 2)[0].numpy().nbytes + 16
        cache = ActivationCache(max_bytes=10 * row_bytes)
        activations = activations_of(backbone, X, cache, batch_size=4)
        rows = activations.rows(2)
        report = activations.report
        assert 0 < report.n_stored < N
        assert report.n_stored + report.n_not_stored == N
        assert cache.n_bytes <= 10 * row_bytes
        np.testing.assert_allclose(everything(rows), by_hand(backbone, X, 2), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(
            rows.batch(np.array([23, 0])), by_hand(backbone, X, 2)[[23, 0]], rtol=1e-4, atol=1e-6
        )

    def test_rows_asked_for_come_before_rows_on_the_way(self, backbone, X):
        n_bytes = by_hand(backbone, X, 3).mean(dim=(2, 3)).numel() * 4 if X.ndim == 4 else N * 3 * 4
        activations = activations_of(backbone, X, ActivationCache(max_bytes=n_bytes + N * 16 + 256))
        activations.features()
        assert activations.report.n_not_stored == 0
        activations_of(backbone, X, activations.cache).features()
        assert passed == dict.fromkeys(STAGES, N)

    def test_repeats_without_room(self, backbone, X):
        repeated = X[np.array([4, 4, 1, 4])]
        activations = activations_of(backbone, repeated, ActivationCache(max_bytes=0))
        np.testing.assert_allclose(activations.features(), pooled(by_hand(backbone, repeated, 3)), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(
            everything(activations.rows(1)), by_hand(backbone, repeated, 1), rtol=1e-4, atol=1e-6
        )


class TestReport:
    def test_counts(self, backbone, X, cache):
        first = activations_of(backbone, X[:10], cache)
        first.features()
        assert vars(first.report) == {"n_reused": 0, "n_computed": 10, "n_stored": 10, "n_not_stored": 0}
        second = activations_of(backbone, X, cache)
        second.features()
        assert vars(second.report) == {"n_reused": 10, "n_computed": 14, "n_stored": 14, "n_not_stored": 0}

    def test_in_words(self, backbone, X):
        activations = activations_of(backbone, X, ActivationCache(max_bytes=0))
        activations.features()
        assert str(activations.report) == "0 rows reused, 24 computed, 0 stored, 24 without room in the cache"
        activations = activations_of(backbone, X, ActivationCache(max_bytes=2**24))
        activations.features()
        assert str(activations.report) == "0 rows reused, 24 computed, 24 stored"

    @pytest.mark.parametrize("verbose", [0, 1])
    def test_a_bar_is_shown_if_asked(self, backbone, X, cache, capsys, verbose):
        activations_of(backbone, X, cache, verbose=verbose).features()
        printed = capsys.readouterr()
        assert printed.out == ""
        assert ("features of custom" in printed.err and f"{N}/{N}" in printed.err) if verbose else printed.err == ""


@pytest.mark.parametrize("with_cache", [True, False])
def test_memory_is_kept_from_batch_to_batch(backbone, X, cache, with_cache, monkeypatch):
    inside, seen, run = [], [], TorchEngine.run

    @contextlib.contextmanager
    def kept():
        inside.append(True)
        yield
        inside.pop()

    def watched(*args):
        seen.append(bool(inside))
        return run(*args)

    monkeypatch.setattr(_activations, "freed_memory_kept", kept)
    monkeypatch.setattr(TorchEngine, "run", watched)
    activations_of(backbone, X, cache if with_cache else None, batch_size=10).features()
    assert seen == [True, True, True]
    assert not inside


def test_rows_that_fit_are_gathered_in_memory(backbone, X, cache, monkeypatch):
    assert isinstance(activations_of(backbone, X, cache).rows(1), ArrayRows)
    monkeypatch.setattr("sktl.features._gathered.available_memory", lambda: 100)
    rows = activations_of(backbone, X, cache).rows(1)
    assert isinstance(rows, StreamedRows)
    assert np.array_equal(everything(rows), by_hand(backbone, X, 1).numpy())
    assert passed == {"one": N}


class TestEstimators:
    """Once holds in fits and searches."""

    @pytest.fixture
    def y(self):
        return np.arange(N) % 3

    def make(self, backbone, cache, **others):
        arguments = {"freeze": "all", "head_l2": 1e-2, "max_epochs": 2, "random_state": 0, "cache": cache, **others}
        return TransferClassifier(backbone, **arguments)

    @pytest.mark.parametrize("freeze", [1, 2, "all"])
    def test_in_a_fit_with_its_predictions(self, backbone, X, y, cache, freeze):
        estimator = self.make(backbone, cache, freeze=freeze, max_epochs=4).fit(X, y)
        estimator.predict(X)
        estimator.predict_proba(X[:5])
        assert passed == dict.fromkeys(STAGES, N)

    @pytest.mark.parametrize("depths", [[0, 1, 2, 3], [3, 2, 1, 0]])
    def test_in_a_search_over_depths(self, backbone, X, y, cache, depths):
        GridSearchCV(self.make(backbone, cache), {"freeze": depths}, cv=3).fit(X, y)
        assert passed == dict.fromkeys(STAGES, N)

    def test_a_search_without_a_cache_finds_the_same(self, backbone, X, y, cache):
        def scores(kept):
            search = GridSearchCV(self.make(backbone, kept), {"freeze": [1, 2, 3]}, cv=3, scoring="neg_log_loss")
            return search.fit(X, y).cv_results_["mean_test_score"]

        np.testing.assert_allclose(scores(cache), scores(None), rtol=1e-3)
        assert passed["one"] > 3 * N

    def test_across_folds_and_clones(self, backbone, X, y, cache):
        estimator = self.make(backbone, cache)
        cross_val_score(estimator, X, y, cv=4)
        clone(estimator).fit(X, y)
        cross_val_score(clone(estimator), X[::-1], y[::-1], cv=2)
        assert passed == dict.fromkeys(STAGES, N)

    def test_by_default_all_estimators_share_one_cache(self, backbone, X, y):
        for _ in range(2):
            self.make(backbone, "auto").fit(X, y)
        assert passed == dict.fromkeys(STAGES, N)

    def test_a_sample_that_is_predicted_by_itself_leaves_nothing_behind_but_its_features(self, backbone, X, y):
        cache = ActivationCache(max_bytes=2**24)
        estimator = self.make(backbone, cache).fit(X[:-3], y[:-3])
        before = cache.n_rows
        for _ in range(2):
            estimator.predict(X[-1:])
        assert passed == dict.fromkeys(STAGES, N - 2)
        by_itself, before = cache.n_rows - before, cache.n_rows
        estimator.predict(X[-3:-1])
        assert cache.n_rows - before > 2 * by_itself

    def test_labels_do_not_enter(self, backbone, X, y, cache):
        self.make(backbone, cache).fit(X, y)
        n_rows = cache.n_rows
        self.make(backbone, cache).fit(X, y[::-1], sample_weight=np.arange(N) + 1)
        assert cache.n_rows == n_rows
        assert passed == dict.fromkeys(STAGES, N)

    def test_no_room_is_told(self, backbone, X, y):
        with pytest.warns(CacheWarning, match=f"no room for {N} rows of activations.*max_bytes"):
            small = self.make(backbone, ActivationCache(max_bytes=0)).fit(X, y)
        assert small.cache_report_.n_not_stored == N
        whole = self.make(backbone, None).fit(X, y)
        assert np.array_equal(small.predict_proba(X), whole.predict_proba(X))

    @pytest.mark.parametrize("freeze", [1, 2])
    def test_training_without_room_gives_the_same(self, backbone, X, y, cache, freeze):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CacheWarning)
            small = self.make(backbone, ActivationCache(max_bytes=600), freeze=freeze).fit(X, y)
        whole = self.make(backbone, cache, freeze=freeze).fit(X, y)
        np.testing.assert_allclose(small.predict_proba(X), whole.predict_proba(X), rtol=1e-3)


TOY = """
import pathlib
import numpy as np
import torch
from torch import nn
from sktl.backbones import Backbone, WeightsInfo

COUNTS = pathlib.Path(__file__).with_name("counts")

class Counting(nn.Module):
    def __init__(self, name, layer):
        super().__init__()
        self.name, self.layer = name, layer

    def forward(self, x):
        if not any(parameter.requires_grad for parameter in self.parameters()):
            with COUNTS.open("a") as file:
                file.write(f"{self.name} {len(x)}\\n")
        return self.layer(x)

torch.set_num_threads(1)
torch.manual_seed(0)
backbone = Backbone(
    stages=[("one", Counting("one", nn.Linear(5, 4))), ("two", Counting("two", nn.Linear(4, 3)))],
    input_kind="table", weights=WeightsInfo("w", "test"),
)
X = np.random.default_rng(0).normal(size=(30, 5)).astype(np.float32)
y = np.arange(30) % 3
"""
FIT = """
from toy import *
from sktl import TransferClassifier
TransferClassifier(backbone, freeze="all", head_l2=1e-2, cache="kept").fit(X, y).predict(X)
"""
SEARCH = """
from toy import *
from sklearn.model_selection import GridSearchCV
from sktl import TransferClassifier
estimator = TransferClassifier(backbone, head_l2=1e-2, max_epochs=1, random_state=0, cache="kept")
GridSearchCV(estimator, {"freeze": [1, "all", 0]}, cv=3, n_jobs=2).fit(X, y)
"""


class TestFolder:
    """Processes that share a folder compute each row once in all."""

    @pytest.fixture
    def run(self, tmp_path, monkeypatch):
        """Return a function that runs a script and returns the samples counted at each stage so far."""
        (tmp_path / "toy.py").write_text(TOY)
        package = pathlib.Path(sktl.__file__).parents[1]
        monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{';' if sys.platform == 'win32' else ':'}{package}")

        def run(script):
            done = subprocess.run(
                [sys.executable, "-W", "error::UserWarning:sktl", "-c", script],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            counts = collections.Counter()
            for line in (tmp_path / "counts").read_text().splitlines():
                counts[line.split()[0]] += int(line.split()[1])
            return counts

        return run

    def test_parts_that_another_is_at_are_left_to_it_till_last(self, tmp_path, monkeypatch):
        monkeypatch.setattr(_activations, "LEAST_BATCHES", 1)
        backbone, X = make_backbone("table"), np.random.default_rng(0).normal(size=(N, 5)).astype(np.float32)
        mine = activations_of(backbone, X, ActivationCache(tmp_path), batch_size=2)
        turns = split_into_turns(mine._keys, np.ones(N, dtype=bool), mine.cache.n_shares, 2)
        (busy, rows), *others = turns
        assert len(others) > 2
        found, waits = [], threading.Event()
        plain = ActivationCache.lock

        def lock(cache, *args, **kwargs):
            if kwargs.get("waits") and cache is mine.cache:
                waits.set()
            return plain(cache, *args, **kwargs)

        monkeypatch.setattr(ActivationCache, "lock", lock)
        thread = threading.Thread(target=lambda: found.append(mine.features()))
        with plain(ActivationCache(tmp_path), mine._space(Cut(3)), busy[0]):
            thread.start()
            assert waits.wait(60)
            assert passed["one"] == N - len(rows)
        thread.join(60)
        assert passed["one"] == N
        np.testing.assert_allclose(found[0], pooled(by_hand(backbone, X, 3)), rtol=1e-5, atol=1e-6)

    def test_two_that_share_the_work_compute_each_row_once(self, tmp_path, monkeypatch):
        monkeypatch.setattr(_activations, "LEAST_BATCHES", 1)
        backbone, X = make_backbone("table"), np.random.default_rng(0).normal(size=(60, 5)).astype(np.float32)
        sizes, run, start = [], TorchEngine.run, threading.Barrier(2)

        def counted(engine, x, *others):
            sizes.append(len(x))
            return run(engine, x, *others)

        monkeypatch.setattr(TorchEngine, "run", counted)
        # A cache of its own for each, as in two processes.
        sides = [activations_of(backbone, X[i : i + 45], ActivationCache(tmp_path), batch_size=2) for i in (0, 15)]
        found = [None, None]

        def compute(number):
            start.wait(30)
            found[number] = sides[number].features()

        threads = [threading.Thread(target=compute, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert sum(sizes) == 60
        np.testing.assert_array_equal(found[0][15:], found[1][:30])

    def test_a_search_in_two_processes_and_a_fit_after_it(self, run):
        assert run(SEARCH) == {"one": 30, "two": 30}
        assert run(FIT) == {"one": 30, "two": 30}
