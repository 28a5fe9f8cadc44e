"""A task that comes after the fit."""

import copy
import io
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from sktl import MultiTaskClassifier, MultiTaskEstimator, MultiTaskRegressor
from sktl.backbones import MLP
from sktl.exceptions import SkippedImageWarning, UntrainableTaskWarning
from sktl.inputs import open_tensors
from sktl.training._elastic import diagonal_fisher

QUICK = {"max_epochs": 3, "head_l2": 1e-2, "lr": 0.02, "batch_size": 20, "random_state": 0}
TRAINED = ["lwf", "ewc", "train"]


@pytest.fixture(params=[MultiTaskClassifier, MultiTaskRegressor, MultiTaskEstimator])
def Estimator(request):
    return request.param


@pytest.fixture
def make(make_table_backbone):
    """Return a function that makes an estimator on a small network, random or, with ``freeze``, trained."""

    def make(Estimator=MultiTaskClassifier, **others):
        backbone = make_table_backbone(5) if "freeze" in others else MLP((8, 6))
        return Estimator(**{"backbone": backbone, **QUICK, **others})

    return make


@pytest.fixture
def later(rng):
    """Return inputs (50, 5) that come later, and labels (50,) of two classes, some of which are missing."""
    X = rng.normal(size=(50, 5))
    y = (X[:, 0] + X[:, 3] > 0).astype(float)
    y[::7] = np.nan
    return X, y


def outputs_of(fitted, X):
    return np.column_stack(fitted._outputs(X))


def bits_of(module):
    return [tensor.clone() for tensor in module.state_dict().values()]


def same_bits(one, other):
    return len(one) == len(other) and all(map(torch.equal, one, other))


def features_of(fitted, X):
    """Return the features that the heads see."""
    backbone = fitted.backbone_
    x = torch.from_numpy(X).to(next(fitted.net_.module_.parameters()).dtype)
    return torch.cat([backbone.pool(backbone.prefix(depth)(x)) for depth in fitted._plan.reads], dim=1)


def _samples(fitted, X):
    return fitted._as_samples(open_tensors(X), fitted._source)


class TestFrozenTrunk:
    @pytest.mark.parametrize("freeze", [None, 1, "all"])
    @pytest.mark.parametrize("head_hidden", [(), (4,)])
    @pytest.mark.parametrize("n_samples", [1, 2, 7, 33, 60])
    def test_old_outputs_keep_their_bits(self, make, holed, later, freeze, head_hidden, n_samples):
        start = {} if freeze is None else {"freeze": freeze}
        fitted = make(head_hidden=head_hidden, **start).fit(*holed)
        X = holed[0][:n_samples]
        before = outputs_of(fitted, X)
        after = outputs_of(fitted.add_task(*later), X)
        assert after.shape == (n_samples, before.shape[1] + 1)
        assert np.array_equal(after[:, :-1], before)
        again = outputs_of(fitted.add_task(later[0], later[0][:, 1] > 0, "second"), X)
        assert np.array_equal(again[:, :-1], after)

    @pytest.mark.parametrize("freeze", [0, 1, "all"])
    @pytest.mark.parametrize("n_samples", [1, 5, 32, 33, 120])
    def test_pictures_keep_their_bits(self, make_module, pictures, freeze, n_samples):
        X, y = pictures
        table = np.column_stack([y, y % 2])
        fitted = MultiTaskClassifier(make_module(), freeze=freeze, **QUICK).fit(X, table)
        before = outputs_of(fitted, X[:n_samples])
        backbone = bits_of(fitted.net_.module_.stages)
        fitted.add_task(X, y > 1)
        assert np.array_equal(outputs_of(fitted, X[:n_samples])[:, :-1], before)
        assert same_bits(bits_of(fitted.net_.module_.stages), backbone)

    @pytest.mark.parametrize("freeze", [None, 1, "all"])
    def test_the_new_head_is_solved_to_its_optimum(self, make, holed, later, freeze):
        X, y = later
        start = {} if freeze is None else {"freeze": freeze}
        fitted = make(head_stages="last", **start).fit(*holed).add_task(X, y)
        features = features_of(fitted, X).numpy()
        there = ~np.isnan(y)
        x = features[there] - features[there].mean(axis=0)
        penalty = QUICK["head_l2"] * np.square(x).sum(axis=1).mean() * there.sum()
        expected = LogisticRegression(C=1 / penalty, tol=1e-8).fit(x, y[there])
        shown = outputs_of(fitted, X[there])[:, -1]
        np.testing.assert_allclose(shown, expected.decision_function(x), rtol=1e-2, atol=1e-3)

    def test_hidden_heads_are_trained(self, make, holed, later):
        fitted = make(freeze="all", head_hidden=(8,), max_epochs=60, weight_decay=0.0).fit(*holed)
        X = later[0]
        first = features_of(fitted, X).numpy()[:, 0]
        y = first > np.median(first)
        assert (fitted.add_task(X, y).predict(X)[:, -1] == y).mean() > 0.75

    def test_the_whole_and_the_shape_of_what_is_returned(self, make, holed, later):
        X, y = holed
        fitted = make().fit(X, y).add_task(later[0], np.where(later[1] > 0, "yes", "no"), "new")
        assert fitted.tasks_.tolist() == ["task0", "task1", "task2", "new"]
        assert [classes.tolist() for classes in fitted.classes_] == [[0, 1], [0, 1, 2], [0, 1], ["no", "yes"]]
        assert fitted.predict(X).shape == (60, 4)
        assert [one.shape for one in fitted.predict_proba(X)] == [(60, 2), (60, 3), (60, 2), (60, 2)]
        whole = pd.DataFrame(y, columns=fitted.tasks_[:3]).astype("Int64").assign(new=["yes", "no"] * 30)
        assert 0 <= fitted.score(X, whole) <= 1
        assert len(fitted.backbones_) == 4

    def test_a_fit_to_one_column_gains_an_axis_of_tasks(self, make, holed, later):
        y = holed[1][:, 0]
        fitted = make().fit(holed[0], y)
        before = fitted.predict(holed[0])
        fitted.add_task(*later)
        assert fitted.predict(holed[0]).shape == (60, 2)
        assert np.array_equal(fitted.predict(holed[0])[:, 0], before)
        assert isinstance(fitted.classes_, list)
        assert len(fitted.predict_proba(holed[0])) == 2

    def test_weights_of_samples_and_of_classes_count(self, make, holed, later):
        plain, weighed, balanced = (make().fit(*holed) for _ in range(3))
        X, y = later
        y = np.where(np.arange(50) < 40, np.nan_to_num(y), 0.0)
        shown = outputs_of(plain.add_task(X, y), X)[:, -1]
        half = np.where(np.arange(50) < 40, 1.0, 0.0)
        first = outputs_of(weighed.add_task(X, y, sample_weight=half), X)[:, -1]
        alone = outputs_of(make().fit(*holed).add_task(X[:40], y[:40]), X)[:, -1]
        np.testing.assert_allclose(first, alone, rtol=1e-4, atol=1e-5)
        balanced.set_params(class_weight={"rare": {0: 1, 1: 50}})
        raised = outputs_of(balanced.add_task(X, y, "rare"), X)[:, -1]
        assert (raised > shown).all()

    def test_numbers_and_heads_that_are_named(self, make, holed, later):
        X, _ = later
        fitted = make(MultiTaskEstimator).fit(*holed)
        fitted.add_task(X, X[:, 1], "fraction").add_task(X, np.arange(50) % 3, "count", head="regression")
        fitted.add_task(X, np.arange(50) % 3, "three", head=[0, 1, 2, 3])
        assert fitted.classes_[3] is None
        assert fitted.classes_[4] is None
        assert fitted.classes_[5].tolist() == [0, 1, 2, 3]
        assert fitted.predict(holed[0]).shape == (60, 6)

    def test_a_regressor_adds_numbers(self, make, holed, later):
        X, _ = later
        fitted = make(MultiTaskRegressor, loss="huber", freeze="all").fit(*holed)
        before = fitted.predict(holed[0])
        fitted.add_task(X, 100 + 5 * X[:, 0])
        assert np.array_equal(fitted.predict(holed[0])[:, :3], before)
        assert abs(fitted.predict(X)[:, 3].mean() - 100) < 5

    @pytest.mark.parametrize(("freeze", "trunk"), [
        (0, "frozen"), (4, "frozen"), ("all", "frozen"), (0, "lwf"), (4, "ewc")
    ])  # fmt: skip
    def test_heads_that_read_several_stages(self, make, holed, later, freeze, trunk):
        source = make(backbone=MLP((8,) * 5)).fit(*holed).backbone_
        fitted = make(backbone=source, freeze=freeze, head_stages="late").fit(*holed)
        assert len(fitted.head_stages_) == (2 if freeze == 4 else 3)
        before = outputs_of(fitted, holed[0])
        fitted.add_task(*later, trunk=trunk)
        expected = fitted.net_.module_.head(features_of(fitted, holed[0])).detach().numpy()
        np.testing.assert_allclose(outputs_of(fitted, holed[0]), expected, rtol=1e-4, atol=1e-5)
        assert np.array_equal(outputs_of(fitted, holed[0])[:, :-1], before) is (trunk == "frozen")
        back = pickle.loads(pickle.dumps(fitted))
        assert np.array_equal(outputs_of(back, holed[0]), outputs_of(fitted, holed[0]))

    def test_double_precision(self, make_table_backbone, holed, later):
        backbone = make_table_backbone(5)
        for _, stage in backbone.stages:
            stage.double()
        fitted = MultiTaskClassifier(backbone, freeze=1, **QUICK).fit(*holed).add_task(*later)
        assert outputs_of(fitted, holed[0]).dtype == np.float64

    def test_the_penalties_of_the_heads(self, make, holed, later):
        solved = make(freeze="all").fit(*holed).add_task(*later)
        np.testing.assert_array_equal(solved.head_l2_, [0.01] * 4)
        trained = make().fit(*holed).add_task(*later)
        np.testing.assert_array_equal(trained.head_l2_, [np.nan] * 3 + [0.01])
        assert make(head_hidden=(4,)).fit(*holed).add_task(*later).head_l2_ is None
        hidden = make(freeze="all").fit(*holed).set_params(head_hidden=(4,)).add_task(*later)
        np.testing.assert_array_equal(hidden.head_l2_, [0.01] * 3 + [np.nan])

    def test_unreadable_pictures_are_left_out(self, make_module, pictures):
        X, y = pictures
        fitted = MultiTaskClassifier(make_module(), freeze="all", on_unreadable="skip", **QUICK)
        encoded = [png_of(one) for one in X[:30]]
        fitted.fit(encoded, y[:30])
        with pytest.warns(SkippedImageWarning, match="1 of 31 samples are left out"):
            fitted.add_task([*encoded, b"no picture"], np.append(y[:30] > 1, True))
        assert fitted.predict(encoded).shape == (30, 2)


def png_of(picture):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "png")
    return file.getvalue()


class TestAfterwards:
    """What an estimator does with a task that was added."""

    @pytest.mark.parametrize("trunk", ["frozen", *TRAINED])
    def test_it_comes_back_from_a_pickle(self, make, Estimator, holed, later, trunk):
        fitted = make(Estimator, freeze=1).fit(*holed).add_task(*later, "one", trunk=trunk)
        fitted.add_task(*later, "two")
        expected = fitted.predict(holed[0])
        fitted.set_params(self_contained=True)
        whole = pickle.loads(pickle.dumps(fitted))
        fitted.set_params(self_contained=False)
        for back in (whole, pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted)):
            assert np.array_equal(back.predict(holed[0]), expected)
            assert back.tasks_.tolist() == fitted.tasks_.tolist()
            assert vars(back).keys() == vars(fitted).keys()
            assert str(back.forgetting_) == str(fitted.forgetting_)
            third = [one.add_task(*later, "three").predict(holed[0]) for one in (back, copy.deepcopy(fitted))]
            assert np.array_equal(*third)

    @pytest.mark.parametrize("freeze", [None, 1, "all"])
    def test_a_fit_goes_on_with_all_tasks(self, make, holed, later, freeze):
        X, y = holed
        start = {} if freeze is None else {"freeze": freeze}
        fitted = make(warm_start=True, head_hidden=(4,) if freeze == 1 else (), **start).fit(X, y).add_task(*later)
        all_labels = np.column_stack([y, X[:, 0] + X[:, 3] > 0])
        before = outputs_of(fitted, X)
        fitted.fit(X, all_labels)
        assert not np.allclose(outputs_of(fitted, X), before)
        assert not hasattr(fitted, "forgetting_")
        back = pickle.loads(pickle.dumps(fitted))
        assert np.array_equal(outputs_of(back, X), outputs_of(fitted, X))
        assert np.array_equal(outputs_of(back.fit(X, all_labels), X), outputs_of(fitted.fit(X, all_labels), X))
        assert np.array_equal(fitted.add_task(*later).predict(X), back.add_task(*later).predict(X))

    @pytest.mark.parametrize("heads", [
        [2, 3, 2], {"a": 2, "b": 3, "c": [0, 1]}, {"a": 2, "b": "regression", "c": 2}
    ])  # fmt: skip
    def test_a_fit_goes_on_with_the_heads_that_were_given(self, make, holed, later, heads):
        X, y = holed
        fitted = make(MultiTaskEstimator, heads=heads, warm_start=True).fit(X, y)
        fitted.add_task(*later, "d").add_task(later[0], later[0][:, 0], "e")
        table = pd.DataFrame(np.column_stack([y, X[:, 0] > 0, X[:, 1]]), columns=fitted.tasks_)
        fitted.fit(X, table)
        assert fitted.tasks_.tolist()[3:] == ["d", "e"]
        assert fitted.predict(X).shape == (60, 5)

    def test_a_fit_goes_on_with_a_number_of_heads(self, make, holed, later):
        X, y = holed
        fitted = make(heads=2, warm_start=True).fit(X, y[:, [0, 2]]).add_task(*later)
        assert fitted.fit(X, y[:, [0, 2, 2]]).predict(X).shape == (60, 3)

    def test_a_fit_that_starts_anew_knows_nothing_of_it(self, make, holed, later):
        fitted = make().fit(*holed)
        before = outputs_of(fitted, holed[0])
        fitted.add_task(*later).fit(*holed)
        assert np.array_equal(outputs_of(fitted, holed[0]), before)
        assert len(fitted.tasks_) == 3

    def test_a_clone_is_as_before_the_fit(self, make, holed, later):
        twin = clone(make().fit(*holed).add_task(*later))
        assert not hasattr(twin, "tasks_")
        assert not hasattr(twin, "forgetting_")

    def test_a_backbone_that_was_trained_on_starts_another(self, make, holed, later):
        fitted = make(freeze=1).fit(*holed)
        old = fitted.backbone_
        assert fitted.add_task(*later).backbone_ is old
        fitted.add_task(*later, trunk="lwf")
        assert fitted.backbone_.weights_fingerprint() != old.weights_fingerprint()
        assert fitted.backbone_.weights_fingerprint(1) == old.weights_fingerprint(1)
        expected = fitted.net_.module_.head(features_of(fitted, holed[0])).detach().numpy()
        np.testing.assert_allclose(outputs_of(fitted, holed[0]), expected, rtol=1e-4, atol=1e-5)

    @pytest.mark.parametrize("is_complete", [True, False])
    def test_the_type_goes_by_the_new_labels_too(self, make, holed, later, is_complete):
        X, y = holed
        fitted = make().fit(X, np.nan_to_num(y))
        fitted.add_task(later[0], np.nan_to_num(later[1]) if is_complete else later[1])
        assert fitted._is_complete is is_complete

    @pytest.mark.parametrize("weighting", ["uncertainty", "dwa"])
    def test_a_rule_with_a_memory_counts_the_new_task(self, make, holed, later, weighting):
        X, y = holed
        fitted = make(weighting=weighting, warm_start=True).fit(X, y).add_task(*later)
        assert fitted.fit(X, np.column_stack([y, y[:, 0]])).predict(X).shape == (60, 4)

    def test_the_seed_makes_it_the_same(self, make, holed, later):
        one, other = (make(freeze=1).fit(*holed) for _ in range(2))
        state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()
        one.add_task(*later, trunk="ewc")
        assert torch.equal(torch.get_rng_state(), state)
        assert np.array_equal(np.random.get_state()[1], numpy_state)
        torch.manual_seed(5)
        other.add_task(*later, trunk="ewc")
        assert np.array_equal(outputs_of(one, holed[0]), outputs_of(other, holed[0]))


class TestTrainedTrunk:
    @pytest.mark.parametrize("trunk", TRAINED)
    def test_the_free_stages_move_and_the_frozen_ones_do_not(self, make, make_table_backbone, holed, later, trunk):
        fitted = make(freeze=1).fit(*holed)
        old = fitted.net_.module_
        before = bits_of(old)
        frozen = fitted._source.weights_fingerprint()
        fitted.add_task(*later, trunk=trunk)
        assert not same_bits(bits_of(fitted.net_.module_.stages), bits_of(old.stages))
        assert same_bits(bits_of(old), before)
        assert fitted._source.weights_fingerprint() == frozen
        assert all(parameter.requires_grad for parameter in fitted.net_.module_.parameters())
        assert fitted.net_.module_.tie is None

    @pytest.mark.parametrize("trunk", TRAINED)
    def test_old_heads_stay(self, make, holed, later, trunk):
        fitted = make(freeze=1, weight_decay=0.5).fit(*holed)
        before = bits_of(fitted.net_.module_.head)
        fitted.add_task(*later, trunk=trunk)
        assert same_bits(bits_of(fitted.net_.module_.head.parts[0]), before)

    @pytest.mark.parametrize("trunk", ["lwf", "ewc"])
    def test_without_strength_nothing_is_held(self, make, holed, later, trunk):
        free = make(freeze=1).fit(*holed).add_task(*later, trunk="train")
        held = make(freeze=1).fit(*holed).add_task(*later, trunk=trunk, strength=0)
        assert np.array_equal(outputs_of(held, holed[0]), outputs_of(free, holed[0]))

    def test_with_an_endless_strength_only_what_no_old_task_needs_moves(self, make, holed, later):
        fitted = make(freeze=1).fit(*holed)
        there = ~np.isnan(later[1])
        rows = fitted._open_activations(
            fitted._plain_engine(fitted._source), _samples(fitted, later[0][there]), cached=False
        ).rows(1)
        old = fitted.net_.module_
        fisher = diagonal_fisher(old, fitted._tasks, rows, 0)
        fitted.add_task(*later, trunk="ewc", strength=np.inf)
        pairs = zip(old.stages.parameters(), fitted.net_.module_.stages.parameters(), fisher, strict=True)
        moved = torch.cat([((one != other) & (f > 0)).flatten() for one, other, f in pairs])
        assert torch.cat([(f > 0).flatten() for f in fisher]).float().mean() > 0.5
        assert not moved.any()

    @pytest.mark.parametrize(("trunk", "strengths"), [("lwf", (0, 1, 30)), ("ewc", (0, 30, 3000))])
    def test_the_more_is_held_the_less_old_outputs_move(self, make, Estimator, holed, later, trunk, strengths):
        X = later[0]
        moves = []
        for strength in strengths:
            fitted = make(Estimator, max_epochs=20, weight_decay=0.0).fit(*holed)
            n_outputs = fitted._tasks.n_outputs
            before = outputs_of(fitted, X)
            after = outputs_of(fitted.add_task(*later, trunk=trunk, strength=strength), X)
            moves.append(np.abs(after[:, :n_outputs] - before).mean())
        assert moves[0] > moves[1] > moves[2] > 0
        assert moves[0] > 2 * moves[2]

    def test_early_stopping_validates_on_the_new_task(self, make, holed, later):
        fitted = make(freeze=1, early_stopping=True, max_epochs=8).fit(*holed).add_task(*later, trunk="lwf")
        assert "valid_loss" in fitted.net_.history[-1]

    def test_held_batch_normalisation(self, make, holed, later):
        fitted = make(freeze=1).fit(*holed)
        means = [m.running_mean.clone() for m in fitted.net_.module_.modules() if isinstance(m, torch.nn.BatchNorm1d)]
        fitted.add_task(*later, trunk="train")
        norms = [m for m in fitted.net_.module_.modules() if isinstance(m, torch.nn.BatchNorm1d)]
        assert len(norms) == 1
        assert torch.equal(norms[0].running_mean, means[0])

    def test_pictures(self, make_module, pictures):
        X, y = pictures
        fitted = MultiTaskClassifier(make_module(), freeze=0, **QUICK).fit(X, np.column_stack([y, y % 2]))
        for trunk in TRAINED:
            fitted.add_task(X, y > 1, f"by {trunk}", trunk=trunk)
        assert fitted.predict(X[:7]).shape == (7, 5)


class TestReport:
    def test_scores_of_test_data(self, make, holed, later):
        X, y = holed
        fitted = make(MultiTaskEstimator, heads={"a": 2, "b": "regression", "c": 2}, freeze=1).fit(X[:40], y[:40])
        alone = [fitted.score(X[40:], np.where(np.arange(3) == number, y[40:], np.nan)) for number in range(3)]
        fitted.add_task(*later, "d", trunk="train", test=(X[40:], y[40:]))
        report = fitted.forgetting_
        assert (report.task, report.trunk, report.has_labels) == ("d", "train", True)
        assert list(report.table) == ["a", "b", "c"]
        assert [row["measure"] for row in report.table.values()] == ["accuracy", "r2", "accuracy"]
        np.testing.assert_allclose([row["before"] for row in report.table.values()], alone)
        padded = np.column_stack([y[40:], np.full(20, np.nan)])
        after = [fitted.score(X[40:], np.where(np.arange(4) == number, padded, np.nan)) for number in range(3)]
        np.testing.assert_allclose([row["after"] for row in report.table.values()], after)
        for row in report.table.values():
            assert row["change"] == row["after"] - row["before"]
        assert any(row["change"] for row in report.table.values())
        assert "scores of the old tasks on the test data" in str(report)

    @pytest.mark.parametrize("trunk", ["frozen", "train"])
    def test_agreement_where_no_test_data_are_given(self, make, holed, later, trunk):
        fitted = make(MultiTaskEstimator, heads=[2, "regression", 2], freeze=1, max_epochs=20).fit(*holed)
        there = ~np.isnan(later[1])
        before = fitted.predict(later[0][there])
        fitted.add_task(*later, trunk=trunk)
        after = fitted.predict(later[0][there])
        expected = (after[:, [0, 2]] == before[:, [0, 2]]).mean(axis=0)
        table = fitted.forgetting_.table
        np.testing.assert_allclose([table["task0"]["after"], table["task2"]["after"]], expected)
        assert (table["task1"]["after"] < 1) == (trunk == "train")
        assert {row["before"] for row in table.values()} == {1.0}
        assert "no scores" in str(fitted.forgetting_)

    def test_one_column_with_and_without_an_axis(self, make, holed, later):
        X, y = holed[0], np.nan_to_num(holed[1][:, 0])
        for labels in (y, y[:, None], pd.Series(y, name="first")):
            fitted = make(freeze=1).fit(X[:40], y[:40])
            fitted.add_task(*later, test=(X[40:], labels[40:]))
            assert fitted.forgetting_.table["task0"]["before"] == fitted.forgetting_.table["task0"]["after"]

    def test_strings_beside_numbers(self, make, holed, later):
        X, y = holed
        mixed = pd.DataFrame({"word": np.where(X[:, 0] > 0, "a", "b"), "number": np.nan_to_num(y[:, 1])})
        fitted = make(freeze=1).fit(X[:40], mixed[:40]).add_task(*later, "new", test=(X[40:], mixed[40:]))
        assert all(row["change"] == 0 for row in fitted.forgetting_.table.values())

    def test_a_threshold_counts(self, make, holed, later):
        fitted = make(freeze=1, thresholds={"task0": 0.999}).fit(*holed).add_task(*later, trunk="train")
        assert fitted.forgetting_.table["task0"]["after"] == 1.0
        assert fitted.predict(later[0])[:, 0].max() == 0


class TestConstantTasks:
    def test_old_ones_stay(self, make, holed, later):
        X, y = holed
        y = np.where(np.arange(3) == 1, np.nan, y)
        fitted = make(on_untrainable="ignore", freeze=1).fit(X, y).add_task(*later, trunk="lwf")
        assert np.isnan(fitted.predict(X)[:, 1]).all()
        assert set(fitted.predict(X)[:, 3]) <= {0, 1}
        assert fitted.forgetting_.table["task1"]["after"] == 1.0
        back = pickle.loads(pickle.dumps(fitted))
        assert np.array_equal(back.predict(X), fitted.predict(X), equal_nan=True)

    @pytest.mark.parametrize("labels", [np.ones(50), np.full(50, np.nan)])
    def test_a_new_one_is_named_and_not_learned(self, make, holed, later, labels):
        fitted = make(on_untrainable="warn", freeze=1).fit(*holed)
        before = outputs_of(fitted, holed[0])
        with pytest.warns(UntrainableTaskWarning, match="task 'dull' has"):
            fitted.add_task(later[0], labels, "dull", trunk="lwf")
        assert np.array_equal(outputs_of(fitted, holed[0]), before)
        assert fitted.tasks_.tolist()[-1] == "dull"
        assert np.array_equal(fitted.predict(later[0])[:, -1], labels, equal_nan=True)
        assert fitted.add_task(*later).predict(holed[0]).shape == (60, 5)

    def test_or_it_is_an_error(self, make, holed, later):
        with pytest.raises(ValueError, match="task 'dull' has labels of one class only, 1"):
            make().fit(*holed).add_task(later[0], np.ones(50), "dull")


class TestErrors:
    """Whatever is wrong, the estimator is left as it was."""

    @pytest.mark.parametrize(("arguments", "message"), [
        ({"name": "task1"}, r"there is a task 'task1' already, among \['task0', 'task1', 'task2'\].*another name"),
        ({"trunk": "melt"}, r"trunk must be one of \['frozen', 'lwf', 'ewc', 'train'\], got 'melt'"),
        ({"strength": 2.0}, "strength is for trunk='lwf' and 'ewc', but trunk is 'frozen': leave it 'auto'"),
        ({"trunk": "train", "strength": 2.0}, "strength is for trunk='lwf' and 'ewc', but trunk is 'train'"),
        ({"trunk": "lwf", "strength": -1}, "strength must be 'auto' or a number of 0 or more, and finite, got -1"),
        ({"trunk": "lwf", "strength": np.inf}, "and finite, got inf"),
        ({"trunk": "ewc", "strength": "much"}, "strength must be 'auto' or a number of 0 or more, got 'much'"),
        ({"trunk": "ewc", "strength": np.nan}, "number of 0 or more, got nan"),
        ({"test": 3}, r"test must be a pair \(X, y\) of labelled data of the old tasks, or None, got <class 'int'>"),
        ({"test": (np.zeros((4, 5)), np.zeros((4, 2)))}, "y of test has 2 columns, but must have one for each"),
        ({"head": 1}, "heads gives task 'task3' 1 classes"),
        ({"head": "regression"}, "heads makes task 'task3' one of regression: use MultiTaskRegressor"),
        ({"sample_weight": -np.ones(50)}, "Negative values in data passed to `sample_weight`"),
    ])  # fmt: skip
    def test_of_parameters(self, make, holed, later, arguments, message):
        fitted = make(freeze=1).fit(*holed)
        before, names = outputs_of(fitted, holed[0]), set(vars(fitted))
        with pytest.raises(ValueError, match=message):
            fitted.add_task(*later, **arguments)
        assert np.array_equal(outputs_of(fitted, holed[0]), before)
        assert set(vars(fitted)) == names

    @pytest.mark.parametrize("trunk", TRAINED)
    def test_no_free_stage(self, make, holed, later, trunk):
        fitted = make(freeze="all").fit(*holed)
        with pytest.raises(ValueError, match=rf"trunk='{trunk}' trains the free stages.*all 3 stages are frozen"):
            fitted.add_task(*later, trunk=trunk)

    @pytest.mark.parametrize("sharing", ["soft", "none", "cross_stitch"])
    def test_no_common_trunk(self, make, holed, later, sharing):
        for columns in ([0, 1, 2], [0]):
            fitted = make(sharing=sharing, freeze=1).fit(holed[0], np.nan_to_num(holed[1][:, columns]))
            with pytest.raises(ValueError, match=r"a trunk that all tasks share, but with \w+\(.*sharing='hard'"):
                fitted.add_task(*later)
        fitted = make(sharing=sharing, freeze="all").fit(*holed)
        assert fitted.add_task(*later).predict(holed[0]).shape == (60, 4)
        assert pickle.loads(pickle.dumps(fitted)).predict(holed[0]).shape == (60, 4)

    def test_of_data(self, make, holed, later):
        fitted = make().fit(*holed)
        with pytest.raises(ValueError, match="y has 3 columns, but add_task adds one task: call it once for each"):
            fitted.add_task(*holed)
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            fitted.add_task(later[0][:10], later[1])
        with pytest.raises(ValueError, match="X has 4 features, but MultiTaskClassifier is expecting 5"):
            fitted.add_task(later[0][:, :4], later[1])
        with pytest.raises(ValueError, match="not fitted yet"):
            make().add_task(*later)

    def test_thresholds_by_place(self, make, holed, later):
        fitted = make(thresholds=[0.5, 0.5, 0.4]).fit(*holed)
        with pytest.raises(ValueError, match=r"thresholds is a list with a value for each old task.* none for 'n'"):
            fitted.add_task(*later, "n")
        fitted.set_params(thresholds={"task2": 0.4, "n": 0.3})
        with pytest.raises(ValueError, match=r"thresholds names \['n'\]"):
            fitted.predict(later[0])
        fitted.set_params(thresholds={"task2": 0.4}).add_task(*later, "n").set_params(thresholds={"n": 0.3})
        assert fitted.predict(later[0]).shape == (50, 4)

    def test_parameters_that_were_set_since(self, make, holed, later):
        with pytest.raises(ValueError, match="'batch_size' parameter"):
            make().fit(*holed).set_params(batch_size=0).add_task(*later)


class TestNames:
    def test_of_labels_that_have_one(self, make, holed, later):
        X, y = later
        fitted = make().fit(*holed)
        fitted.add_task(X, pd.Series(y, name="wet")).add_task(X, pd.DataFrame({"cold": y})).add_task(X, y, 5)
        assert fitted.tasks_.tolist()[3:] == ["wet", "cold", "5"]

    def test_of_labels_that_have_none(self, make, holed, later):
        fitted = make().fit(*holed).add_task(*later, "task4").add_task(*later).add_task(later[0], pd.Series(later[1]))
        assert fitted.tasks_.tolist() == ["task0", "task1", "task2", "task4", "task5", "task6"]
