"""What all estimators of several tasks keep to, seen on those of classes and of numbers."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, r2_score

from sktl import MultiTaskClassifier, MultiTaskEstimator, MultiTaskRegressor, TransferClassifier
from sktl.backbones import MLP
from sktl.sharing import NoSharing, SoftSharing
from sktl.sharing._choose import SCHEMES
from sktl.weighting import RULES

SCHEME_NAMES = list(SCHEMES)
SHARINGS = [*SCHEME_NAMES, SoftSharing("trace", strength=0.5)]
QUICK = {"max_epochs": 2, "head_l2": 1e-2, "lr": 0.02, "batch_size": 20, "random_state": 0}


@pytest.fixture(params=[MultiTaskClassifier, MultiTaskRegressor, MultiTaskEstimator])
def Estimator(request):
    return request.param


@pytest.fixture
def make(make_table_backbone):
    """Return a function that makes a classifier on a small network, random or, with ``freeze``, trained."""

    def make(Estimator=MultiTaskClassifier, **others):
        backbone = make_table_backbone(5) if "freeze" in others else MLP((8, 6))
        return Estimator(**{"backbone": backbone, **QUICK, **others})

    return make


def bits_of(module):
    return [tensor.clone() for tensor in module.state_dict().values()]


def same_bits(one, other):
    return len(one) == len(other) and all(map(torch.equal, one, other))


def outputs_of(fitted, X):
    return np.column_stack(fitted._outputs(X))


class TestSharing:
    @pytest.mark.parametrize("freeze", [None, 1, 2, "all"])
    @pytest.mark.parametrize("sharing", SHARINGS, ids=str)
    def test_fits_predicts_and_comes_back_from_a_pickle(self, make, holed, sharing, freeze):
        X, y = holed
        start = {} if freeze is None else {"freeze": freeze}
        fitted = make(sharing=sharing, head_hidden=(4,) if freeze == 2 else (), **start).fit(X, y)
        expected = fitted.predict_proba(X)
        assert [one.shape for one in expected] == [(60, 2), (60, 3), (60, 2)]
        for one in expected:
            assert np.isfinite(one).all()
            np.testing.assert_allclose(one.sum(axis=1), 1, rtol=1e-6)
        fitted.set_params(self_contained=True)
        whole = pickle.loads(pickle.dumps(fitted))
        fitted.set_params(self_contained=False)
        small = pickle.loads(pickle.dumps(fitted))
        deep = copy.deepcopy(fitted)
        for back in (whole, small, deep):
            assert all(map(np.array_equal, back.predict_proba(X), expected))
            assert np.array_equal(back.predict(X), fitted.predict(X))
            assert back.tasks_.tolist() == fitted.tasks_.tolist()
            assert vars(back).keys() == vars(fitted).keys()

    @pytest.mark.parametrize("sharing", SCHEME_NAMES)
    def test_a_fit_goes_on_after_a_pickle(self, make, holed, sharing):
        fitted = make(sharing=sharing, warm_start=True).fit(*holed)
        before = outputs_of(fitted, holed[0])
        back = pickle.loads(pickle.dumps(fitted))
        again, others = outputs_of(fitted.fit(*holed), holed[0]), outputs_of(back.fit(*holed), holed[0])
        assert np.array_equal(again, others)
        assert not np.allclose(again, before)

    @pytest.mark.parametrize("sharing", SCHEME_NAMES)
    def test_each_is_different(self, make, holed, sharing):
        outputs = {name: outputs_of(make(sharing=name).fit(*holed), holed[0]) for name in SCHEMES}
        same = [name for name in SCHEMES if np.allclose(outputs[name], outputs[sharing])]
        assert same == [sharing]

    @pytest.mark.parametrize("sharing", ["none", "soft", "cross_stitch"])
    def test_with_all_stages_frozen_there_is_nothing_to_share(self, make, holed, sharing):
        one, other = (outputs_of(make(sharing=name, freeze="all").fit(*holed), holed[0]) for name in (sharing, "hard"))
        assert np.array_equal(one, other)

    @pytest.mark.parametrize(("sharing", "freeze"), [
        ("hard", 1), ("soft", 1), ("none", 1), ("hard", "all"), ("cross_stitch", "all")
    ])  # fmt: skip
    def test_backbones_start_another_task(self, make, make_table_backbone, holed, sharing, freeze):
        X, y = holed
        fitted = make(sharing=sharing, freeze=freeze).fit(X, y)
        has_towers = sharing != "hard" and freeze != "all"
        assert hasattr(fitted, "backbone_") is not has_towers
        assert len(fitted.backbones_) == 3
        frozen = make_table_backbone(5)
        features = []
        for backbone in fitted.backbones_:
            assert same_bits(bits_of(backbone.stages[0][1]), bits_of(frozen.stages[0][1]))
            there = ~np.isnan(y[:, 1])
            target = TransferClassifier(backbone, freeze="all", head_l2=1e-2).fit(X[there], y[there, 1])
            assert target.predict(X).shape == (60,)
            rows = torch.from_numpy(X).float()
            features.append(backbone.pool(backbone.prefix(3)(rows)).numpy())
        assert np.allclose(features[0], features[1]) is not has_towers

    def test_the_backbone_of_a_tower_gives_the_outputs_of_its_task(self, make, holed):
        X, y = holed
        fitted = make(sharing="none", freeze=1).fit(X, y)
        whole = fitted.net_.module_
        for number, (backbone, expected) in enumerate(zip(fitted.backbones_, fitted._outputs(X), strict=True)):
            features = backbone.pool(backbone.prefix(3)(torch.from_numpy(X).float()))
            outputs = whole.head(features.expand(3, *features.shape))[:, fitted._tasks.slices[number]]
            np.testing.assert_allclose(outputs.detach(), expected, rtol=1e-4, atol=1e-5)

    def test_towers_that_need_each_other_are_no_backbones(self, make, holed):
        fitted = make(sharing="cross_stitch").fit(*holed)
        assert not hasattr(fitted, "backbone_")
        with pytest.raises(AttributeError, match=r"CrossStitch.*the network of one task cannot be had by itself"):
            _ = fitted.backbones_

    def test_a_constant_task_has_no_backbone(self, make, holed):
        X, y = holed
        y = np.where(np.arange(3) == 1, np.nan, y)
        fitted = make(sharing="none", on_untrainable="ignore").fit(X, y)
        assert len(fitted.backbones_) == 2
        assert len(pickle.loads(pickle.dumps(fitted)).backbones_) == 2

    def test_a_later_fit_with_towers_has_no_common_backbone(self, make, holed):
        fitted = make().fit(*holed)
        assert not hasattr(fitted.set_params(sharing="none").fit(*holed), "backbone_")
        assert hasattr(fitted.set_params(sharing="hard").fit(*holed), "backbone_")


class TestSoftLimits:
    """Strength 0 is no sharing, and an endless one makes the towers equal."""

    @pytest.mark.parametrize("freeze", [None, 1])
    @pytest.mark.parametrize("penalty", ["l2", "trace", "trace_tucker", "trace_tt"])
    def test_no_strength(self, make, holed, penalty, freeze):
        start = {} if freeze is None else {"freeze": freeze}
        soft = make(sharing=SoftSharing(penalty, strength=0.0), **start).fit(*holed)
        apart = make(sharing=NoSharing(), **start).fit(*holed)
        assert same_bits(bits_of(soft.net_.module_), bits_of(apart.net_.module_))
        assert np.array_equal(outputs_of(soft, holed[0]), outputs_of(apart, holed[0]))

    @pytest.mark.parametrize("freeze", [None, 1])
    def test_strength_without_end(self, make, holed, freeze):
        start = {} if freeze is None else {"freeze": freeze}
        distances = []
        for strength in (0.0, 1.0, 1e9):
            fitted = make(sharing=SoftSharing(strength=strength), **start).fit(*holed)
            weights = [torch.cat([tensor.flatten() for tensor in bits_of(stage)[:2]])
                       for stage in (backbone.stages[-1][1] for backbone in fitted.backbones_)]  # fmt: skip
            distances.append(float((torch.stack(weights) - torch.stack(weights).mean(dim=0)).abs().max()))
        assert distances[0] > distances[1] > distances[2]
        assert distances[2] < 1e-6


class TestWeighting:
    @pytest.mark.parametrize("weighting", RULES)
    @pytest.mark.parametrize("sharing", ["hard", "none"])
    def test_fits_goes_by_its_seed_and_comes_back(self, make, holed, weighting, sharing):
        X, _ = holed
        if weighting in ("pcgrad", "upgrad"):
            pytest.importorskip("torchjd")
        before = torch.get_rng_state(), np.random.get_state()[1].copy()
        one, other = (make(weighting=weighting, sharing=sharing, max_epochs=4).fit(*holed) for _ in range(2))
        another = make(weighting=weighting, sharing=sharing, max_epochs=4, random_state=1).fit(*holed)
        assert torch.equal(torch.get_rng_state(), before[0])
        assert np.array_equal(np.random.get_state()[1], before[1])
        assert np.isfinite(outputs_of(one, X)).all()
        assert np.array_equal(outputs_of(one, X), outputs_of(other, X))
        assert not np.allclose(outputs_of(one, X), outputs_of(another, X))
        assert np.array_equal(outputs_of(pickle.loads(pickle.dumps(one)), X), outputs_of(one, X))

    def test_each_is_different(self, make, holed):
        pytest.importorskip("torchjd")
        outputs = [outputs_of(make(weighting=rule, max_epochs=4).fit(*holed), holed[0]) for rule in RULES]
        for number, one in enumerate(outputs):
            assert not any(np.allclose(one, other) for other in outputs[:number])

    def test_with_a_task_that_has_few_labels(self, make, holed):
        X, y = holed
        y = y.copy()
        y[np.flatnonzero(y[:, 2] == 0)[2:], 2] = np.nan
        y[np.flatnonzero(y[:, 2] == 1)[2:], 2] = np.nan
        for weighting in ("uncertainty", "dwa", "rlw"):
            assert np.isfinite(outputs_of(make(weighting=weighting, batch_size=8, max_epochs=4).fit(X, y), X)).all()


class TestSeeds:
    @pytest.mark.parametrize(("sharing", "freeze"), [*((name, None) for name in SCHEMES), ("soft", 1)])
    def test_the_same_state_gives_the_same_outputs(self, make, holed, sharing, freeze):
        X, _ = holed
        others = {"head_hidden": (5,), "head_dropout": 0.3, "sharing": sharing}
        others |= {} if freeze is None else {"freeze": freeze}
        estimators = [make(**{**others, "random_state": seed}) for seed in (3, 3, 4)]
        before = torch.get_rng_state(), np.random.get_state()[1].copy()
        one, other, another = (estimator.fit(*holed) for estimator in estimators)
        assert torch.equal(torch.get_rng_state(), before[0])
        assert np.array_equal(np.random.get_state()[1], before[1])
        assert np.array_equal(outputs_of(one, X), outputs_of(other, X))
        assert not np.allclose(outputs_of(one, X), outputs_of(another, X))

    def test_a_clone_starts_anew(self, make, holed):
        X, _ = holed
        first = make(sharing=SoftSharing(strength=0.5)).fit(*holed)
        again = clone(first)
        assert not hasattr(again, "net_")
        assert np.array_equal(outputs_of(again.fit(*holed), X), outputs_of(first, X))


class TestFrozen:
    """After a fit every parameter and buffer of the frozen stages has the bits it had."""

    @pytest.mark.parametrize("batch_norm", ["auto", "trained"])
    @pytest.mark.parametrize("freeze", [0, 1, 2, "all"])
    @pytest.mark.parametrize("sharing", SCHEME_NAMES)
    def test_bits(self, make_table_backbone, holed, sharing, freeze, batch_norm):
        backbone = make_table_backbone(5)
        before = [bits_of(stage) for _, stage in backbone.stages]
        fitted = MultiTaskClassifier(backbone, sharing=sharing, freeze=freeze, batch_norm=batch_norm, **QUICK)
        fitted.fit(*holed).predict(holed[0])
        assert all(map(same_bits, before, [bits_of(stage) for _, stage in backbone.stages]))
        for trained in getattr(fitted, "backbones_", []):
            for number, (_, stage) in enumerate(trained.stages):
                assert same_bits(bits_of(stage), before[number]) is (number < fitted.freeze_)


class TestHeadsAtTheirOptimum:
    @pytest.mark.parametrize("scale", [1, 50])
    def test_each_is_the_logistic_regression_of_its_labelled_samples(self, make, make_table_backbone, holed, scale):
        X, y = holed
        X = X * scale
        backbone = make_table_backbone(5)
        features = backbone.prefix(3)(torch.from_numpy(X).float()).numpy().astype(float)
        fitted = make(backbone=backbone, freeze="all", head_stages="last", head_l2=0.03).fit(X, y)
        for task, found in enumerate(fitted.predict_proba(X)):
            there = ~np.isnan(y[:, task])
            centred = features - features[there].mean(axis=0)
            strength = 0.03 * np.square(centred[there]).sum(axis=1).mean() * there.sum()
            by_hand = LogisticRegression(C=1 / strength, tol=1e-8, max_iter=5_000).fit(centred[there], y[there, task])
            np.testing.assert_allclose(found, by_hand.predict_proba(centred), atol=2e-4)

    def test_each_has_a_penalty(self, make, holed):
        auto = make(freeze="all", head_l2="auto").fit(*holed)
        assert auto.head_l2_.shape == (3,)
        assert (auto.head_l2_ > 0).all()
        assert make(freeze="all").fit(*holed).head_l2_.tolist() == [0.01] * 3
        assert make(head_hidden=(3,), freeze="all").fit(*holed).head_l2_ is None

    def test_the_weights_of_tasks_make_no_difference(self, make, holed):
        one, other = (make(freeze="all", task_weights=weights).fit(*holed) for weights in (None, [5, 1, 0.1]))
        np.testing.assert_allclose(outputs_of(one, holed[0]), outputs_of(other, holed[0]), atol=1e-3)


class TestMissing:
    """A missing label has no part in the fit, whatever stands in its place."""

    @pytest.mark.parametrize("freeze", [None, 1, "all"])
    @pytest.mark.parametrize("sharing", ["hard", "soft"])
    def test_what_stands_under_a_mask(self, make, Estimator, holed, sharing, freeze):
        X, y = holed
        start = {"sharing": sharing} | ({} if freeze is None else {"freeze": freeze})
        plain = make(Estimator, **start).fit(X, y)
        for garbage in (0, 1, -7, np.inf):
            masked = np.ma.MaskedArray(np.where(np.isnan(y), garbage, y), mask=np.isnan(y))
            fitted = make(Estimator, **start).fit(X, masked)
            assert np.array_equal(outputs_of(fitted, X), outputs_of(plain, X))

    @pytest.mark.parametrize("freeze", [None, 1, "all"])
    @pytest.mark.parametrize("early_stopping", [False, True])
    def test_a_weight_of_zero_is_a_missing_label(self, make, Estimator, holed, freeze, early_stopping):
        X, y = holed
        full = np.where(np.isnan(y), np.random.default_rng(1).integers(0, 2, y.shape), y)
        start = {"early_stopping": early_stopping} | ({} if freeze is None else {"freeze": freeze})
        weighted = make(Estimator, **start).fit(X, full, sample_weight=(~np.isnan(y)).astype(float))
        missing = make(Estimator, **start).fit(X, y)
        assert np.array_equal(outputs_of(weighted, X), outputs_of(missing, X))
        assert not np.allclose(outputs_of(weighted, X), outputs_of(make(Estimator, **start).fit(X, full), X))

    @pytest.mark.parametrize("freeze", [None, 1, "all"])
    def test_a_sample_without_label_is_as_if_it_were_not_there(self, make, Estimator, holed, freeze):
        X, y = holed
        start = {"cache": None} | ({} if freeze is None else {"freeze": freeze})
        y = y.copy()
        y[::4] = np.nan
        there = ~np.isnan(y).all(axis=1)
        one, other = make(Estimator, **start).fit(X, y), make(Estimator, **start).fit(X[there], y[there])
        np.testing.assert_allclose(outputs_of(one, X), outputs_of(other, X), rtol=1e-4, atol=1e-4)

    def test_with_early_stopping(self, make, Estimator, holed):
        X, y = holed
        stopping = {"early_stopping": True, "validation_fraction": 0.3, "n_iter_no_change": 2, "max_epochs": 60}
        fitted = make(Estimator, **stopping, lr=0.1).fit(X, y)
        losses = [row["valid_loss"] for row in fitted.history_]
        assert np.isfinite(losses).all()
        assert len(losses) < 60
        assert np.argmin(losses) == len(losses) - 3


class TestSampleWeight:
    @pytest.mark.parametrize("freeze", [None, "all"])
    def test_of_samples_is_that_of_all_their_labels(self, make, Estimator, holed, rng, freeze):
        X, y = holed
        start = {} if freeze is None else {"freeze": freeze}
        weights = rng.integers(0, 4, size=60).astype(float)
        one = make(Estimator, **start).fit(X, y, sample_weight=weights)
        other = make(Estimator, **start).fit(X, y, sample_weight=np.tile(weights[:, None], (1, 3)))
        assert np.array_equal(outputs_of(one, X), outputs_of(other, X))
        assert not np.allclose(outputs_of(one, X), outputs_of(make(Estimator, **start).fit(X, y), X))

    def test_scaling_all_weights_changes_nothing(self, make, holed, rng):
        X, y = holed
        weights = rng.integers(1, 5, size=y.shape).astype(float)
        one, other = (make().fit(X, y, sample_weight=factor * weights) for factor in (1, 8))
        assert np.array_equal(outputs_of(one, X), outputs_of(other, X))


class TestDenominator:
    def test_each_is_different_where_tasks_have_different_numbers_of_labels(self, make, holed):
        X, y = holed
        outputs = {name: outputs_of(make(denominator=name, optimizer="SGD").fit(X, y), X) for name in
                   ("samples", "labels", "tasks")}  # fmt: skip
        assert not np.allclose(outputs["samples"], outputs["labels"])
        assert not np.allclose(outputs["samples"], outputs["tasks"])
        assert not np.allclose(outputs["labels"], outputs["tasks"])

    def test_labels_and_tasks_are_one_where_no_label_is_missing(self, make, holed):
        X, y = holed
        full = np.nan_to_num(y)
        one, other = (make(denominator=name).fit(X, full) for name in ("labels", "tasks"))
        np.testing.assert_allclose(outputs_of(one, X), outputs_of(other, X), rtol=1e-4, atol=1e-5)

    def test_the_loss_of_a_start_that_does_not_move(self, make, holed):
        X, y = holed
        there = ~np.isnan(y)
        still = {"lr": 1e-12, "max_epochs": 1, "batch_size": 60}
        losses = {}
        for name in ("samples", "labels", "tasks"):
            fitted = make(denominator=name, **still).fit(X, y)
            losses[name] = fitted.history_[0]["train_loss"]
        each = np.zeros(3)
        for task, found in enumerate(fitted.predict_proba(X)):
            mine = there[:, task]
            each[task] = -np.log(found[mine, y[mine, task].astype(int)]).sum()
        n_kept = there.any(axis=1).sum()
        assert losses["samples"] == pytest.approx(each.sum() / n_kept, rel=1e-4)
        assert losses["labels"] == pytest.approx(each.sum() / there.sum(), rel=1e-4)
        assert losses["tasks"] == pytest.approx((each / there.sum(axis=0)).mean(), rel=1e-4)


class TestTaskWeights:
    @pytest.mark.parametrize(
        ("freeze", "denominator"), [(None, "samples"), (None, "tasks"), (1, "labels"), ("all", "tasks")]
    )
    def test_a_task_of_weight_zero_leaves_the_others_alone(self, make, Estimator, holed, freeze, denominator):
        X, y = holed
        start = {"denominator": denominator} | ({} if freeze is None else {"freeze": freeze})
        zero = make(Estimator, task_weights=[1, 1, 0], **start).fit(X, y)
        outputs = outputs_of(zero, X)
        assert np.isfinite(outputs).all()
        swapped = np.column_stack([y[:, :2], np.where(np.isnan(y[:, 2]), np.nan, 1 - y[:, 2])])
        other = make(Estimator, task_weights={"task2": 0.0}, **start).fit(X, swapped)
        assert np.array_equal(outputs_of(other, X)[:, :-1], outputs[:, :-1])

    def test_they_count(self, make, holed):
        plain, heavy = (make(task_weights=weights).fit(*holed) for weights in (None, {"task1": 10}))
        assert not np.allclose(outputs_of(plain, holed[0]), outputs_of(heavy, holed[0]))


class TestNames:
    def test_are_those_of_columns(self, make, Estimator, holed):
        X, y = holed
        assert make(Estimator).fit(X, pd.DataFrame(y, columns=["a", "b", 3])).tasks_.tolist() == ["a", "b", "3"]

    def test_are_those_of_heads(self, make, Estimator, holed):
        X, y = holed
        fitted = make(Estimator, heads={"a": None, "b": None, "c": None}).fit(X, y)
        assert fitted.tasks_.tolist() == ["a", "b", "c"]

    def test_are_counted_where_there_are_none(self, make, Estimator, holed):
        assert make(Estimator).fit(*holed).tasks_.tolist() == ["task0", "task1", "task2"]

    def test_of_columns_in_another_order_than_heads(self, make, holed):
        X, y = holed
        frame = pd.DataFrame(y, columns=["a", "b", "c"])
        fitted = make(heads={"c": 2, "b": 4, "a": 2}).fit(X, frame)
        assert [len(classes) for classes in fitted.classes_] == [2, 4, 2]


class TestScore:
    def test_is_the_mean_over_tasks_on_labels_that_are_there(self, make, Estimator, holed):
        X, y = holed
        fitted = make(Estimator).fit(X, y)
        predicted = fitted.predict(X)
        metric = r2_score if Estimator is MultiTaskRegressor else accuracy_score
        expected = []
        for task in range(3):
            there = ~np.isnan(y[:, task])
            expected.append(metric(y[there, task], predicted[there, task].astype(float)))
        assert fitted.score(X, y) == pytest.approx(np.mean(expected))
        assert fitted.score(X, pd.DataFrame(y)) == pytest.approx(np.mean(expected))
        named = make(Estimator).fit(X, pd.DataFrame(y, columns=["a", "b", "c"]))
        assert named.score(X, y) == pytest.approx(np.mean(expected))

    def test_goes_by_the_names_of_columns(self, make, Estimator, holed):
        X, y = holed
        frame = pd.DataFrame(y, columns=["a", "b", "c"])
        fitted = make(Estimator).fit(X, frame)
        assert np.isfinite(fitted.score(X, frame))
        with pytest.raises(ValueError, match=r"the same in another order \(c, b, a against a, b, c\)"):
            fitted.score(X, frame[["c", "b", "a"]])

    def test_with_weights_of_labels(self, make, Estimator, holed):
        X, y = holed
        fitted = make(Estimator).fit(X, y)
        weights = np.ones_like(y)
        weights[:, 1] = 0
        only = np.where(np.arange(3) == 1, np.nan, y)
        assert fitted.score(X, y, sample_weight=weights) == pytest.approx(fitted.score(X, only))

    def test_of_no_label(self, make, Estimator, holed):
        X, y = holed
        assert np.isnan(make(Estimator).fit(X, y).score(X, np.full_like(y, np.nan)))


class TestWarmStart:
    @pytest.mark.parametrize("sharing", SCHEME_NAMES)
    def test_goes_on(self, make, Estimator, holed, sharing):
        X, y = holed
        estimator = make(Estimator, sharing=sharing, warm_start=True, max_epochs=15, weight_decay=0.0).fit(X, y)
        loss = estimator.history_[0]["train_loss"]
        estimator.fit(X, y)
        assert estimator.history_[0]["train_loss"] < loss
        assert "warm_start" in estimator.freeze_reason_

    def test_with_other_holes(self, make, Estimator, holed):
        X, y = holed
        estimator = make(Estimator, warm_start=True).fit(X, y)
        assert np.isfinite(outputs_of(estimator.fit(X[10:], np.nan_to_num(y)[10:]), X)).all()

    def test_other_classes_are_refused(self, make, holed):
        X, y = holed
        estimator = make(warm_start=True).fit(X, y)
        message = r"goes on with task 'task1' of the last fit, classes \[0\.0, 1\.0, 2\.0\], but y is classes \[0\.0, 1"
        with pytest.raises(ValueError, match=message):
            estimator.fit(X, np.where(y == 2, 1, y))

    def test_columns_in_another_order_are_refused(self, make, Estimator, holed):
        X, y = holed
        frame = pd.DataFrame(y, columns=["a", "b", "c"])
        estimator = make(Estimator, warm_start=True).fit(X, frame)
        before = estimator.predict(X)
        with pytest.raises(
            ValueError, match=r"goes on with the tasks \['a', 'b', 'c'\], but y has the tasks \['c', 'b'"
        ):
            estimator.fit(X, frame[["c", "b", "a"]])
        assert np.array_equal(estimator.predict(X), before)

    def test_another_number_of_tasks_is_refused(self, make, Estimator, holed):
        X, y = holed
        estimator = make(Estimator, warm_start=True).fit(X, y)
        with pytest.raises(ValueError, match=r"goes on with 3 task\(s\), but y has 2"):
            estimator.fit(X, y[:, :2])
