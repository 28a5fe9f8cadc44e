"""Random splits that are alike in every task."""

import pickle

import numpy as np
import pytest
from sklearn.model_selection import ShuffleSplit, cross_val_score

from sktl.model_selection import MultiTaskStratifiedShuffleSplit


@pytest.fixture
def y(rng):
    """Return rare positives with holes."""
    y = (rng.random((200, 4)) < 0.15).astype(float)
    y[rng.random(y.shape) < 0.3] = np.nan
    return y


def largest_deviation(splitter, y):
    """Return the largest deviation of positives in the test samples, in labels."""
    deviations = []
    for train, test in splitter.split(y, y):
        share = len(test) / (len(train) + len(test))
        deviations.append(np.abs(np.nansum(y[test], axis=0) - share * np.nansum(y, axis=0)).max())
    return max(deviations)


def test_positives_are_spread_far_better_than_by_chance(y):
    """Both sides have their share of positives, to a label or so."""
    sizes = {"n_splits": 5, "test_size": 0.2, "random_state": 0}
    assert largest_deviation(MultiTaskStratifiedShuffleSplit(**sizes), y) <= 1.5
    assert largest_deviation(ShuffleSplit(**sizes), y) > 3


@pytest.mark.parametrize(
    ("sizes", "n_train", "n_test"),
    [
        ({}, 180, 20),
        ({"test_size": 0.33}, 134, 66),
        ({"test_size": 7}, 193, 7),
        ({"train_size": 50}, 50, 150),
        ({"train_size": 0.5, "test_size": 0.1}, 100, 20),
    ],
)
def test_sizes_are_exact(y, sizes, n_train, n_test):
    """Sides are of the sizes asked for, and have no sample in common."""
    for train, test in MultiTaskStratifiedShuffleSplit(3, random_state=0, **sizes).split(y, y):
        assert (len(train), len(test)) == (n_train, n_test)
        assert len(set(train) | set(test)) == n_train + n_test


def test_samples_that_are_left_over_are_balanced_too(y):
    """With a rest on neither side, the sides still have their share of positives."""
    splitter = MultiTaskStratifiedShuffleSplit(3, train_size=80, test_size=40, random_state=0)
    for train, test in splitter.split(y, y):
        for side in (train, test):
            assert np.abs(np.nansum(y[side], axis=0) - len(side) / 200 * np.nansum(y, axis=0)).max() <= 1.5


def test_seeds(y):
    """An int gives the same splits at each call; the splits differ from each other."""
    splitter = MultiTaskStratifiedShuffleSplit(3, random_state=0)
    tests = [test.tolist() for _, test in splitter.split(y, y)]
    assert tests == [test.tolist() for _, test in pickle.loads(pickle.dumps(splitter)).split(y, y)]
    assert len({tuple(sorted(test)) for test in tests}) == 3


def test_every_container_gives_the_same_splits(y, contain):
    """What y comes in does not matter."""
    splitter = MultiTaskStratifiedShuffleSplit(1, random_state=0)
    assert next(splitter.split(y, contain(y)))[1].tolist() == next(splitter.split(y, y))[1].tolist()


def test_in_cross_validation(related, pooling):
    """It is a cv for scikit-learn's functions, with NaN in y."""
    X, y = related
    splitter = MultiTaskStratifiedShuffleSplit(3, random_state=0)
    scores = cross_val_score(pooling(), X, y, cv=splitter, scoring=lambda estimator, X, y: float(len(X)))
    assert scores.tolist() == [12, 12, 12]


def test_repr_and_number_of_splits():
    """It shows its parameters."""
    splitter = MultiTaskStratifiedShuffleSplit(3, test_size=0.2)
    assert repr(splitter).startswith("MultiTaskStratifiedShuffleSplit(n_splits=3, random_state=None, test_size=0.2")
    assert splitter.get_n_splits() == 3


def test_wrong_parameters(y):
    """Sizes that cannot be had are told in scikit-learn's words, the others in ours."""
    with pytest.raises(ValueError, match="test_size=300 should be"):
        next(MultiTaskStratifiedShuffleSplit(test_size=300).split(y, y))
    with pytest.raises(ValueError, match="whole number from 1 on, got 0"):
        next(MultiTaskStratifiedShuffleSplit(0).split(y, y))
    with pytest.raises(ValueError, match="MultiTaskStratifiedShuffleSplit balances labels"):
        next(MultiTaskStratifiedShuffleSplit().split(y))
