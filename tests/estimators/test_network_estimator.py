"""What all estimators around a network keep to, seen on those of one task."""

import copy
import inspect
import io
import re

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from skorch.callbacks import Callback
from torch import nn

from sktl import (
    BackboneFeatures,
    MultiTaskClassifier,
    MultiTaskEstimator,
    MultiTaskRegressor,
    TransferClassifier,
    TransferRegressor,
)
from sktl.backbones import MLP, Backbone
from sktl.exceptions import CutError, SkippedImageWarning, UnknownBackboneError, UnreadableImageError
from sktl.features import ActivationCache

QUICK = {"max_epochs": 2, "head_l2": 1e-2, "random_state": 0}


@pytest.fixture(params=[TransferClassifier, TransferRegressor])
def Estimator(request):
    return request.param


def bits_of(module):
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def same_bits(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def encoded(picture):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "png")
    return file.getvalue()


def clone_without_cache(fitted):
    return copy.copy(fitted).set_params(cache=None)


class Counts(Callback):
    n_epochs = 0

    def on_epoch_end(self, net, **kwargs):
        self.n_epochs += 1


class Interrupts(Callback):
    def on_batch_end(self, net, **kwargs):
        raise KeyboardInterrupt


@pytest.mark.parametrize("optimizer", ["LBFGS", "Rprop", "Adagrad"])
def test_optimisers_of_every_kind(Estimator, optimizer, rng):
    X = rng.normal(size=(60, 4))
    estimator = Estimator(MLP((8,)), optimizer=optimizer, max_epochs=3, random_state=0).fit(X, X[:, 0] > 0)
    assert np.isfinite([row["train_loss"] for row in estimator.history_]).all()
    assert estimator.weight_decay_ == (1e-3 if optimizer == "Adagrad" else 0.0)


class TestFrozen:
    """Frozen means frozen."""

    @pytest.mark.parametrize("batch_norm", ["auto", "trained"])
    @pytest.mark.parametrize("freeze", [0, 1, 2, "all"])
    def test_a_backbone_keeps_its_bits(self, Estimator, make_table_backbone, digits, freeze, batch_norm):
        backbone = make_table_backbone()
        before = [bits_of(stage) for _, stage in backbone.stages]
        fitted = Estimator(backbone, freeze=freeze, batch_norm=batch_norm, **QUICK).fit(*digits)
        fitted.predict(digits[0])
        after = [bits_of(stage) for _, stage in backbone.stages]
        assert all(map(same_bits, before, after))
        for number, (_, stage) in enumerate(fitted.backbone_.stages):
            assert same_bits(bits_of(stage), before[number]) is (number < fitted.freeze_)

    @pytest.mark.parametrize("freeze", [0, 1, "all"])
    def test_a_module_keeps_bits_mode_and_gradients(self, Estimator, make_module, pictures, freeze):
        module = make_module().train()
        module[0].weight.requires_grad_(False)
        before = bits_of(module)
        modes = [child.training for child in module.modules()]
        flags = [parameter.requires_grad for parameter in module.parameters()]
        Estimator(module, freeze=freeze, **QUICK).fit(*pictures).predict(pictures[0])
        assert same_bits(bits_of(module), before)
        assert [child.training for child in module.modules()] == modes
        assert [parameter.requires_grad for parameter in module.parameters()] == flags

    def test_what_was_trained_is_in_the_fitted_backbone(self, Estimator, make_table_backbone, digits):
        fitted = Estimator(make_table_backbone(), freeze=1, **QUICK).fit(*digits)
        for (_, stage), trained in zip(fitted.backbone_.stages[1:], fitted.net_.module_.stages, strict=True):
            assert same_bits(bits_of(stage), bits_of(trained))
            assert not any(parameter.requires_grad for parameter in stage.parameters())

    @pytest.mark.parametrize(("batch_norm", "pretrained", "held"), [
        ("auto", True, True), ("auto", False, False), ("frozen", False, True), ("trained", True, False)
    ])  # fmt: skip
    def test_statistics_of_trained_stages(self, Estimator, make_table_backbone, digits, batch_norm, pretrained, held):
        backbone = make_table_backbone(**({} if pretrained else {"weights": None}))
        fitted = Estimator(backbone, freeze=0, batch_norm=batch_norm, **QUICK).fit(*digits)
        norm = fitted.backbone_.stages[0][1][1]
        assert (int(norm.num_batches_tracked) == 0) is held

    def test_X_is_left_as_it_was(self, Estimator, digits):
        X = digits[0].astype(np.float32)
        before = X.copy()
        torch.manual_seed(0)
        in_place = Backbone(
            stages=[("one", nn.Sequential(nn.Tanh(), nn.Threshold(0.5, 0.0, inplace=True)))], input_kind="table"
        )
        Estimator(in_place, freeze="all", **QUICK).fit(X, digits[1]).predict(X)
        assert np.array_equal(X, before)


class TestNoLeak:
    def test_a_clone_starts_anew(self, Estimator, make_table_backbone, digits):
        X, y = digits
        backbone = make_table_backbone()
        first = Estimator(backbone, freeze=1, **QUICK).fit(X, y)
        again = clone(first)
        assert not hasattr(again, "net_")
        assert again.backbone is backbone
        again.fit(X, y)
        assert np.array_equal(first.predict(X), again.predict(X))
        assert again.net_.module_ is not first.net_.module_

    def test_a_clone_of_a_fit_with_a_description(self, Estimator, digits):
        first = Estimator(MLP((8,)), **QUICK).fit(*digits)
        again = clone(first).fit(*digits)
        assert np.array_equal(first.predict(digits[0]), again.predict(digits[0]))

    def test_a_second_fit_starts_anew(self, Estimator, digits):
        X, y = digits
        estimator = Estimator("mlp", **QUICK).fit(X, y)
        once = estimator.predict(X)
        assert np.array_equal(estimator.fit(X, y).predict(X), once)

    def test_constructor_parameters_are_kept(self, Estimator, digits):
        estimator = Estimator("mlp", callbacks=[Counts()], net_params={}, **QUICK)
        before = dict(estimator.get_params(deep=False))
        estimator.fit(*digits)
        assert all(value is before[name] for name, value in estimator.get_params(deep=False).items())


class TestSeeds:
    @pytest.mark.parametrize("freeze", [0, 2, "all"])
    def test_the_same_state_gives_the_same_predictions(self, Estimator, make_table_backbone, digits, freeze):
        X, y = digits
        arguments = {"freeze": freeze, "head_hidden": (9,), "head_dropout": 0.3, "max_epochs": 2, "head_l2": 1e-2}
        one, other = (Estimator(make_table_backbone(), random_state=3, **arguments).fit(X, y) for _ in range(2))
        another = Estimator(make_table_backbone(), random_state=4, **arguments).fit(X, y)
        assert same_bits(bits_of(one.net_.module_), bits_of(other.net_.module_))
        assert np.array_equal(one.predict(X), other.predict(X))
        assert not same_bits(bits_of(one.net_.module_), bits_of(another.net_.module_))

    @pytest.mark.parametrize("random_state", [None, 7])
    @pytest.mark.parametrize("backbone", ["mlp", "pretrained"])
    def test_torch_s_generator_is_left_alone(self, Estimator, make_table_backbone, digits, backbone, random_state):
        backbone = make_table_backbone() if backbone == "pretrained" else backbone
        before = torch.get_rng_state()
        estimator = Estimator(backbone, freeze=1, head_dropout=0.1, max_epochs=1, random_state=random_state)
        estimator.fit(*digits).predict(digits[0])
        assert torch.equal(torch.get_rng_state(), before)

    def test_numpy_s_generator_is_left_alone(self, Estimator, digits):
        before = np.random.get_state()[1].copy(), np.random.get_state()[2]
        Estimator("mlp", **QUICK).fit(*digits).predict(digits[0])
        assert np.array_equal(np.random.get_state()[1], before[0])
        assert np.random.get_state()[2] == before[1]

    def test_an_instance_of_random_state_moves_on(self, Estimator, digits):
        state = np.random.RandomState(0)
        one, other = (Estimator("mlp", max_epochs=1, random_state=state).fit(*digits) for _ in range(2))
        assert not np.array_equal(one.predict(digits[0]), other.predict(digits[0])) or not same_bits(
            bits_of(one.net_.module_), bits_of(other.net_.module_)
        )


class TestTransfer:
    """From task A to task B."""

    def test_to_another_task(self, Estimator, digits):
        X, y = digits
        source = Estimator(MLP((100,)), max_epochs=5, random_state=0).fit(X[:80], y[:80])
        target = TransferClassifier(source.backbone_, freeze="all", head_l2=1e-2).fit(
            X[80:], np.where(y[80:] < 2, "a", "b")
        )
        assert target.freeze_ == source.backbone_.n_stages == 1
        assert set(target.predict(X[:5])) <= {"a", "b"}
        assert source.backbone_.weights.source == f"{Estimator.__name__} on 80 samples"

    def test_a_trained_start_beats_a_random_one(self, digits):
        X, y = digits
        source = TransferClassifier(MLP((100,)), weight_decay=1e-3, random_state=0).fit(X[y < 2], y[y < 2])
        few = {"freeze": "all", "head_l2": 1e-3, "random_state": 0}
        trained = TransferClassifier(source.backbone_, **few).fit(X[y >= 2][:8], y[y >= 2][:8])
        assert trained.score(X[y >= 2], y[y >= 2]) > 0.9

    def test_the_source_is_not_changed(self, Estimator, digits):
        X, y = digits
        source = Estimator("mlp", **QUICK).fit(X, y)
        before = source.predict(X)
        Estimator(source.backbone_, freeze=0, max_epochs=3, random_state=1).fit(X, y[::-1])
        assert np.array_equal(source.predict(X), before)

    def test_another_number_of_columns(self, Estimator, digits):
        X, y = digits
        source = Estimator("mlp", **QUICK).fit(X, y)
        with pytest.raises(ValueError, match="X has 60 columns, but the backbone 'mlp' takes 64"):
            Estimator(source.backbone_).fit(X[:, :60], y)

    def test_weights_none_forgets_what_was_learned(self, Estimator, make_table_backbone, digits):
        backbone = make_table_backbone()
        before = [bits_of(stage) for _, stage in backbone.stages]
        reset = Estimator(backbone, weights=None, freeze="all", **QUICK).fit(*digits).backbone_
        assert not reset.is_pretrained
        for (_, stage), bits in zip(reset.stages, before, strict=True):
            assert not same_bits(bits_of(stage), bits)
        assert all(same_bits(bits_of(stage), bits) for (_, stage), bits in zip(backbone.stages, before, strict=True))

    def test_auto_trains_random_weights(self, Estimator, make_table_backbone, digits):
        fitted = Estimator(make_table_backbone(), weights=None, max_epochs=1).fit(*digits)
        assert fitted.freeze_ == 0
        assert "random" in fitted.freeze_reason_


class TestParameters:
    def test_freeze_is_kept_in_words(self, Estimator, make_table_backbone, digits):
        fitted = Estimator(make_table_backbone(), freeze="two", **QUICK).fit(*digits)
        assert (fitted.freeze_, fitted.freeze_reason_) == (2, "freeze='two' was given")
        assert fitted.stages_ == ("one", "two", "three")
        auto = Estimator(make_table_backbone(), **QUICK).fit(digits[0][:40], digits[1][:40])
        assert auto.freeze_ == 3
        assert "40 samples" in auto.freeze_reason_

    def test_what_is_given_is_taken(self, Estimator, digits):
        given = {"max_epochs": 3, "batch_size": 50, "lr": 0.02, "lr_decay": 0.7}
        fitted = Estimator("mlp", random_state=0, **given).fit(*digits)
        assert {name: getattr(fitted, f"{name}_") for name in given} == given
        assert len(fitted.history_) == fitted.n_iter_ == 3

    def test_what_is_auto_is_said(self, Estimator, make_table_backbone, digits):
        fitted = Estimator(make_table_backbone(), freeze=1, head_stages="last", random_state=0).fit(*digits)
        assert (fitted.max_epochs_, fitted.batch_size_, fitted.lr_, fitted.lr_decay_) == (50, 64, 1e-3, 0.5)
        assert fitted.head_l2_ > 0

    def test_hidden_layers_and_dropout_of_the_head(self, Estimator, make_table_backbone, digits):
        estimator = Estimator(make_table_backbone(), freeze="all", head_hidden=(7, 5), head_dropout=0.25, **QUICK)
        head = estimator.fit(*digits).net_.module_.head
        assert [layer.out_features for layer in head if isinstance(layer, nn.Linear)][:2] == [7, 5]
        assert sum(isinstance(layer, nn.Dropout) for layer in head) == 3
        assert estimator.head_l2_ is None
        assert len(estimator.history_) == 2

    @pytest.mark.parametrize("optimizer", ["SGD", "Adam", torch.optim.RMSprop])
    def test_optimisers(self, Estimator, digits, optimizer):
        fitted = Estimator("mlp", optimizer=optimizer, **QUICK).fit(*digits)
        expected = getattr(torch.optim, optimizer) if isinstance(optimizer, str) else optimizer
        assert type(fitted.net_.optimizer_) is expected

    def test_no_optimiser(self, Estimator, digits):
        with pytest.raises(ValueError, match=r"optimizer must be a class of torch\.optim or its name.*got 'adam'"):
            Estimator("mlp", optimizer="adam").fit(*digits)

    def test_callbacks_are_copied(self, Estimator, digits):
        counts = Counts()
        fitted = Estimator("mlp", callbacks=[("counts", counts)], **QUICK).fit(*digits)
        assert counts.n_epochs == 0
        assert dict(fitted.net_.callbacks_)["counts"].n_epochs == 2

    def test_arguments_for_skorch(self, Estimator, digits):
        fitted = Estimator("mlp", net_params={"optimizer__amsgrad": True}, **QUICK).fit(*digits)
        assert fitted.net_.optimizer_.defaults["amsgrad"]

    def test_an_interrupt_ends_the_fit(self, Estimator, digits):
        with pytest.raises(KeyboardInterrupt):
            Estimator("mlp", callbacks=[Interrupts()], **QUICK).fit(*digits)

    @pytest.mark.parametrize("verbose", [0, 1])
    def test_bars(self, Estimator, make_table_backbone, digits, capsys, verbose):
        Estimator(make_table_backbone(), freeze=1, cache=None, verbose=verbose, **QUICK).fit(*digits)
        printed = capsys.readouterr()
        assert printed.out == ""
        assert ("training" in printed.err and "features of" in printed.err) if verbose else printed.err == ""

    def test_every_documented_attribute_is_there(self, Estimator, make_table_backbone, make_module, digits, pictures):
        section = re.search(r"Attributes\n-+\n(.*?)\n\nSee Also", inspect.getdoc(Estimator), re.DOTALL)[1]
        named = [line.split(" : ") for line in section.splitlines() if " : " in line and not line.startswith(" ")]
        documented = {name: kind for names, kind in named for name in names.split(", ")}
        assert "net_" in documented
        table = Estimator(make_table_backbone(), freeze=1, **QUICK).fit(
            pd.DataFrame(digits[0]).add_prefix("c"), digits[1]
        )
        picture = Estimator(make_module(), freeze=1, **QUICK).fit(*pictures)
        for name in documented:
            assert hasattr(picture if name == "input_shape_" else table, name), name
        for fitted in (table, picture):
            public = {name for name in vars(fitted) if name.endswith("_") and not name.startswith("_")}
            assert public <= documented.keys()
        assert (table.n_features_in_, picture.input_shape_) == (64, (8, 8))
        types = {"net_": nn.Module, "backbone_": Backbone, "stages_": tuple, "freeze_": int, "freeze_reason_": str}
        types |= {"history_": list, "n_iter_": int, "max_epochs_": int, "batch_size_": int, "lr_": float}
        types |= {"lr_decay_": float, "head_l2_": float}
        for name, expected in types.items():
            value = table.net_.module_ if name == "net_" else getattr(table, name)
            assert isinstance(value, expected), name
        assert {"epoch", "train_loss", "dur"} <= table.history_[0].keys()


class TestWarmStart:
    def test_goes_on(self, Estimator, digits):
        X, y = digits
        estimator = Estimator(MLP((100,)), warm_start=True, lr=0.01, weight_decay=1e-3, **QUICK).fit(X, y)
        first = bits_of(estimator.net_.module_)
        loss = estimator.history_[-1]["train_loss"]
        estimator.fit(X, y)
        assert estimator.history_[0]["train_loss"] < loss
        assert not same_bits(first, bits_of(estimator.net_.module_))
        assert "warm_start" in estimator.freeze_reason_

    def test_frozen_stages_stay(self, Estimator, make_table_backbone, digits):
        backbone = make_table_backbone()
        estimator = Estimator(backbone, freeze=2, warm_start=True, **QUICK).fit(*digits)
        before = bits_of(estimator.backbone_.stages[2][1])
        estimator.set_params(freeze=0).fit(*digits)
        assert estimator.freeze_ == 2
        assert same_bits(bits_of(estimator.backbone_.stages[1][1]), bits_of(make_table_backbone().stages[1][1]))
        assert not same_bits(bits_of(estimator.backbone_.stages[2][1]), before)

    def test_other_classes_are_refused(self, digits):
        X, y = digits
        estimator = TransferClassifier("mlp", warm_start=True, **QUICK).fit(X, y)
        with pytest.raises(
            ValueError, match=r"warm_start=True goes on.*classes \[0, 1, 2, 3\], but y is classes \[0, 1\]"
        ):
            estimator.fit(X[y < 2], y[y < 2])

    def test_a_failed_fit_leaves_the_last_one_usable(self, digits):
        X, y = digits
        estimator = TransferClassifier("mlp", warm_start=True, **QUICK).fit(X, y)
        before = estimator.predict(X)
        with pytest.raises(ValueError, match="warm_start=True goes on"):
            estimator.fit(X[y < 2], y[y < 2])
        assert np.array_equal(estimator.predict(X), before)
        assert np.array_equal(estimator.classes_, np.unique(y))

    def test_another_shape_of_targets_is_refused(self, diabetes):
        X, y = diabetes
        estimator = TransferRegressor("mlp", warm_start=True, **QUICK).fit(X, y)
        before = estimator.predict(X)
        with pytest.raises(ValueError, match=r"warm_start=True goes on with 1 task\(s\), but y has 2; fit with"):
            estimator.fit(X, np.column_stack([y, y]))
        assert np.array_equal(estimator.predict(X), before)


class TestKindOfData:
    """What a fit learns of the kind of its data holds for what comes after it, and for no longer."""

    @pytest.fixture(
        params=[TransferClassifier, TransferRegressor, MultiTaskClassifier, MultiTaskRegressor, MultiTaskEstimator]
    )
    def Any(self, request):
        return request.param

    @pytest.fixture
    def table(self, rng):
        return pd.DataFrame(rng.normal(size=(40, 3)), columns=["a", "b", "c"]), np.arange(40) % 2

    @pytest.mark.parametrize("method", ["fit", "partial_fit"])
    def test_a_fit_that_goes_on_wants_the_same_columns(self, Any, table, method):
        X, y = table
        estimator = Any("mlp", warm_start=True, **QUICK)
        go_on = getattr(estimator, method)
        go_on(X, y)
        for _ in range(2):
            with pytest.raises(ValueError, match="Feature names must be in the same order"):
                go_on(X[["b", "a", "c"]], y)
            with pytest.raises(ValueError, match=r"seen at fit time, yet now missing:\n- c"):
                go_on(X[["a", "b"]], y)
            go_on(X, y)
            assert estimator.feature_names_in_.tolist() == ["a", "b", "c"]
            assert estimator.predict(X).shape == (40,)

    @pytest.mark.parametrize("method", ["fit", "partial_fit"])
    def test_a_fit_that_goes_on_wants_as_many_columns(self, Any, table, method):
        X, y = table[0].to_numpy(), table[1]
        estimator = Any("mlp", warm_start=True, **QUICK)
        go_on = getattr(estimator, method)
        go_on(X, y)
        with pytest.raises(ValueError, match=r"X has 2 features, but .* is expecting 3 features"):
            go_on(X[:, :2], y)
        go_on(X, y)
        assert estimator.predict(X).shape == (40,)

    def test_a_fit_that_goes_on_wants_samples_that_the_network_takes(self, Estimator, pictures):
        X, y = pictures
        network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 4), nn.ReLU())
        estimator = Estimator(network, freeze=0, warm_start=True, **QUICK).fit(X, y)
        with pytest.raises(ValueError, match=r"X has samples of shape \(6, 6\), but .* samples of shape \(8, 8\)"):
            estimator.fit(X[:, :6, :6], y)
        assert estimator.fit(X, y).input_shape_ == (8, 8)

    def test_a_fit_that_fails_keeps_names_and_columns(self, Any, table):
        X, y = table
        estimator = Any("mlp", **QUICK).fit(X, y)
        before = estimator.predict(X)
        with pytest.raises(ValueError, match="requires y to be passed"):
            estimator.fit(X, None)
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            estimator.fit(X.to_numpy()[:, :2], y[:9])
        assert estimator.feature_names_in_.tolist() == ["a", "b", "c"]
        assert estimator.n_features_in_ == 3
        assert np.array_equal(estimator.predict(X), before)

    def test_a_fit_that_fails_keeps_the_scale(self, make_module, pictures):
        X, y = pictures
        estimator = TransferClassifier(make_module(), freeze="all", **QUICK).fit(X / 255, y)
        before = estimator.predict_proba(X / 255)
        with pytest.raises(ValueError, match="one class only"):
            estimator.fit(X / 1.0, np.zeros(len(X)))
        assert np.array_equal(estimator.predict_proba(X / 255), before)

    def test_a_first_fit_that_fails_leaves_nothing(self, Estimator, table):
        estimator = Estimator("mlp", **QUICK)
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            estimator.fit(table[0], table[1][:9])
        assert vars(estimator) == estimator.get_params(deep=False)

    def test_another_kind_of_data_leaves_nothing_of_the_last(self, Estimator, make_module, table, pictures):
        estimator = Estimator("mlp", **QUICK).fit(*table)
        estimator.set_params(backbone=make_module(), freeze="all").fit(*pictures)
        assert not hasattr(estimator, "n_features_in_")
        assert not hasattr(estimator, "feature_names_in_")
        estimator.set_params(backbone="mlp", freeze="auto").fit(*table)
        assert estimator.n_features_in_ == 3
        assert not hasattr(estimator, "input_shape_")

    def test_features_of_another_kind_of_data(self, make_module, table, pictures):
        extractor = BackboneFeatures("mlp", random_state=0).fit(table[0])
        with pytest.raises(ValueError, match="comes before the first stage"):
            extractor.set_params(backbone=make_module(), stage=0).fit(pictures[0])
        assert extractor.feature_names_in_.tolist() == ["a", "b", "c"]
        extractor.set_params(stage=None).fit(pictures[0])
        assert not hasattr(extractor, "feature_names_in_")


class TestEarlyStopping:
    def test_stops_and_goes_back(self, Estimator, digits):
        X, y = digits
        noise = np.random.default_rng(0).permutation(y)
        estimator = Estimator("mlp", early_stopping=True, validation_fraction=0.3, n_iter_no_change=3, lr=0.03,
                              max_epochs=80, random_state=0).fit(X, noise)  # fmt: skip
        losses = [row["valid_loss"] for row in estimator.history_]
        assert len(losses) < 80
        assert estimator.n_iter_ == len(losses)
        assert np.argmin(losses) == len(losses) - 4

    def test_the_part_held_out_is_not_trained_on(self, Estimator, digits):
        X, y = digits
        arguments = {"validation_fraction": 0.25, "early_stopping": True, "batch_size": 30, "max_epochs": 1}
        fitted = Estimator("mlp", random_state=0, **arguments).fit(X, y)
        assert fitted.history_[0]["train_batch_count"] == 3
        assert fitted.history_[0]["valid_batch_count"] == 1

    def test_a_part_held_out_that_is_all(self, Estimator, digits):
        message = r"validation_fraction=0\.99 holds out 30 of 30 sample\(s\) for early_stopping, which leaves none"
        with pytest.raises(ValueError, match=message):
            Estimator("mlp", early_stopping=True, validation_fraction=0.99).fit(digits[0][:30], digits[1][:30])

    def test_classes_too_small_to_be_split_by_class(self, digits):
        X, y = digits
        rare = np.append(y[:60], 9)
        fitted = TransferClassifier("mlp", early_stopping=True, **QUICK).fit(X[:61], rare)
        assert 9 in fitted.classes_


class TestSampleWeight:
    @pytest.mark.parametrize("freeze", [1, "all"])
    def test_zero_is_absent(self, Estimator, make_table_backbone, digits, freeze):
        X, y = digits
        weights = np.ones(len(y))
        weights[::3] = 0
        arguments = {"freeze": freeze, "cache": None, **QUICK}
        weighted = Estimator(make_table_backbone(), **arguments).fit(X, y, sample_weight=weights)
        absent = Estimator(make_table_backbone(), **arguments).fit(X[weights > 0], y[weights > 0])
        np.testing.assert_allclose(weighted.predict(X), absent.predict(X), rtol=1e-4, atol=1e-4)

    def test_scaling_all_weights_changes_nothing(self, Estimator, make_table_backbone, digits):
        X, y = digits
        weights = np.random.default_rng(0).integers(1, 5, size=len(y)).astype(float)
        one, other = (
            Estimator(make_table_backbone(), freeze=1, **QUICK).fit(X, y, sample_weight=factor * weights)
            for factor in (1, 8)
        )
        assert np.array_equal(one.predict(X), other.predict(X))

    def test_weights_count(self, Estimator, make_table_backbone, digits):
        X, y = digits
        plain = Estimator(make_table_backbone(), freeze="all", head_stages="last", **QUICK).fit(X, y)
        weighted = Estimator(make_table_backbone(), freeze="all", head_stages="last", **QUICK).fit(
            X, y, sample_weight=np.where(y == 1, 50, 1)
        )
        assert not np.allclose(
            plain.net_.module_.head[0].weight.detach(), weighted.net_.module_.head[0].weight.detach()
        )

    def test_negative(self, Estimator, digits):
        with pytest.raises(ValueError, match=r"Negative values in data passed to `sample_weight`: -2\.0 is the least"):
            Estimator("mlp").fit(*digits, sample_weight=np.append(np.ones(119), -2))

    def test_all_zero(self, Estimator, digits):
        with pytest.raises(ValueError, match=r"at least one (sample must count|non-zero number)"):
            Estimator("mlp").fit(*digits, sample_weight=np.zeros(120))

    def test_weight_on_unreadable_samples_alone(self, Estimator, make_module, pictures):
        files = [b"no picture", *(encoded(picture) for picture in pictures[0][:9])]
        estimator = Estimator(make_module(), freeze="all", on_unreadable="skip", **QUICK)
        with (
            pytest.warns(SkippedImageWarning, match=r"1 of 10 samples are left out:\n.*X\[0\]"),
            pytest.raises(ValueError, match="none of the samples that can be read has a label of a weight above 0"),
        ):
            estimator.fit(files, pictures[1][:10], sample_weight=np.eye(10)[0])

    def test_another_length(self, Estimator, digits):
        with pytest.raises(ValueError, match=r"sample_weight.shape == .* expected"):
            Estimator("mlp").fit(*digits, sample_weight=np.ones(5))


class TestBadInput:
    def test_lengths(self, Estimator, digits):
        with pytest.raises(ValueError, match=r"inconsistent numbers of samples: .*120, 119"):
            Estimator("mlp").fit(digits[0], digits[1][:-1])

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    def test_nan_and_infinity_in_X(self, Estimator, digits, bad):
        X = digits[0].copy()
        X[3, 5] = bad
        with pytest.raises(ValueError, match="Input X contains"):
            Estimator("mlp").fit(X, digits[1])
        fitted = Estimator("mlp", **QUICK).fit(*digits)
        with pytest.raises(ValueError, match="Input X contains"):
            fitted.predict(X)

    def test_nan_in_y(self, Estimator, digits):
        y = digits[1].astype(float)
        y[7] = np.nan
        expected = r"Input y contains NaN.*1 of 120 labels are missing, the first of them y\[7\]: leave.* MultiTask"
        with pytest.raises(ValueError, match=f"(?s){expected}"):
            Estimator("mlp").fit(digits[0], y)

    def test_another_number_of_columns_at_predict(self, Estimator, digits):
        fitted = Estimator("mlp", **QUICK).fit(*digits)
        with pytest.raises(ValueError, match=r"X has 5 features, but .* is expecting 64 features"):
            fitted.predict(digits[0][:, :5])

    @pytest.mark.parametrize("Classifier", [TransferClassifier, MultiTaskClassifier, MultiTaskEstimator])
    def test_classes_before_fit(self, Classifier):
        assert not hasattr(Classifier(), "classes_")
        with pytest.raises(NotFittedError, match=r"is not fitted yet\. Call 'fit'"):
            _ = Classifier().classes_

    @pytest.mark.parametrize("freeze", ["all", 0])
    def test_a_module_that_returns_a_tuple(self, Estimator, rng, freeze):
        X = rng.normal(size=(12, 5, 4)).astype(np.float32)
        with pytest.raises(CutError, match=r"a stage, LSTM, returns tuple"):
            Estimator(nn.Sequential(nn.LSTM(4, 8)), freeze=freeze).fit(X, np.arange(12) % 2)

    def test_predict_before_fit(self, Estimator, digits):
        with pytest.raises(NotFittedError, match="not fitted yet"):
            Estimator("mlp").predict(digits[0])

    @pytest.mark.parametrize(
        ("parameter", "value", "message"),
        [
            ("freeze", 7, r"freeze=7 is out of range: there are 3 stages, \['one', 'two', 'three'\]"),
            (
                "freeze",
                "tow",
                r"freeze='tow' names no stage; the stages are \['one', 'two', 'three'\]. Did you mean 'two'",
            ),
            ("device", "gpu", r"device='gpu' cannot be used here .*use 'auto' or 'cpu'"),
            ("weights", "V1", r"weights='V1' is for backbones that go by a name.*leave weights='default'"),
            ("head_dropout", 1.0, "'head_dropout' parameter of"),
            ("head_l2", 0, "'head_l2' parameter of"),
            ("lr", -1, "'lr' parameter of"),
            ("max_epochs", 0, "'max_epochs' parameter of"),
            ("batch_norm", "held", "'batch_norm' parameter of"),
        ],
    )
    def test_parameters(self, Estimator, make_table_backbone, digits, parameter, value, message):
        with pytest.raises(ValueError, match=message):
            Estimator(make_table_backbone(), **{parameter: value}).fit(*digits)

    def test_an_unknown_backbone(self, Estimator, pictures):
        with pytest.raises(UnknownBackboneError, match=r"there is no backbone 'resnet5'\. Did you mean .*'resnet50'"):
            Estimator("resnet5").fit(*pictures)

    def test_no_backbone(self, Estimator, digits):
        with pytest.raises(
            TypeError, match=r"backbone must be a name, an MLP, a torch\.nn\.Module or a Backbone .* got int"
        ):
            Estimator(3).fit(*digits)

    def test_weights_for_an_mlp(self, Estimator, digits):
        with pytest.raises(ValueError, match="an MLP has no weights to load, got weights='V1'"):
            Estimator("mlp", weights="V1").fit(*digits)


class TestPictures:
    @pytest.mark.parametrize("freeze", [0, 1, "all"])
    def test_a_network_of_one_s_own(self, Estimator, make_module, pictures, freeze):
        fitted = Estimator(make_module(), freeze=freeze, **QUICK).fit(*pictures)
        assert fitted.input_shape_ == (8, 8)
        assert not hasattr(fitted, "n_features_in_")
        assert fitted.predict(pictures[0][:7]).shape == (7,)

    def test_batches_and_copies_of_pictures_predict_the_same(self, Estimator, make_module, pictures):
        X, y = pictures
        fitted = Estimator(make_module(), freeze="all", **QUICK).fit(X, y)
        whole = fitted.predict(X)
        np.testing.assert_allclose(fitted.predict(X[:3].copy()), whole[:3], rtol=1e-4)
        np.testing.assert_allclose(fitted.predict(list(X[5:9])), whole[5:9], rtol=1e-4)

    def test_another_size_where_the_network_takes_one(self, Estimator, pictures):
        X, y = pictures
        torch.manual_seed(0)
        module = nn.Sequential(
            nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 4), nn.ReLU(), nn.Linear(4, 2)
        )
        fitted = Estimator(module, freeze="all", **QUICK).fit(X, y)
        with pytest.raises(
            ValueError, match=r"X has samples of shape \(6, 6\), but .* fitted to samples of shape \(8, 8\)"
        ):
            fitted.predict(X[:, :6, :6])

    @pytest.mark.parametrize("freeze", [1, "all"])
    @pytest.mark.parametrize("form", ["arrays", "files"])
    @pytest.mark.parametrize("where", ["memory", "folder"])
    def test_another_size_where_the_network_takes_any(
        self, Estimator, make_module, pictures, freeze, form, where, tmp_path
    ):
        X, y = pictures
        cache = ActivationCache(tmp_path) if where == "folder" else ActivationCache()
        as_given = (lambda some: [encoded(one) for one in some]) if form == "files" else np.ascontiguousarray
        fitted = Estimator(make_module(), freeze=freeze, cache=cache, **QUICK).fit(as_given(X), y)
        few = fitted.predict(as_given(X[:, :7, :6]))
        np.testing.assert_allclose(clone_without_cache(fitted).predict(as_given(X[:, :7, :6])), few, rtol=1e-4)

    def test_bytes_after_floats(self, Estimator, make_module, pictures):
        X, y = pictures
        fitted = Estimator(make_module(), freeze="all", **QUICK).fit(X.astype(np.float32) / 255, y)
        np.testing.assert_allclose(
            fitted.predict(X.astype(np.float32)[:9] / 255 * 0.5), fitted.predict(X[:9] // 2), rtol=0.5, atol=2
        )
        assert np.array_equal(
            fitted.predict(X[:9].astype(np.float32) / 255), fitted.predict(X.astype(np.float32)[:9] / 255)
        )

    def test_numbers_may_be_those_of_numpy(self, Estimator, make_module, pictures):
        X, y = pictures
        given = {"batch_size": np.int64(8), "max_epochs": np.int64(2), "image_size": np.int64(9), "freeze": np.int64(1)}
        others = {name: int(value) for name, value in given.items()}
        one, other = (Estimator(make_module(), **{**QUICK, **these}).fit(X, y) for these in (given, others))
        assert np.array_equal(one.predict(X[:5]), other.predict(X[:5]))
        grid = {"batch_size": np.array([8, 16]), "image_size": np.array([8, 9])}
        search = GridSearchCV(other, grid, cv=2, error_score="raise").fit(X, y)
        assert search.best_estimator_.batch_size_ in (8, 16)

    def test_an_image_size_that_is_none_is_named(self, Estimator, make_module, pictures):
        with pytest.raises(ValueError, match=r"image_size is \(8, 8, 8\): expected a whole number"):
            Estimator(make_module(), image_size=(8, 8, 8), **QUICK).fit(*pictures)

    def test_floats_on_another_scale(self, Estimator, make_module, pictures):
        X, y = pictures
        small, large = X / 255, X / 1.0
        estimator = Estimator(make_module(), freeze="all", warm_start=True, **QUICK).fit(small, y)
        message = r"X\[0\] holds the value 239, but full brightness was 1 in fit"
        for use in (estimator.predict, lambda X: estimator.fit(X, y), lambda X: estimator.partial_fit(X, y)):
            with pytest.raises(ValueError, match=message):
                use(large[:9])
        estimator.set_params(warm_start=False).fit(large, y)
        with pytest.warns(UserWarning, match="full brightness was 255 in fit, where these are black") as found:
            estimator.predict(small)
        assert found[0].filename == __file__

    @pytest.mark.parametrize("form", [list, np.asarray, lambda X: [encoded(one) for one in X]])
    def test_floats_after_bytes_go_from_0_to_1_whatever_else_is_there(self, Estimator, make_module, pictures, form):
        X, y = pictures
        estimator = Estimator(make_module(), freeze="all", **QUICK).fit(form(X), y)
        expected = estimator.predict(X)
        np.testing.assert_allclose(estimator.predict(X / 255), expected, rtol=1e-4)
        dark = np.round(X / 16) / 255
        np.testing.assert_allclose(
            estimator.predict(dark[:1]), estimator.predict(np.concatenate([dark, X / 255]))[:1], rtol=1e-4
        )
        with pytest.raises(ValueError, match=r"was 1 in fit: .* After a fit to files or bytes, floats go from 0 to 1"):
            estimator.predict(X / 1.0)


class TestUnreadable:
    @pytest.fixture
    def files(self, pictures):
        files = [encoded(picture) for picture in pictures[0][:30]]
        files[4], files[7] = b"", files[7][:40]
        return files

    def test_are_named(self, Estimator, make_module, files, pictures):
        with pytest.raises(UnreadableImageError, match=r"X\[4\]"):
            Estimator(make_module(), freeze="all", **QUICK).fit(files, pictures[1][:30])

    def test_are_left_out_if_asked(self, Estimator, make_module, files, pictures):
        y = pictures[1][:30]
        skipping = Estimator(make_module(), freeze="all", on_unreadable="skip", **QUICK)
        with pytest.warns(SkippedImageWarning, match=r"2 of 30 samples are left out:\n.*X\[4\].*\n.*X\[7\]") as found:
            skipping.fit(files, y)
        assert found[0].filename == __file__
        good = [i for i in range(30) if i not in (4, 7)]
        plain = Estimator(make_module(), freeze="all", **QUICK).fit([files[i] for i in good], y[good])
        np.testing.assert_allclose(skipping.predict(files[:4]), plain.predict(files[:4]), rtol=1e-4)

    def test_many_are_counted(self, Estimator, make_module, files, pictures):
        files = [b""] * 12 + files[8:]
        with pytest.warns(SkippedImageWarning, match=r"\(and 2 more\)"):
            Estimator(make_module(), freeze="all", on_unreadable="skip", **QUICK).fit(files, np.arange(34) % 3)


@pytest.mark.parametrize("freeze", [1, "all"])
def test_a_failed_fit_loses_nothing(Estimator, make_table_backbone, digits, freeze):
    X, y = digits
    estimator = Estimator(make_table_backbone(), weights=None, freeze=freeze, max_epochs=1, head_l2=1e-2).fit(X, y)
    before = estimator.predict(X)
    with pytest.raises(ValueError, match="Input y contains NaN"):
        estimator.fit(X, np.where(y == 1, np.nan, y))
    assert np.array_equal(estimator.predict(X), before)


def test_a_shallow_copy_is_an_estimator(Estimator, digits):
    fitted = Estimator("mlp", **QUICK).fit(*digits)
    other = copy.copy(fitted)
    assert np.array_equal(other.predict(digits[0]), fitted.predict(digits[0]))


class TestNetParams:
    def test_a_search_reaches_them(self, rng):
        X, y = rng.normal(size=(20, 3)), np.arange(20) % 2
        given = {"optimizer__betas": (0.9, 0.99)}
        estimator = TransferClassifier("mlp", max_epochs=2, net_params=given, random_state=0)
        grid = {"net_params__optimizer__eps": [1e-8, 1e-3], "max_epochs": [3]}
        search = GridSearchCV(estimator, grid, cv=2, error_score="raise").fit(X, y)
        best = search.best_estimator_
        assert best.net_.get_params(deep=False)["optimizer__betas"] == (0.9, 0.99)
        assert best.get_params()["net_params__optimizer__eps"] == search.best_params_["net_params__optimizer__eps"]
        assert best.max_epochs_ == 3
        assert given == {"optimizer__betas": (0.9, 0.99)}
