import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone

from sktl import TransferClassifier, TransferRegressor
from sktl.backbones import MLP, WeightsInfo

QUICK = {"random_state": 0, "cache": None, "max_epochs": 20}


@pytest.fixture
def X(rng):
    return rng.normal(size=(300, 8))


@pytest.fixture
def labels(X):
    return np.array(["low", "middle", "high"], dtype=object)[np.digitize(X[:, 0] + X[:, 1], [-0.7, 0.7])]


@pytest.fixture
def backbone(X, labels):
    return TransferClassifier(MLP((16, 16)), **QUICK).fit(X, labels).backbone_


class Times(torch.nn.Module):
    """Makes features larger."""

    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return self.factor * x


class TestClassifier:
    @pytest.mark.parametrize("freeze", ["all", 1])
    def test_more_data_of_the_task_teach_more(self, X, labels, backbone, freeze):
        is_low = labels == "low"
        estimator = TransferClassifier(backbone, freeze=freeze, lr=0.03, **QUICK)
        estimator.partial_fit(X[:10], is_low[:10])
        before = estimator.score(X[200:], is_low[200:])
        for _ in range(30):
            assert estimator.partial_fit(X[10:200], is_low[10:200]) is estimator
        assert estimator.score(X[200:], is_low[200:]) > max(before, 0.85)

    def test_the_first_call_is_a_fit(self, X, labels):
        fitted = TransferClassifier("mlp", **QUICK).fit(X, labels)
        first = TransferClassifier("mlp", **QUICK).partial_fit(X, labels)
        assert np.array_equal(fitted.predict_proba(X), first.predict_proba(X))

    def test_a_call_is_one_pass(self, X, labels):
        estimator = TransferClassifier("mlp", **QUICK).partial_fit(X[:100], labels[:100])
        assert (estimator.n_iter_, len(estimator.history_)) == (20, 20)
        estimator.partial_fit(X[100:], labels[100:]).partial_fit(X[100:], labels[100:])
        assert (estimator.n_iter_, len(estimator.history_)) == (22, 22)
        assert [row["epoch"] for row in estimator.history_] == list(range(1, 23))

    def test_the_rate_is_constant(self, X, labels):
        estimator = TransferClassifier("mlp", lr=0.03, **QUICK).partial_fit(X[:100], labels[:100])
        estimator.partial_fit(X[100:], labels[100:])
        assert {group["lr"] for group in estimator.net_.optimizer_.param_groups} == {0.03}

    def test_classes_may_come_later(self, X, labels):
        estimator = TransferClassifier("mlp", **QUICK)
        some = labels != "high"
        estimator.partial_fit(X[some], labels[some], classes=["low", "middle", "high"])
        assert estimator.classes_.tolist() == ["high", "low", "middle"]
        assert (estimator.predict(X) != "high").all()
        for _ in range(50):
            estimator.partial_fit(X, labels)
        assert (estimator.predict(X) == "high").any()

    def test_one_class_at_first(self, X, labels, backbone):
        estimator = TransferClassifier(backbone, **QUICK)
        only = labels == "low"
        estimator.partial_fit(X[only], labels[only], classes=["low", "middle", "high"])
        assert (estimator.predict(X) == "low").all()
        with pytest.raises(ValueError, match=r"y holds one class only, .*; where others come in later parts"):
            clone(estimator).partial_fit(X[only], labels[only])

    def test_classes_that_nobody_spoke_of(self, X, labels):
        estimator = TransferClassifier("mlp", **QUICK)
        estimator.partial_fit(X, labels == "low")
        with pytest.raises(ValueError, match=r"knows the classes \[False, True\], but y holds \[2\] too; give all"):
            estimator.partial_fit(X[:3], [0, 1, 2])

    def test_other_classes(self, X, labels):
        estimator = TransferClassifier("mlp", **QUICK).partial_fit(X, labels == "low", classes=[False, True])
        with pytest.raises(ValueError, match="is not the same as on last call to partial_fit"):
            estimator.partial_fit(X, labels == "low", classes=[0, 1, 2])

    def test_weights_of_classes(self, X, labels):
        balanced = TransferClassifier("mlp", class_weight="balanced", **QUICK).partial_fit(X, labels)
        with pytest.raises(ValueError, match="goes by the shares of the classes in all of y"):
            balanced.partial_fit(X, labels)
        plain, weighted = (TransferClassifier("mlp", class_weight=weight, **QUICK) for weight in (None, {"high": 50.0}))
        for estimator in (plain, weighted):
            estimator.partial_fit(X, labels)
            for _ in range(20):
                estimator.partial_fit(X, labels)
        assert (weighted.predict(X) == "high").sum() > (plain.predict(X) == "high").sum()

    def test_weights_of_classes_that_come_one_by_one(self, X, labels, backbone):
        is_low = labels == "low"
        weight = {False: 1.0, True: 20.0}
        whole = TransferClassifier(backbone, freeze="all", class_weight=weight, **QUICK).fit(X[:100], is_low[:100])
        stream = TransferClassifier(backbone, freeze="all", class_weight=weight, **QUICK)
        stream.partial_fit(X[:40], is_low[:40])
        for row in range(40, 100):
            stream.partial_fit(X[[row]], is_low[[row]])
        shares = [one.predict_proba(X)[:, 1].mean() for one in (whole, stream)]
        assert shares[0] == pytest.approx(shares[1], abs=0.05)

    @pytest.mark.parametrize("size", [1, 1000])
    def test_a_part_spoils_nothing_whatever_the_size_of_the_features(self, X, labels, size):
        """A step at a rate that is not for such features would throw all samples into one class."""
        learned = TransferClassifier(MLP((16, 16)), **QUICK).fit(X, labels).backbone_
        last = learned.suffix(1)[0].requires_grad_(False)
        loud = learned.with_suffix(1, [torch.nn.Sequential(last, Times(size))], WeightsInfo("made", "a test"))
        estimator = TransferClassifier(loud, freeze="all", head_stages="last", random_state=0, cache=None)
        estimator.partial_fit(X[:150], labels[:150])
        before = estimator.score(X[200:], labels[200:])
        assert before > 0.7
        scores = [estimator.partial_fit(X[:20], labels[:20]).score(X[200:], labels[200:]) for _ in range(6)]
        assert min(scores) > before - 0.1

    def test_another_number_of_columns(self, X, labels):
        estimator = TransferClassifier("mlp", **QUICK).partial_fit(X, labels)
        with pytest.raises(ValueError, match="X has 3 features, but TransferClassifier is expecting 8"):
            estimator.partial_fit(X[:, :3], labels)

    def test_a_clone_knows_nothing(self, X, labels):
        estimator = TransferClassifier("mlp", **QUICK).partial_fit(X, labels)
        assert not hasattr(clone(estimator), "net_")


class TestOnFrozenFeatures:
    """The head is solved for each part and for what it remembers."""

    @pytest.fixture
    def far(self, X, rng):
        """Return a network that was trained on another task of the same columns, and what it has not been taught."""
        source = TransferClassifier(MLP((32, 32)), random_state=0, max_epochs=60).fit(X, X[:, 2:5].argmax(axis=1))
        return source.backbone_

    @pytest.mark.parametrize("parameters", [{}, {"head_stages": "late"}, {"head_l2": 1e-2}])
    def test_parts_teach_nearly_what_the_whole_does(self, X, labels, far, parameters):
        make = TransferClassifier(far, freeze="all", random_state=0, cache=None, **parameters)
        stream, whole = clone(make), clone(make).fit(X[:200], labels[:200])
        scores = [
            stream.partial_fit(X[part], labels[part]).score(X[200:], labels[200:])
            for part in np.array_split(np.arange(200), 8)
        ]
        assert scores[-1] > scores[0] + 0.05
        assert scores[-1] > whole.score(X[200:], labels[200:]) - 0.06

    def test_numbers_too(self, X, far):
        y = X[:, 0] * 3 + X[:, 1] + 5
        make = TransferRegressor(far, freeze="all", random_state=0, cache=None)
        stream, whole = clone(make), clone(make).fit(X[:200], y[:200])
        scores = [
            stream.partial_fit(X[part], y[part]).score(X[200:], y[200:]) for part in np.array_split(np.arange(200), 8)
        ]
        assert scores[-1] > scores[0] + 0.1
        assert scores[-1] > whole.score(X[200:], y[200:]) - 0.06

    def test_a_fit_may_come_first(self, X, labels, far):
        estimator = TransferClassifier(far, freeze="all", random_state=0, cache=None).fit(X[:40], labels[:40])
        before, n_iter = estimator.score(X[200:], labels[200:]), estimator.n_iter_
        estimator.partial_fit(X[40:200], labels[40:200])
        assert estimator.score(X[200:], labels[200:]) > before
        assert estimator.n_iter_ > n_iter

    def test_dropout_is_for_heads_that_are_trained(self, X, labels, far):
        found = []
        for dropout in (0.0, 0.5):
            estimator = TransferClassifier(far, freeze="all", head_dropout=dropout, random_state=0, cache=None)
            estimator.partial_fit(X[:40], labels[:40]).partial_fit(X[40:], labels[40:])
            found.append(estimator.predict_proba(X))
        np.testing.assert_allclose(*found)

    def test_a_new_fit_forgets(self, X, labels, far):
        estimator = TransferClassifier(far, freeze="all", random_state=0, cache=None)
        expected = estimator.partial_fit(X[:40], labels[:40]).predict_proba(X)
        found = estimator.partial_fit(X[40:], labels[40:]).fit(X[:40], labels[:40]).predict_proba(X)
        assert np.array_equal(found, expected)

    def test_pickles_go_on(self, X, labels, far):
        estimator = TransferClassifier(far, freeze="all", random_state=0, cache=None).partial_fit(X[:40], labels[:40])
        copy = pickle.loads(pickle.dumps(estimator))
        found = [one.partial_fit(X[40:90], labels[40:90]).predict_proba(X) for one in (estimator, copy)]
        np.testing.assert_allclose(found[1], found[0], rtol=1e-5, atol=1e-7)


class TestRegressor:
    def test_more_data_of_the_task_teach_more(self, X):
        y = X[:, 0] * 3 + 5
        estimator = TransferRegressor("mlp", lr=0.003, **QUICK).partial_fit(X[:20], y[:20])
        before = estimator.score(X[200:], y[200:])
        for _ in range(20):
            estimator.partial_fit(X[20:200], y[20:200])
        assert estimator.score(X[200:], y[200:]) > max(before, 0.9)

    def test_another_number_of_outputs(self, X):
        estimator = TransferRegressor("mlp", **QUICK).partial_fit(X, X[:, 0])
        with pytest.raises(ValueError, match="y has 2 outputs, but partial_fit goes on with 1"):
            estimator.partial_fit(X, X[:, :2])


class TestPrototypes:
    def make(self, backbone, **others):
        return TransferClassifier(backbone, head="prototype", **QUICK | others)

    def test_parts_give_what_the_whole_gives(self, X, labels, backbone):
        whole = self.make(backbone).fit(X, labels)
        parts = self.make(backbone).partial_fit(X[:100], labels[:100])
        for part in (slice(100, 110), slice(110, 300)):
            parts.partial_fit(X[part], labels[part])
        assert np.allclose(parts.predict_proba(X), whole.predict_proba(X), atol=1e-5)
        assert whole.score(X, labels) > 0.8

    def test_weights_of_parts_stand_beside_each_other(self, X, labels, backbone):
        weights = np.where(np.arange(300) < 100, 1.0, 5.0)
        whole = self.make(backbone).fit(X, labels, weights)
        parts = self.make(backbone).partial_fit(X[:100], labels[:100])
        parts.partial_fit(X[100:], labels[100:], sample_weight=weights[100:])
        assert np.allclose(parts.predict_proba(X), whole.predict_proba(X), atol=1e-5)

    def test_new_classes(self, X, labels, backbone):
        estimator = self.make(backbone)
        some = labels != "low"
        estimator.partial_fit(X[some], labels[some])
        assert estimator.classes_.tolist() == ["high", "middle"]
        estimator.partial_fit(X[~some], labels[~some])
        assert estimator.classes_.tolist() == ["high", "low", "middle"]
        whole = self.make(backbone).fit(X, labels)
        assert np.allclose(estimator.predict_proba(X), whole.predict_proba(X), atol=1e-5)

    def test_one_sample_per_class(self, X, labels, backbone):
        first = [np.flatnonzero(labels == label)[0] for label in ("low", "middle", "high")]
        estimator = self.make(backbone).fit(X[first], labels[first])
        assert estimator.predict(X[first]).tolist() == ["low", "middle", "high"]
        assert estimator.score(X, labels) > 0.4
        assert (estimator.freeze_, estimator.freeze_reason_) == (2, "prototypes are means of frozen features")

    def test_weights_count_beside_each_other(self, X, labels, backbone):
        weights = np.where(X[:, 2] > 0, 3.0, 1.0)
        plain, weighted, doubled, without = (
            self.make(backbone).fit(X, labels, some).predict_proba(X)
            for some in (None, weights, 2 * weights, (X[:, 2] > 0).astype(float))
        )
        assert not np.allclose(plain, weighted, atol=1e-2)
        assert np.allclose(weighted, doubled, atol=1e-5)
        chosen = X[:, 2] > 0
        assert np.allclose(without, self.make(backbone).fit(X[chosen], labels[chosen]).predict_proba(X), atol=1e-5)

    def test_pickles_go_on(self, X, labels, backbone):
        estimator = self.make(backbone).fit(X[:100], labels[:100])
        copy = pickle.loads(pickle.dumps(estimator))
        assert np.array_equal(copy.predict_proba(X), estimator.predict_proba(X))
        estimator.partial_fit(X[100:], labels[100:])
        assert np.allclose(copy.partial_fit(X[100:], labels[100:]).predict_proba(X), estimator.predict_proba(X))

    def test_free_stages_are_refused(self, X, labels, backbone):
        with pytest.raises(ValueError, match=r"head='prototype' wants every stage frozen, got freeze=1"):
            self.make(backbone, freeze=1).fit(X, labels)

    def test_hidden_layers_are_refused(self, X, labels, backbone):
        with pytest.raises(ValueError, match="head='prototype' has no hidden layers"):
            self.make(backbone, head_hidden=(4,)).fit(X, labels)
