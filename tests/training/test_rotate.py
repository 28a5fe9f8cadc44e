import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from sktl.training._rotate import rotate

SHAPES = [(12, 40), (40, 12), (20, 20)]


@pytest.fixture(params=SHAPES, ids=str)
def problem(request, rng):
    n, d = request.param
    features = rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + 5
    return features, rng.uniform(0.1, 2, size=n)


def test_coordinates_have_weighted_mean_zero_and_length_one(problem):
    features, weights = problem
    coordinates = rotate(features, weights).coordinates
    np.testing.assert_allclose(np.average(coordinates, axis=0, weights=weights), 0, atol=1e-10)
    assert np.average((coordinates**2).sum(axis=1), weights=weights) == pytest.approx(1)


def test_no_more_axes_than_samples(problem):
    features, weights = problem
    assert rotate(features, weights).coordinates.shape[1] <= min(features.shape)


def test_inner_products_are_kept(problem):
    features, weights = problem
    rotated = rotate(features, weights)
    centred = (features - rotated.mean) / rotated.scale
    np.testing.assert_allclose(rotated.coordinates @ rotated.coordinates.T, centred @ centred.T, atol=1e-10)


def test_outputs_are_the_same_for_the_features_themselves(problem, rng):
    features, weights = problem
    rotated = rotate(features, weights)
    coef, intercept = rng.normal(size=(3, rotated.coordinates.shape[1])), rng.normal(size=3)
    weight, bias = rotated.to_features(coef, intercept)
    np.testing.assert_allclose(features @ weight.T + bias, rotated.coordinates @ coef.T + intercept, atol=1e-8)


def test_ridge_solved_here_is_ridge_on_the_features(problem, rng):
    features, weights = problem
    y = rng.normal(size=(len(features), 2))
    rotated = rotate(features, weights)
    here = Ridge(alpha=0.3).fit(rotated.coordinates, y, sample_weight=weights)
    weight, bias = rotated.to_features(here.coef_, here.intercept_)
    direct = Ridge(alpha=0.3 * rotated.scale**2).fit(features, y, sample_weight=weights)
    np.testing.assert_allclose(weight, direct.coef_, atol=1e-8)
    np.testing.assert_allclose(bias, direct.intercept_, atol=1e-7)


def test_logistic_regression_solved_here_is_that_on_the_features(problem, rng):
    features, weights = problem
    y = rng.integers(0, 3, size=len(features))
    rotated = rotate(features, weights)
    here = LogisticRegression(C=2.0, tol=1e-10, max_iter=5_000)
    here.fit(rotated.coordinates, y, sample_weight=weights)
    weight, bias = rotated.to_features(here.coef_, here.intercept_)
    centred = features - rotated.mean
    direct = LogisticRegression(C=2.0 / rotated.scale**2, tol=1e-10, max_iter=20_000)
    direct.fit(centred, y, sample_weight=weights)
    np.testing.assert_allclose(weight, direct.coef_, atol=1e-5)
    np.testing.assert_allclose(features @ weight.T + bias, direct.decision_function(centred), atol=1e-4)


@pytest.mark.parametrize("shape", [(3, 8), (8, 3)])
def test_constant_features_leave_the_intercept(shape):
    rotated = rotate(np.full(shape, 2.5), np.ones(shape[0]))
    assert rotated.coordinates.shape[0] == shape[0]
    assert rotated.coordinates.shape[1] >= 1
    weight, bias = rotated.to_features(np.ones((1, rotated.coordinates.shape[1])), np.array([0.7]))
    np.testing.assert_allclose(np.full(shape, 2.5) @ weight.T + bias, 0.7)


def test_repeated_samples_span_fewer_axes(rng):
    features = np.repeat(rng.normal(size=(3, 10)), 2, axis=0)
    rotated = rotate(features, np.ones(6))
    assert rotated.coordinates.shape == (6, 2)
    assert np.isfinite(rotated.axes).all()
