"""The evidence that features hold of labels."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from sktl.transferability import logme


def by_hand(features, y):
    """Return the largest log evidence per sample, from the normal distribution that y has under the model."""

    def negative(logs):
        alpha, beta = np.exp(logs)
        covariance = features @ features.T / alpha + np.eye(len(y)) / beta
        return -multivariate_normal(cov=covariance, allow_singular=True).logpdf(y) / len(y)

    starts = [(0.0, 0.0), (3.0, 0.0), (0.0, 3.0), (-3.0, 1.0)]
    return -min(minimize(negative, start, method="Nelder-Mead", options={"maxiter": 2000}).fun for start in starts)


def by_iteration(features, y, n_iter=2000):
    """Return what the fixed-point iteration of the paper ends at."""
    n, d = features.shape
    u, s, _ = np.linalg.svd(features, full_matrices=False)
    z, sigma = u.T @ y, s**2
    outside = max(y @ y - z @ z, 0)
    alpha = beta = 1.0
    for _ in range(n_iter):
        t = alpha / beta
        weights = sigma * z**2 / (sigma + t) ** 2
        misfit = outside + (z**2 * t**2 / (sigma + t) ** 2).sum()
        gamma = (sigma / (sigma + t)).sum()
        alpha, beta = gamma / weights.sum(), (n - gamma) / misfit
    t = alpha / beta
    weights = (sigma * z**2 / (sigma + t) ** 2).sum()
    misfit = outside + (z**2 * t**2 / (sigma + t) ** 2).sum()
    size = np.log(alpha + beta * sigma).sum() + (d - len(s)) * np.log(alpha)
    whole = n * np.log(beta) + d * np.log(alpha) - n * np.log(2 * np.pi) - beta * misfit - alpha * weights - size
    return whole / 2 / n


@pytest.mark.parametrize("shape", [(30, 4), (12, 25), (10, 10)])
def test_it_is_the_largest_evidence_of_the_model(rng, shape):
    """Numbers: against the density written out, with more samples than features and fewer."""
    features = rng.normal(size=shape)
    y = features @ rng.normal(size=shape[1]) + rng.normal(size=shape[0])
    assert logme(features, y, "regression") == pytest.approx(by_hand(features, y), abs=1e-5)


def test_it_is_where_the_iteration_of_the_paper_ends(rng):
    """The same maximum, without an iteration."""
    features = rng.normal(size=(80, 20)) + 1
    y = features @ rng.normal(size=20) + 3 * rng.normal(size=80)
    assert logme(features, y, "regression") == pytest.approx(by_iteration(features, y), abs=1e-8)


def test_classes_are_the_mean_of_one_against_the_rest(rng):
    """Each class is a target of 0 and 1; names of classes do not matter."""
    features, y = rng.normal(size=(40, 5)), rng.integers(3, size=40)
    parts = [logme(features, (y == label).astype(float), "regression") for label in range(3)]
    assert logme(features, y) == pytest.approx(np.mean(parts))
    assert logme(features, np.array(["b", "c", "a"])[y]) == pytest.approx(np.mean(parts))


def test_a_rotation_and_a_scale_do_not_matter(rng):
    """The prior on the weights has a width that is fitted, and no direction."""
    features, y = rng.normal(size=(40, 5)), rng.integers(2, size=40)
    turn, _ = np.linalg.qr(rng.normal(size=(5, 5)))
    assert logme(7 * features @ turn, y) == pytest.approx(logme(features, y), abs=1e-8)


def test_more_informed_features_have_more(rng):
    """The more is in the features, the more evidence."""
    y = rng.integers(2, size=100)
    found = [logme(rng.normal(size=(100, 10)) + strength * y[:, None], y) for strength in (0, 0.3, 1, 3)]
    assert found == sorted(found)
    assert found[3] > found[0] + 0.3


@pytest.mark.parametrize("features", [np.zeros((6, 3)), np.eye(6), np.eye(6)[:, :2], np.ones((6, 1)) * 1e6])
def test_features_that_say_nothing_and_all(features):
    """The value is a number at both ends."""
    assert np.isfinite(logme(features, [0, 0, 1, 1, 0, 1]))
    assert np.isfinite(logme(features, [1.0, 0.5, 0, 0, 0, 0], "regression"))


def test_features_without_signal_fall_back_to_the_spread_of_y():
    """Without features y is noise around 0."""
    y = np.array([1.0, -2.0, 0.5])
    expected = multivariate_normal(cov=np.eye(3) * np.mean(y**2)).logpdf(y) / 3
    assert logme(np.zeros((3, 2)), y, "regression") == pytest.approx(expected)


def test_wrong_calls(rng):
    """Each is told."""
    features, y = rng.normal(size=(6, 2)), [0, 1] * 3
    with pytest.raises(ValueError, match="kind must be 'classification' or 'regression', got 'binary'"):
        logme(features, y, "binary")
    with pytest.raises(ValueError, match=r"y holds one value only, \[1\]"):
        logme(features, [1] * 6)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        logme(features, y[:-1])
    with pytest.raises(ValueError, match="features contains NaN"):
        logme(np.where(features > 0, np.nan, features), y)
