import math

import numpy as np
import pytest
import torch

from sktl.losses import LOSSES, WeightedMeanLoss, cross_entropy, logistic, squared_error


@pytest.fixture
def batch(rng):
    """Return a function that makes outputs and targets for a kind of task."""

    def make(kind, n=12):
        n_outputs = 1 if kind == "binary" else 3
        outputs = torch.from_numpy(rng.normal(scale=3, size=(n, n_outputs)))
        if kind == "regression":
            return outputs, torch.from_numpy(rng.normal(size=(n, n_outputs)))
        targets = torch.from_numpy(rng.integers(0, max(2, n_outputs), size=n))
        return outputs, targets.to(outputs.dtype) if kind == "binary" else targets

    return make


def test_logistic_against_a_loop(batch):
    outputs, targets = batch("binary")
    expected = []
    for (z,), target in zip(outputs.tolist(), targets.tolist(), strict=True):
        p = 1 / (1 + math.exp(-z))
        expected.append(-math.log(p if target == 1 else 1 - p))
    np.testing.assert_allclose(logistic(outputs, targets), expected)


def test_logistic_is_finite_far_out():
    outputs, targets = torch.tensor([[1000.0], [-1000.0]]), torch.tensor([0.0, 1.0])
    assert logistic(outputs, targets).tolist() == [1000.0, 1000.0]


def test_cross_entropy_against_a_loop(batch):
    outputs, targets = batch("multiclass")
    expected = [
        math.log(sum(math.exp(z) for z in row)) - row[target]
        for row, target in zip(outputs.tolist(), targets.tolist(), strict=True)
    ]
    np.testing.assert_allclose(cross_entropy(outputs, targets), expected)


def test_squared_error_against_a_loop(batch):
    outputs, targets = batch("regression")
    expected = [
        sum((z - t) ** 2 for z, t in zip(row, target, strict=True)) / 2 / 3
        for row, target in zip(outputs.tolist(), targets.tolist(), strict=True)
    ]
    np.testing.assert_allclose(squared_error(outputs, targets), expected)


class TestContract:
    """What every loss keeps to."""

    @pytest.fixture(params=sorted(LOSSES))
    def kind(self, request):
        return request.param

    def test_one_finite_value_of_zero_or_more_for_each_sample(self, kind, batch):
        losses = LOSSES[kind](*batch(kind))
        assert losses.shape == (12,)
        assert torch.isfinite(losses).all()
        assert (losses >= 0).all()

    def test_samples_do_not_see_each_other(self, kind, batch):
        outputs, targets = batch(kind)
        whole = LOSSES[kind](outputs, targets)
        alone = torch.cat([LOSSES[kind](outputs[i : i + 1], targets[i : i + 1]) for i in range(12)])
        torch.testing.assert_close(whole, alone)

    def test_the_mean_is_that_of_a_loop(self, kind, batch, rng):
        outputs, targets = batch(kind)
        weights = torch.from_numpy(rng.uniform(size=12))
        losses = LOSSES[kind](outputs, targets)
        expected = sum(w * loss for w, loss in zip(weights.tolist(), losses.tolist(), strict=True)) / 12
        mean = WeightedMeanLoss(LOSSES[kind])(outputs, (targets, weights))
        assert mean.ndim == 0
        assert mean.item() == pytest.approx(expected)

    def test_the_mean_over_batches_is_that_of_all_samples(self, kind, batch, rng):
        outputs, targets = batch(kind)
        weights = torch.from_numpy(rng.uniform(size=12))
        weights /= weights.mean()
        mean = WeightedMeanLoss(LOSSES[kind])
        whole = mean(outputs, (targets, weights)).item()
        parts = [mean(outputs[i : i + 4], (targets[i : i + 4], weights[i : i + 4])).item() for i in (0, 4, 8)]
        assert np.mean(parts) == pytest.approx(whole)
        assert whole == pytest.approx(np.average(LOSSES[kind](outputs, targets), weights=weights))

    def test_a_weight_of_zero_leaves_no_gradient(self, kind, batch):
        outputs, targets = batch(kind)
        outputs.requires_grad_()
        weights = torch.ones(12, dtype=outputs.dtype)
        weights[3] = 0
        WeightedMeanLoss(LOSSES[kind])(outputs, (targets, weights)).backward()
        assert (outputs.grad[3] == 0).all()
        assert (outputs.grad[4] != 0).any()
