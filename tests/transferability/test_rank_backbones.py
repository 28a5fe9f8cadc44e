"""Backbones by how well their features serve a task."""

import numpy as np
import pytest
from sklearn.metrics import make_scorer, recall_score
from sklearn.model_selection import KFold, cross_val_score

from sktl import ActivationCache, TransferClassifier, TransferRegressor
from sktl.backbones import MLP
from sktl.metrics import make_multitask_scorer
from sktl.model_selection import MultiTaskStratifiedKFold
from sktl.transferability import rank_backbones


def test_the_one_that_knows_is_first(make_knowing, pairs):
    """Whatever the order they are given in."""
    X, y = pairs
    knowing, _ = make_knowing()
    for backbones in (["mlp", knowing], [knowing, "mlp"]):
        ranking = rank_backbones(X, y, backbones, cv=3, head_l2=0.01, random_state=0)
        assert [row.name for row in ranking.rows] == ["knowing", "mlp"]
    best, other = ranking.rows
    assert best.mean > 0.9 > 0.75 > other.mean
    assert best.logme > other.logme
    assert (best.weights, other.weights) == ("made", "random")
    assert (best.n_features, best.n_parameters) == (8, 6 * 8 + 8)
    assert best.parameters == {"backbone": knowing, "weights": "default"}
    assert (ranking.metric, ranking.n_samples, ranking.test_to_train) == ("accuracy", 120, pytest.approx(0.5))
    assert ranking.best is best
    assert not ranking.failures


def test_each_sample_passes_once_and_a_later_fit_finds_its_features(make_knowing, pairs):
    """Over all folds, and in the fit and a search of folds that follow with the same cache."""
    X, y = pairs
    (one, count_one), (two, count_two) = make_knowing(), make_knowing(slope=0.0, name="dull")
    cache = ActivationCache()
    rank_backbones(X, y, [one, two], cv=5, cache=cache, head_l2=0.01, random_state=0)
    assert sum(count_one.rows) == sum(count_two.rows) == len(X)
    last = TransferClassifier(one, freeze="all", head_stages="last", head_l2=0.01, cache=cache).fit(X, y)
    assert (last.cache_report_.n_computed, last.cache_report_.n_reused) == (0, len(X))
    TransferClassifier(one, freeze="all", head_stages="late", head_l2=0.01, cache=cache).fit(X, y)
    assert sum(count_one.rows) == len(X)
    cross_val_score(TransferClassifier(one, freeze="all", head_l2=0.01, cache=cache), X, y, cv=3)
    assert sum(count_one.rows) == len(X)
    again = rank_backbones(X, y, [one, two], cv=3, cache=cache, head_l2=0.01, random_state=0)
    assert [row.n_computed for row in again.rows] == [0, 0]
    assert sum(count_one.rows) == sum(count_two.rows) == len(X)


def test_without_a_cache_only_the_first_sample_passes_twice(make_knowing, pairs):
    """Folds go by the features, not by the network."""
    backbone, counter = make_knowing()
    rank_backbones(*pairs, [backbone], cv=5, cache=None, head_l2=0.01, random_state=0)
    assert sum(counter.rows) == len(pairs[0]) + 1


def test_scores_are_those_of_the_frozen_estimator(make_knowing, pairs):
    """Fold by fold what ``cross_val_score`` gives, for classes and for numbers."""
    X, y = pairs
    backbone, _ = make_knowing()
    folds = list(MultiTaskStratifiedKFold(4, random_state=7).split(X, y))
    row = rank_backbones(X, y, [backbone], cv=4, head_l2=0.01, random_state=7).best
    estimator = TransferClassifier(backbone, freeze="all", head_stages="last", head_l2=0.01, random_state=7)
    expected = cross_val_score(estimator, X, y, cv=folds)
    assert np.array_equal(row.scores, expected)
    numbers = X[:, 0] * X[:, 1]
    ranking = rank_backbones(X, numbers, [backbone], cv=KFold(3), random_state=7)
    estimator = TransferRegressor(backbone, freeze="all", head_stages="last", random_state=7)
    assert ranking.metric == "r2"
    assert ranking.best.scores == pytest.approx(cross_val_score(estimator, X, numbers, cv=KFold(3)))


def test_random_weights_are_those_of_an_estimator_with_the_seed(rng):
    """So that a later fit of the same seed finds their features too."""
    pictures, y = rng.integers(256, size=(12, 16, 16), dtype=np.uint8), np.arange(12) % 2
    cache = ActivationCache()
    ranking = rank_backbones(
        pictures,
        y,
        ["resnet19", ("resnet18", None)],
        image_size=32,
        cv=2,
        cache=cache,
        head_l2=0.01,
        random_state=3,
        device="cpu",
    )
    assert ranking.best.weights == "random"
    assert ranking.failures[0].reason.startswith("UnknownBackboneError: there is no backbone 'resnet19'")
    classifier = TransferClassifier(
        **ranking.best.parameters,
        freeze="all",
        head_stages="last",
        image_size=32,
        cache=cache,
        head_l2=0.01,
        random_state=3,
        device="cpu",
    ).fit(pictures, y)
    assert classifier.cache_report_.n_computed == 0


def test_one_that_fails_has_a_reason_and_the_others_a_row(make_knowing, pairs):
    """A network for pictures, another number of columns, features that are not finite."""
    good, _ = make_knowing()
    narrow, _ = make_knowing(n_columns=5, name="narrow")
    broken, _ = make_knowing(slope=np.inf, name="broken")
    ranking = rank_backbones(*pairs, [good, ("resnet18", None), narrow, broken], cv=2, head_l2=0.01, random_state=0)
    assert [row.name for row in ranking.rows] == ["knowing"]
    reasons = {failure.name: failure.reason for failure in ranking.failures}
    assert list(reasons) == ["resnet18", "narrow", "broken"]
    assert reasons["resnet18"].startswith("ValueError: X has the shape (120, 6): expected pictures")
    assert "X has 6 columns, but the backbone 'narrow' takes 5" in reasons["narrow"]
    assert "hold NaN or infinity" in reasons["broken"]
    assert "could not be ranked:\n  resnet18: ValueError: X has" in str(ranking)


def test_all_fail(pairs):
    """Then there is nothing to return."""
    with pytest.raises(ValueError, match=r"none of the backbones could be run:\nresnet18: .*\nresnet34: Value"):
        rank_backbones(*pairs, ["resnet18", "resnet34"])


def test_several_tasks_with_holes(make_knowing, pairs, rng):
    """The score is the mean over tasks, and LogME goes by what is labelled."""
    X, y = pairs
    table = np.column_stack([y == "same", X[:, 0] > 0]).astype(float)
    table[rng.random(table.shape) < 0.3] = np.nan
    knowing, counter = make_knowing()
    ranking = rank_backbones(X, table, ["mlp", knowing], cv=3, cache=ActivationCache(), head_l2=0.01, random_state=0)
    assert [row.name for row in ranking.rows] == ["knowing", "mlp"]
    assert ranking.metric == "score"
    assert ranking.best.mean > 0.85
    assert sum(counter.rows) == len(X)
    scorer = make_multitask_scorer("roc_auc")
    assert rank_backbones(X, table, [knowing], cv=3, scoring=scorer, head_l2=0.01, random_state=0).best.mean > 0.9


def test_scoring(make_knowing, pairs):
    """By name, or by a scorer."""
    X, y = pairs
    backbone, _ = make_knowing()
    by_name = rank_backbones(X, y, [backbone], cv=3, scoring="roc_auc", head_l2=0.01, random_state=0)
    assert by_name.metric == "roc_auc"
    scorer = make_scorer(recall_score, pos_label="same")
    assert rank_backbones(X, y, [backbone], cv=3, scoring=scorer, head_l2=0.01, random_state=0).metric == "score"


@pytest.mark.parametrize("random_state", [None, np.random.RandomState(0), np.int64(3)])
def test_any_seed_serves(make_knowing, pairs, random_state):
    """All backbones have the same folds, so that a network twice is level to the last bit."""
    backbone, _ = make_knowing()
    ranking = rank_backbones(*pairs, [backbone, backbone], cv=3, head_l2=0.01, random_state=random_state)
    assert np.array_equal(ranking.rows[0].scores, ranking.rows[1].scores)


def test_wrong_calls(pairs):
    """Each is told before anything is computed."""
    X, y = pairs
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        rank_backbones(X, y[:-1], ["mlp"])
    with pytest.raises(TypeError, match="backbones must be a list"):
        rank_backbones(X, y, MLP())
    with pytest.raises(ValueError, match="task must be 'auto'"):
        rank_backbones(X, y, ["mlp"], task="multiclass")
