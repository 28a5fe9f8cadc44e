"""Folds that are alike in every task."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold

from sktl.model_selection import MultiTaskStratifiedKFold


def sparse_labels(rng, n_samples=400, n_tasks=6):
    """Return rare positives with a third of the labels missing."""
    y = (rng.random((n_samples, n_tasks)) < np.linspace(0.05, 0.3, n_tasks)).astype(float)
    y[rng.random(y.shape) < 0.33] = np.nan
    return y


def largest_deviation(splitter, y, count=lambda labels: np.nansum(labels, axis=0)):
    """Return the largest relative deviation of a count per fold from its even share."""
    share = count(y) / splitter.get_n_splits()
    return max((np.abs(count(y[test]) / share - 1)).max() for _, test in splitter.split(y, y))


@pytest.mark.parametrize("seed", range(3))
def test_positives_and_missing_are_spread_far_better_than_by_kfold(rng, seed):
    """The folds hold the same positives and the same holes, to a label or so."""
    y = sparse_labels(rng)
    ours, plain = MultiTaskStratifiedKFold(random_state=seed), KFold(shuffle=True, random_state=seed)
    assert largest_deviation(ours, y) < 0.4 * largest_deviation(plain, y)

    def missing(labels):
        return np.isnan(labels).sum(axis=0)

    assert largest_deviation(ours, y, missing) < 0.1 < largest_deviation(plain, y, missing)
    positives = np.array([np.nansum(y[test], axis=0) for _, test in ours.split(y, y)])
    assert np.ptp(positives, axis=0).max() <= 2


def test_tox21(shared):
    """On 8,006 molecules and 12 tasks the positives of folds are within three per cent; KFold's are not."""
    y = np.load(shared / "data" / "tox21_ecfp4_1024.npz")["y"]
    assert largest_deviation(MultiTaskStratifiedKFold(random_state=0), y) < 0.03
    assert largest_deviation(KFold(shuffle=True, random_state=0), y) > 0.1


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("n_samples", [10, 103, 400])
def test_it_is_a_partition_of_even_sizes(rng, n_samples, shuffle):
    """Each sample is tested once; sizes differ by one at most."""
    y = sparse_labels(rng, n_samples)
    folds = list(MultiTaskStratifiedKFold(4, shuffle=shuffle, random_state=0 if shuffle else None).split(y, y))
    assert np.ptp([len(test) for _, test in folds]) <= 1
    assert np.sort(np.concatenate([test for _, test in folds])).tolist() == list(range(n_samples))
    for train, test in folds:
        assert np.sort(np.r_[train, test]).tolist() == list(range(n_samples))


def test_every_container_gives_the_same_folds(rng, contain):
    """What y comes in does not matter."""
    y = sparse_labels(rng, 60, 2)
    splitter = MultiTaskStratifiedKFold(3, random_state=0)
    tests = [test.tolist() for _, test in splitter.split(np.zeros(60), contain(y))]
    assert tests == [test.tolist() for _, test in splitter.split(np.zeros(60), y)]


@pytest.mark.parametrize("y", [np.repeat(["a", "b", "c"], [50, 30, 10]), pd.Series([1.0, 0.0, np.nan] * 30)])
def test_one_task(y):
    """A single task is balanced as StratifiedKFold does, and may have holes."""
    for _, test in MultiTaskStratifiedKFold(5, random_state=0).split(y, y):
        counts = pd.Series(y).iloc[test].value_counts(dropna=False)
        whole = pd.Series(y).value_counts(dropna=False) / 5
        assert (counts.sort_index() == whole.sort_index()).all()


def test_one_task_is_as_balanced_as_by_scikit_learn(rng):
    """No class deviates more than with StratifiedKFold."""
    y = rng.integers(4, size=97) ** 2
    ours = [np.bincount(y[test], minlength=10) for _, test in MultiTaskStratifiedKFold(random_state=0).split(y, y)]
    theirs = [np.bincount(y[test], minlength=10) for _, test in StratifiedKFold().split(y, y)]
    assert np.ptp(ours, axis=0).max() <= np.ptp(theirs, axis=0).max() == 1


def test_numbers_are_balanced(rng):
    """The means of folds are nearer to each other than KFold's."""
    y = rng.exponential(size=(200, 3))
    y[rng.random(y.shape) < 0.2] = np.nan

    def spread(splitter):
        return np.std([np.nanmedian(y[test], axis=0) for _, test in splitter.split(y, y)], axis=0).mean()

    assert spread(MultiTaskStratifiedKFold(random_state=0)) < 0.6 * spread(KFold(shuffle=True, random_state=0))


def test_many_classes_and_empty_tasks(rng):
    """Forty classes, a constant and a column of NaN are no trouble."""
    y = np.column_stack([rng.integers(40, size=400), np.zeros(400), np.full(400, np.nan)])
    counts = [np.bincount(y[test, 0].astype(int)) for _, test in MultiTaskStratifiedKFold(random_state=0).split(y, y)]
    assert np.ptp(counts, axis=0).max() <= 1


def test_seeds(rng):
    """An int gives the same folds at each call, another int others; a generator goes on."""
    y = sparse_labels(rng)

    def first(splitter):
        return next(splitter.split(y, y))[1].tolist()

    fixed = MultiTaskStratifiedKFold(random_state=3)
    assert first(fixed) == first(fixed) == first(clone(fixed, safe=False)) == first(pickle.loads(pickle.dumps(fixed)))
    assert first(fixed) != first(MultiTaskStratifiedKFold(random_state=4))
    going_on = MultiTaskStratifiedKFold(random_state=np.random.RandomState(3))
    assert first(going_on) == first(fixed) != first(going_on)
    unshuffled = MultiTaskStratifiedKFold(shuffle=False)
    assert first(unshuffled) == first(unshuffled)


def test_a_seed_leaves_the_global_generator_alone(rng):
    """With a seed, or without a shuffle, nothing is drawn from numpy's own generator."""
    y = sparse_labels(rng, 1_200, 2)
    before = np.random.get_state()[1].copy()
    list(MultiTaskStratifiedKFold(2, random_state=0).split(y, y))
    list(MultiTaskStratifiedKFold(2, shuffle=False).split(y, y))
    assert np.array_equal(np.random.get_state()[1], before)


def test_without_shuffle_most_neighbours_stay_together(rng):
    """Folds start from blocks."""
    y = sparse_labels(rng)
    shares = [
        np.mean(test // 80 == fold)
        for fold, (_, test) in enumerate(MultiTaskStratifiedKFold(shuffle=False).split(y, y))
    ]
    assert min(shares) > 0.5


def test_in_a_search(related, pooling):
    """It is a cv for searches, with NaN in y."""
    X, y = related
    search = GridSearchCV(
        pooling(),
        {"sharing": ["hard", "none"]},
        cv=MultiTaskStratifiedKFold(3, random_state=0),
        scoring=lambda estimator, X, y: float(len(estimator.models_)),
    ).fit(X, y)
    assert search.n_splits_ == 3
    assert search.best_score_ == 4


def test_repr_and_number_of_splits():
    """It shows its parameters."""
    splitter = MultiTaskStratifiedKFold(3, random_state=0)
    assert repr(splitter) == "MultiTaskStratifiedKFold(n_splits=3, random_state=0, shuffle=True)"
    assert splitter.get_n_splits() == 3


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_splits": 1}, "whole number from 2 on, got 1"),
        ({"n_splits": 2.5}, "whole number from 2 on, got 2.5"),
        ({"n_splits": 7}, "n_splits=7 folds cannot be made of 6 samples"),
        ({"n_splits": 2, "shuffle": False, "random_state": 0}, "random_state=0 has no effect with shuffle=False"),
    ],
)
def test_wrong_parameters(params, message):
    """Each is told as it is used."""
    with pytest.raises(ValueError, match=message):
        next(MultiTaskStratifiedKFold(**params).split(np.zeros(6), np.zeros(6)))


def test_wrong_labels():
    """y must be there, and of the length of X."""
    with pytest.raises(ValueError, match="MultiTaskStratifiedKFold balances labels and needs them"):
        next(MultiTaskStratifiedKFold().split(np.zeros(6)))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        next(MultiTaskStratifiedKFold().split(np.zeros(6), np.zeros(7)))


def test_groups_are_not_looked_at():
    """Who gives groups is told."""
    with pytest.warns(UserWarning, match="does not look at groups"):
        next(MultiTaskStratifiedKFold(2, random_state=0).split(np.zeros(6), np.arange(6) % 2, np.arange(6)))
