"""Exchanging samples until parts are alike."""

import numpy as np
import pytest

from sktl.model_selection import _balance
from sktl.model_selection._balance import balance_parts


def distance(parts, states):
    """Return Pearson's distance between the parts and the whole."""
    totals = np.bincount(states.ravel())
    counts = np.array([np.bincount(states[parts == part].ravel(), minlength=len(totals)) for part in np.unique(parts)])
    expected = np.outer(np.bincount(parts)[np.unique(parts)] / len(parts), totals)
    return ((counts - expected) ** 2 / np.maximum(expected, 1e-9)).sum()


def make(rng, n_samples=200, n_tasks=5, n_states=3):
    """Return states of uneven frequency."""
    return np.minimum(rng.geometric(0.6, size=(n_samples, n_tasks)), n_states) + np.arange(n_tasks) * n_states


@pytest.mark.parametrize("sizes", [(100, 100), (67, 67, 66), (150, 40, 10), (180, 20)])
def test_sizes_are_kept_and_the_distance_falls(rng, sizes):
    """Parts of any sizes come nearer to the whole."""
    states = make(rng)
    before = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    after = balance_parts(before, states, np.random.RandomState(0))
    assert np.bincount(after).tolist() == list(sizes)
    assert distance(after, states) < 0.2 * distance(before, states)


@pytest.mark.parametrize("seed", range(5))
def test_no_exchange_is_left_that_helps(seed):
    """The parts are at a minimum: no pair of samples is better exchanged."""
    states = make(np.random.default_rng(seed), n_samples=24)
    parts = balance_parts(np.arange(24) % 3, states, np.random.RandomState(0))
    least = distance(parts, states)
    for one in range(24):
        for two in range(one):
            changed = parts.copy()
            changed[[one, two]] = parts[[two, one]]
            assert distance(changed, states) >= least - 1e-9


def test_balanced_parts_are_left_alone():
    """Where nothing can be gained, nothing moves."""
    parts = np.arange(12) % 2
    states = (np.arange(12) // 2 % 2)[:, None]
    assert balance_parts(parts, states, np.random.RandomState(0)).tolist() == parts.tolist()
    assert balance_parts(parts, np.zeros((12, 1), dtype=int), np.random.RandomState(0)).tolist() == parts.tolist()


def test_an_empty_part_stays_empty(rng):
    """A part without samples takes none."""
    states = make(rng)
    parts = balance_parts(np.repeat([0, 2], [150, 50]), states, np.random.RandomState(0))
    assert np.bincount(parts).tolist() == [150, 0, 50]


def test_one_part_alone():
    """With nothing to exchange with, a part stays as it is."""
    parts = np.zeros(4, dtype=int)
    assert balance_parts(parts, np.arange(4)[:, None], np.random.RandomState(0)).tolist() == [0] * 4


def test_large_parts_are_sampled(rng, monkeypatch):
    """Of a part larger than the pool some samples are tried; sizes and gain are as good."""
    monkeypatch.setattr(_balance, "POOL", 20)
    states = make(rng)
    before = np.arange(200) % 2
    after = balance_parts(before, states, np.random.RandomState(0))
    assert np.bincount(after).tolist() == [100, 100]
    assert distance(after, states) < 0.2 * distance(before, states)


def test_a_rare_state_is_spread_first():
    """Four rare labels go to four folds, whatever the frequent ones say."""
    rare = np.r_[np.ones(4, dtype=int), np.zeros(96, dtype=int)]
    frequent = 2 + np.arange(100) % 3
    parts = balance_parts(np.arange(100) // 25, np.column_stack([rare, frequent]), np.random.RandomState(0))
    assert sorted(parts[:4]) == [0, 1, 2, 3]
