"""Pretrained against from scratch, over the number of samples."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sktl import ActivationCache, MultiTaskClassifier, TransferClassifier, TransferRegressor
from sktl.transferability import transfer_gain
from sktl.transferability._scratch import from_scratch
from sktl.transferability._sizes import nested_subsets
from sktl.transferability._splits import read_splits


@pytest.fixture
def classifier(make_knowing):
    """Return a classifier on a network that knows, which trains for two epochs where it trains."""
    return TransferClassifier(make_knowing()[0], freeze="all", head_l2=0.01, max_epochs=2, random_state=0)


def test_a_network_that_knows_gains(classifier, pairs):
    """From few samples it does what the other does not do from all."""
    gain = transfer_gain(classifier, *pairs, [20, 1.0], cv=4, random_state=0)
    assert gain.train_sizes.tolist() == [20, 90]
    assert gain.pretrained.shape == gain.scratch.shape == (2, 4)
    assert (gain.metric, gain.test_to_train) == ("accuracy", pytest.approx(1 / 3))
    assert gain.verdicts == ("gains", "gains")
    assert gain.size_that_suffices == 20
    assert "transfer gains with 20 and 90 samples\npretrained, 20 samples do what 90 do from scratch" in str(gain)
    assert not hasattr(classifier, "net_")


def test_scores_are_those_of_both_sides_on_the_same_samples(classifier, pairs):
    """Written out by hand."""
    X, y = pairs
    gain = transfer_gain(classifier, X, y, [20, 50], cv=3, random_state=5)
    for number, (train, test) in enumerate(read_splits(3, y, len(y), 5)):
        for place, subset in enumerate(nested_subsets(train, y, np.array([20, 50]), 5 + number)):
            for side, scores in ((classifier, gain.pretrained), (from_scratch(classifier), gain.scratch)):
                assert scores[place, number] == clone(side).fit(X[subset], y[subset]).score(X[test], y[test])


def test_frozen_stages_see_each_sample_once(make_knowing, pairs):
    """Whatever the number of sizes and splits."""
    backbone, counter = make_knowing()
    classifier = TransferClassifier(
        backbone, freeze="all", head_l2=0.01, max_epochs=1, cache=ActivationCache(), random_state=0
    )
    scratch = DummyClassifier()
    transfer_gain(classifier, *pairs, [10, 20, 40, 80], scratch=scratch, cv=3, random_state=0)
    assert sum(counter.rows) == len(pairs[0])


def test_a_pipeline(classifier, pairs):
    """Its last step is the one that starts from scratch."""
    pipeline = make_pipeline(FunctionTransformer(), classifier)
    plain, piped = (transfer_gain(one, *pairs, [30], cv=2, random_state=0) for one in (classifier, pipeline))
    assert np.array_equal(plain.pretrained, piped.pretrained)
    assert np.array_equal(plain.scratch, piped.scratch)


def test_another_side_of_ones_own(classifier, pairs):
    """Any estimator serves, and then any may stand on the first side."""
    scratch = make_pipeline(StandardScaler(), LogisticRegression())
    gain = transfer_gain(classifier, *pairs, [0.5], scratch=scratch, cv=3, random_state=0)
    assert gain.scratch.mean() < 0.7 < gain.pretrained.mean()
    same = transfer_gain(scratch, *pairs, [0.5], scratch=scratch, cv=3, random_state=0)
    assert (same.difference == 0).all()
    assert same.verdicts == ("level",)


def test_several_tasks_with_holes(make_knowing, pairs, rng):
    """The score is the estimator's own."""
    X, y = pairs
    table = np.column_stack([y == "same", X[:, 0] > 0]).astype(float)
    table[rng.random(table.shape) < 0.3] = np.nan
    estimator = MultiTaskClassifier(make_knowing()[0], freeze="all", head_l2=0.01, max_epochs=2, random_state=0)
    gain = transfer_gain(estimator, X, table, [40], cv=3, random_state=0)
    assert gain.metric == "score"
    assert gain.mean_difference[0] > 0.1


def test_numbers_and_other_splits(make_knowing, pairs):
    """Regression is scored by R²; other splits and scores serve too."""
    X, _ = pairs
    estimator = TransferRegressor(make_knowing()[0], freeze="all", head_l2=0.01, max_epochs=2, random_state=0)
    splits = ShuffleSplit(3, test_size=0.25, random_state=0)
    gain = transfer_gain(estimator, X, X[:, 0] * X[:, 1], [0.5], cv=splits, random_state=0, confidence=0.5)
    assert (gain.metric, gain.confidence) == ("r2", 0.5)
    assert gain.mean_difference[0] > 0.1
    by_name = transfer_gain(
        estimator, X, X[:, 0] * X[:, 1], [0.5], cv=splits, random_state=0, scoring="neg_mean_absolute_error"
    )
    assert (by_name.pretrained < 0).all()


def test_wrong_calls(classifier, pairs):
    """Each is told before anything is fitted."""
    X, y = pairs
    with pytest.raises(ValueError, match="confidence must be a number between 0 and 1, got 95"):
        transfer_gain(classifier, X, y, [20], confidence=95)
    with pytest.raises(ValueError, match="give the estimator to compare with as scratch="):
        transfer_gain(LogisticRegression(), X, y, [20])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        transfer_gain(classifier, X[:-1], y, [20])
    with pytest.raises(ValueError, match="between 2 and the 96 training samples"):
        transfer_gain(classifier, X, y, [100])
    with pytest.raises(
        ValueError, match=r"with 3 samples a training set holds one class only, \['other'\]: take larger"
    ):
        transfer_gain(classifier, X, np.where(np.arange(120) % 10 == 0, "rare", "other"), [3])
