"""How far a mean difference over folds can be trusted."""

import numpy as np
import pytest
from scipy import stats

from sktl.model_selection._interval import corrected_interval


def test_without_overlap_it_is_students_interval(rng):
    """With no test samples per training sample, the correction is nothing."""
    differences = rng.normal(size=(7, 1))
    low, high = corrected_interval(differences, 0.0, 0.9)
    expected = stats.ttest_1samp(differences[:, 0], 0).confidence_interval(0.9)
    assert (low[0], high[0]) == pytest.approx(tuple(expected))


def test_the_variance_is_that_of_nadeau_and_bengio(rng):
    """Its factor is 1/k + n_test / n_train; at five folds the interval is 1.5 times the plain one."""
    differences = rng.normal(size=(5, 3))
    plain, corrected = (np.diff(corrected_interval(differences, ratio, 0.95), axis=0) for ratio in (0.0, 0.25))
    assert np.allclose(corrected, 1.5 * plain)


def test_it_covers_as_often_as_it_says(rng):
    """Differences that share a part, as those of folds do, are covered far better than by the plain interval.

    With a correlation of ρ between folds, the variance of the mean is σ² (1/k + (1 − 1/k) ρ) while the sample variance
    estimates σ² (1 − ρ); n_test / n_train = ρ / (1 − ρ) makes the two meet.
    """
    correlation, n_tasks = 0.2, 4_000
    shared = np.sqrt(correlation) * rng.normal(size=(1, n_tasks))
    differences = shared + np.sqrt(1 - correlation) * rng.normal(size=(5, n_tasks))

    def coverage(ratio):
        low, high = corrected_interval(differences, ratio, 0.95)
        return ((low < 0) & (high > 0)).mean()

    assert coverage(correlation / (1 - correlation)) == pytest.approx(0.95, abs=0.015)
    assert coverage(0.0) < 0.87


def test_missing_folds_are_left_out(rng):
    """NaN counts for nothing; of fewer than two folds there is no interval."""
    differences = rng.normal(size=(5, 3))
    differences[3:, 0] = np.nan
    differences[1:, 1] = np.nan
    differences[:, 2] = np.nan
    low, high = corrected_interval(differences, 0.25, 0.95)
    expected = corrected_interval(differences[:3, :1], 0.25, 0.95)
    assert (low[0], high[0]) == (expected[0][0], expected[1][0])
    assert np.isnan([low[1:], high[1:]]).all()
