"""Several tasks learned from data that come in parts."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import learning_curve

from sktl import MultiTaskClassifier, MultiTaskEstimator, MultiTaskRegressor, TransferClassifier
from sktl.backbones import MLP
from sktl.losses import DENOMINATORS
from sktl.sharing._choose import SCHEMES
from sktl.weighting import RULES

QUICK = {"backbone": MLP((16,)), "random_state": 0, "cache": None, "max_epochs": 5, "lr": 0.02}


@pytest.fixture
def X(rng):
    return rng.normal(size=(300, 6))


@pytest.fixture
def y(X, rng):
    """Return two tasks of two classes, a quarter of whose labels is missing."""
    y = (X[:, :2] + X[:, 2:4] > 0).astype(float)
    y[rng.random(y.shape) < 0.25] = np.nan
    return y


@pytest.fixture
def named(y):
    return pd.DataFrame(y, columns=["car", "sign"])


@pytest.mark.parametrize("sharing", list(SCHEMES))
@pytest.mark.parametrize("Estimator", [MultiTaskClassifier, MultiTaskRegressor, MultiTaskEstimator])
def test_more_data_of_the_tasks_teach_more(X, y, Estimator, sharing):
    estimator = Estimator(sharing=sharing, **QUICK).partial_fit(X[:20], y[:20])
    before = estimator.score(X[200:], y[200:])
    for _ in range(20):
        assert estimator.partial_fit(X[20:200], y[20:200]) is estimator
    assert estimator.score(X[200:], y[200:]) > before + 0.1
    assert estimator.n_iter_ == 25


@pytest.mark.parametrize("Estimator", [MultiTaskClassifier, MultiTaskRegressor, MultiTaskEstimator])
def test_on_frozen_features_parts_teach_nearly_what_the_whole_does(X, y, Estimator):
    source = TransferClassifier(MLP((32,)), random_state=0, max_epochs=40).fit(X, X[:, :4].argmax(axis=1))
    make = Estimator(backbone=source.backbone_, freeze="all", random_state=0, cache=None)
    stream, whole = clone(make), clone(make).fit(X[:200], y[:200])
    scores = [
        stream.partial_fit(X[part], y[part]).score(X[200:], y[200:]) for part in np.array_split(np.arange(200), 8)
    ]
    assert scores[-1] > scores[0] + 0.05
    assert scores[-1] > whole.score(X[200:], y[200:]) - 0.06


def test_the_first_call_is_a_fit(X, y):
    fitted, first = MultiTaskClassifier(**QUICK).fit(X, y), MultiTaskClassifier(**QUICK).partial_fit(X, y)
    assert np.array_equal(fitted.predict_proba(X), first.predict_proba(X))


def test_heads_tell_of_classes_that_come_later(X, y, named):
    heads = {"car": [0, 1], "sign": ["no", "perhaps", "yes"]}
    words = named.assign(sign=np.where(y[:, 1] > 0, "yes", "no")).astype({"sign": object})
    only = words[(words["car"] == 1) & (words["sign"] == "no")]
    estimator = MultiTaskClassifier(heads=heads, **QUICK).partial_fit(X[only.index], only)
    assert [classes.tolist() for classes in estimator.classes_] == [[0, 1], ["no", "perhaps", "yes"]]
    assert (estimator.predict(X) == np.array([1, "no"], dtype=object)).all()
    for _ in range(60):
        estimator.partial_fit(X, words)
    assert estimator.score(X, words) > 0.85


def test_a_task_may_have_no_label_in_a_part(X, y):
    estimator = MultiTaskClassifier(heads=2, **QUICK).partial_fit(X, np.where([True, False], y, np.nan))
    for _ in range(40):
        estimator.partial_fit(X, np.where([False, True], y, np.nan))
    assert estimator.score(X, np.where([False, True], y, np.nan)) > 0.85


def test_a_part_without_any_label(X, y):
    estimator = MultiTaskClassifier(**QUICK).partial_fit(X, y)
    with pytest.raises(ValueError, match="y has no label of any task that is trained"):
        estimator.partial_fit(X, y * np.nan)


def test_a_task_that_was_left_out_stays_out(X, y):
    estimator = MultiTaskClassifier(on_untrainable="ignore", **QUICK)
    estimator.partial_fit(X, np.where([True, False], y, np.nan)).partial_fit(X, y)
    assert np.isnan(estimator.predict(X)[:, 1]).all()


def test_names_of_the_tasks(X, y, named):
    estimator = MultiTaskClassifier(**QUICK).partial_fit(X, named).partial_fit(X, y)
    assert estimator.tasks_.tolist() == ["car", "sign"]
    for other in (named[["sign", "car"]], named[["car"]]):
        with pytest.raises(ValueError, match=r"partial_fit goes on with the tasks \['car', 'sign'\], but y has"):
            estimator.partial_fit(X, other)


def test_classes_that_nobody_spoke_of(X, named):
    estimator = MultiTaskClassifier(**QUICK).partial_fit(X, named)
    before = estimator.predict_proba(X)
    message = r"knows the classes \[0\.0, 1\.0\], but task 'sign' holds \[2\.0\] too; .* heads=\{'sign': \[\.\.\.\]"
    with pytest.raises(ValueError, match=message):
        estimator.partial_fit(X, named.assign(sign=2.0))
    assert np.array_equal(estimator.predict_proba(X), before)


def test_weights_of_classes(X, named):
    plain, weighted = (
        MultiTaskClassifier(class_weight=weight, **QUICK).partial_fit(X, named)
        for weight in (None, {"sign": {1: 30.0}})
    )
    for _ in range(20):
        plain.partial_fit(X, named)
        weighted.partial_fit(X, named)
    assert weighted.predict(X)[:, 1].mean() > plain.predict(X)[:, 1].mean() + 0.1
    with pytest.raises(ValueError, match="goes by the shares of the classes in all of y"):
        weighted.set_params(class_weight="balanced").partial_fit(X, named)


@pytest.mark.parametrize("freeze", ["none", "all"])
@pytest.mark.parametrize("denominator", DENOMINATORS)
def test_a_task_without_labels_takes_no_part(X, y, denominator, freeze):
    only = np.where([True, False], y, np.nan)
    known = {"heads": 2, "denominator": denominator, "freeze": freeze, **QUICK}
    for estimator in (MultiTaskClassifier(**known).partial_fit(X, y), MultiTaskClassifier(**known)):
        estimator.partial_fit(X, only)
        assert np.isfinite(estimator.predict_proba(X)).all()
        assert np.isfinite(estimator.history_[-1]["train_loss"])


def test_a_part_of_classes_of_weight_0_changes_nothing(X, y):
    estimator = MultiTaskClassifier(heads=2, class_weight={0: 0.0, 1: 1.0}, **QUICK).partial_fit(X, y)
    before = estimator.predict_proba(X)
    assert estimator.partial_fit(X[:5], np.zeros((5, 2))) is estimator
    assert np.array_equal(estimator.predict_proba(X), before)
    assert estimator.n_iter_ == 5


@pytest.mark.parametrize("optimizer", ["AdamW", "SGD"])
@pytest.mark.parametrize("settings", [{"freeze": "all"}, {}, {"freeze": "all", "head_hidden": (8,)}])
def test_weights_of_a_part_stand_beside_those_of_parts_before(X, y, settings, optimizer):
    def moved(weight):
        estimator = MultiTaskClassifier(**{**QUICK, "max_epochs": 20, "optimizer": optimizer, **settings})
        before = estimator.partial_fit(X[:150], y[:150]).predict_proba(X)
        weights = None if weight is None else np.full(150, weight)
        after = estimator.partial_fit(X[150:], 1 - y[150:], sample_weight=weights).predict_proba(X)
        return float(np.abs(np.subtract(after, before)).mean())

    light, even, heavy = moved(1e-3), moved(None), moved(100.0)
    assert light < 0.02 * even
    assert even == moved(1.0)
    assert heavy > 1.1 * even


def test_a_task_that_was_added_has_its_share(X, y):
    later = X[:, 4] > 0
    estimator = MultiTaskClassifier(freeze="all", **QUICK).fit(X, y).add_task(X, later, "later")
    before = estimator.predict_proba(X)
    both = np.column_stack([y, ~later])
    estimator.partial_fit(X, both, sample_weight=np.full(len(X), 1e-4))
    assert np.allclose(estimator.predict_proba(X), before, atol=0.01)


def test_a_task_that_was_added(X, y):
    estimator = MultiTaskClassifier(**QUICK).fit(X, y).add_task(X, X[:, 4] > 0, "later")
    both = np.column_stack([y, X[:, 4] > 0])
    for _ in range(20):
        estimator.partial_fit(X, both)
    assert estimator.score(X, both) > 0.8


@pytest.mark.parametrize("weighting", list(RULES))
def test_rules_of_weighting(X, y, weighting):
    estimator = MultiTaskClassifier(weighting=weighting, **QUICK).partial_fit(X, y).partial_fit(X, y)
    assert np.isfinite(estimator.score(X, y))


def test_a_rule_goes_on_with_what_it_knew(X, y):
    """The losses of the last two epochs, or the uncertainty that was learned; in a pickle too."""
    for weighting in ("dwa", "uncertainty"):
        estimator = MultiTaskClassifier(weighting=weighting, **QUICK).partial_fit(X[:150], y[:150])
        known = {name: tensor.clone() for name, tensor in estimator.net_.criterion_.state_dict().items()}
        copied = pickle.loads(pickle.dumps(estimator))
        estimator.partial_fit(X[150:], y[150:])
        found = estimator.net_.criterion_.state_dict()
        if weighting == "dwa":
            assert torch.equal(found["previous"][1], known["previous"][0])
        else:
            assert 0 < (found["learned"] - known["learned"]).abs().max() < 0.5 * known["learned"].abs().max()
        copied.partial_fit(X[150:], y[150:])
        assert np.allclose(copied.predict_proba(X), estimator.predict_proba(X), atol=1e-5)


def test_paces_of_parts_weigh_tasks(X, y):
    equal, paced = (MultiTaskClassifier(weighting=rule, **QUICK).fit(X, y) for rule in ("equal", "dwa"))
    paced.net_.module_.load_state_dict(equal.net_.module_.state_dict())
    for estimator in (equal, paced):
        estimator.partial_fit(X, y)
    assert not np.array_equal(equal.predict_proba(X), paced.predict_proba(X))


class TestClasses:
    """As scikit-learn's MultiOutputClassifier takes them."""

    def test_are_known_beforehand(self, X, y):
        estimator = MultiTaskClassifier(**QUICK)
        only = np.flatnonzero((y[:, 0] == 1) & (y[:, 1] == 0))
        estimator.partial_fit(X[only], y[only], classes=[[0, 1], [0, 1, 2]])
        assert [classes.tolist() for classes in estimator.classes_] == [[0, 1], [0, 1, 2]]
        assert estimator.predict_proba(X)[1].shape == (300, 3)
        for _ in range(60):
            estimator.partial_fit(X, y, classes=[[0, 1], [0, 1, 2]])
        assert estimator.score(X, y) > 0.85

    def test_by_the_names_of_the_tasks(self, X, named):
        classes = {"sign": [0, 1, 2], "car": [0, 1]}
        estimator = MultiTaskClassifier(**QUICK).partial_fit(X, named, classes=classes)
        estimator.partial_fit(X, named.to_numpy(), classes=classes)
        assert [known.tolist() for known in estimator.classes_] == [[0, 1], [0, 1, 2]]

    def test_of_one_task(self, X, y):
        labels = np.nan_to_num(y[:, 0])
        estimator = MultiTaskClassifier(**QUICK).partial_fit(X, labels, classes=[0, 1, 2])
        assert estimator.classes_.tolist() == [0, 1, 2]
        assert estimator.predict(X).shape == (300,)

    def test_others_than_before(self, X, y):
        estimator = MultiTaskClassifier(**QUICK).partial_fit(X, y)
        with pytest.raises(ValueError, match="is not the same as on last call to partial_fit, was: classes"):
            estimator.partial_fit(X, y, classes=[[0, 1], [0, 1, 2]])

    def test_of_another_number_of_tasks(self, X, y):
        with pytest.raises(ValueError, match="classes describes 3 tasks, but y has 2"):
            MultiTaskClassifier(**QUICK).partial_fit(X, y, classes=[[0, 1]] * 3)

    def test_an_incremental_learning_curve_of_complete_labels(self, X, y):
        complete = np.nan_to_num(y[:, 0])
        estimator = MultiTaskClassifier(**QUICK)
        _, _, scores = learning_curve(
            estimator, X, complete, cv=2, train_sizes=[0.2, 1.0], exploit_incremental_learning=True, error_score="raise"
        )
        assert np.isfinite(scores).all()
