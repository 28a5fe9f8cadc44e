import contextlib

import numpy as np
import pytest
from scipy.optimize import check_grad
from sklearn.linear_model import LogisticRegression

from sktl.training import _logistic
from sktl.training._logistic import _binary, _multiclass, solve_logistic

PENALTIES = [1e-1, 1e-2, 1e-3]


@pytest.fixture(params=[2, 3, 5])
def data(request, rng):
    y = np.arange(60) % request.param
    return rng.normal(size=(60, 7)) + 0.5 * np.eye(7)[y], y, rng.uniform(0.2, 3, size=60)


def test_the_path_is_that_of_scikit_learn(data):
    X, y, weights = data
    path = solve_logistic(X, y, weights, PENALTIES, 1e-8)
    for penalty, (coef, intercept, n_iter) in zip(PENALTIES, path, strict=True):
        expected = LogisticRegression(C=1 / (penalty * weights.sum()), tol=1e-8, max_iter=1_000)
        expected.fit(X, y, sample_weight=weights)
        np.testing.assert_allclose(coef, expected.coef_, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(
            intercept - intercept.mean(), expected.intercept_ - expected.intercept_.mean(), atol=1e-6
        )
        if len(intercept) == 1:
            np.testing.assert_allclose(intercept, expected.intercept_, atol=1e-6)
        assert n_iter > 0


def test_gradients(data, rng):
    X, y, weights = data
    objective, n_outputs = (_binary, 1) if y.max() == 1 else (_multiclass, y.max() + 1)
    at = rng.normal(size=n_outputs * 8)
    shares = weights / weights.sum()
    found = check_grad(
        lambda flat: objective(X, y, shares, flat, 0.3)[0], lambda flat: objective(X, y, shares, flat, 0.3)[1], at
    )
    assert found < 1e-6


def test_weights_are_relative_and_an_integer_weight_is_a_repeat(data):
    X, y, weights = data
    counts = 1 + (weights > 1).astype(int)
    (one,) = solve_logistic(X, y, counts.astype(float), [0.01], 1e-9)
    (scaled,) = solve_logistic(X, y, 10.0 * counts, [0.01], 1e-9)
    (repeated,) = solve_logistic(X.repeat(counts, axis=0), y.repeat(counts), np.ones(counts.sum()), [0.01], 1e-9)
    for other in (scaled, repeated):
        np.testing.assert_allclose(one[0], other[0], atol=1e-6)


def test_next_to_no_penalty_on_classes_far_apart_has_an_end():
    X, y = np.array([[-1.0], [1.0]]).repeat(5, axis=0), np.array([0, 1]).repeat(5)
    ((coef, intercept, _),) = solve_logistic(X, y, np.ones(10), [1e-12], 1e-6)
    assert np.isfinite(coef).all()
    assert ((X @ coef.T + intercept)[:, 0] > 0).tolist() == y.tolist()


def test_large_features_do_not_overflow(data):
    X, y, weights = data
    for coef, intercept, _ in solve_logistic(1e4 * X, y, weights, PENALTIES, 1e-3):
        assert np.isfinite(coef).all()
        assert np.isfinite(intercept).all()


@pytest.mark.parametrize("threads_pay", [True, False])
def test_small_problems_are_solved_by_one_thread(monkeypatch, threads_pay):
    entered = []

    @contextlib.contextmanager
    def one_thread():
        entered.append(1)
        yield

    monkeypatch.setattr(_logistic, "one_blas_thread", one_thread)
    if threads_pay:
        monkeypatch.setattr(_logistic, "THREADS_PAY", 30)
    rng = np.random.default_rng(0)
    solve_logistic(rng.normal(size=(10, 3)), np.arange(10) % 2, np.ones(10), [0.1], 1e-3)
    assert bool(entered) is not threads_pay
