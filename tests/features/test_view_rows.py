import collections

import numpy as np
import pytest
import torch
from torch import nn

from sktl.backbones import Backbone, WeightsInfo
from sktl.engines import TorchEngine
from sktl.features import (
    ActivationCache,
    ArrayRows,
    FrozenActivations,
    Samples,
    StreamedRows,
    ViewRows,
    stack_views,
)

N, K = 40, 3
passed = collections.Counter()  # samples that went through each frozen stage


@pytest.fixture
def views():
    """Return three views of 40 samples: the hundreds tell the view, the rest the sample."""
    plain = np.arange(N, dtype=np.float32)[:, None]
    return [ArrayRows(plain), StreamedRows(N, lambda i: torch.from_numpy(plain[i] + 100)), ArrayRows(plain + 200)]


class TestRows:
    def test_each_sample_gets_a_view_in_its_place(self, views):
        indices = np.array([7, 3, 3, 20, 0, 39, 7] * 20)
        batch = ViewRows(views).batch(indices)
        assert batch.shape == (140, 1)
        assert batch.dtype == torch.float32
        assert np.array_equal(batch[:, 0].numpy() % 100, indices)

    def test_views_are_drawn_evenly(self, views):
        drawn = ViewRows(views).batch(np.zeros(3000, dtype=int))[:, 0].numpy() // 100
        assert np.bincount(drawn.astype(int)).min() > 900

    def test_views_follow_the_global_generator(self, views):
        rows, drawn = ViewRows(views), []
        for seed in (1, 1, 2):
            torch.manual_seed(seed)
            drawn.append(rows.batch(np.arange(N)))
        assert torch.equal(drawn[0], drawn[1])
        assert not torch.equal(drawn[0], drawn[2])
        assert not torch.equal(rows.batch(np.arange(N)), rows.batch(np.arange(N)))

    def test_one_view_draws_nothing(self, views):
        before = torch.get_rng_state()
        assert torch.equal(ViewRows(views[:1]).batch(np.array([4, 2])), torch.tensor([[4.0], [2.0]]))
        assert torch.equal(torch.get_rng_state(), before)

    def test_one_sample(self, views):
        assert ViewRows(views).batch(np.array([5])).item() % 100 == 5

    def test_a_batch_is_new_memory(self, views):
        ViewRows(views).batch(np.arange(N)).zero_()
        assert np.array_equal(ViewRows(views[:1]).batch(np.arange(N))[:, 0].numpy(), np.arange(N))

    def test_length(self, views):
        assert len(ViewRows(views)) == N

    @pytest.mark.parametrize("lengths", [(), (3, 4)])
    def test_views_are_of_the_same_samples(self, lengths):
        with pytest.raises(ValueError, match=r"views have \[.*\] samples: expected at least one view"):
            ViewRows([ArrayRows(np.zeros((n, 1))) for n in lengths])


class TestStack:
    def test_view_after_view(self, rng):
        features = [rng.normal(size=(4, 2)) for _ in range(K)]
        stacked, sample = stack_views(features)
        assert stacked.shape == (12, 2)
        for view in range(K):
            for i in range(4):
                assert np.array_equal(stacked[view * 4 + i], features[view][i])
                assert sample[view * 4 + i] == i

    def test_weights_and_targets_repeat(self, rng):
        weights = rng.uniform(size=(4, 2))
        _, sample = stack_views([np.zeros((4, 1))] * K)
        np.testing.assert_allclose((weights[sample] / K).sum(axis=0), weights.sum(axis=0))

    @pytest.mark.parametrize(
        "features", [[], [np.zeros((3, 2)), np.zeros((4, 2))], [np.zeros((3, 2)), np.zeros((3, 1))]]
    )
    def test_views_of_other_shapes(self, features):
        with pytest.raises(ValueError, match=r"the features of views have the shapes \[.*\]: expected at least one"):
            stack_views(features)


class Counting(nn.Module):
    """A stage that counts the samples that pass while it is frozen."""

    def __init__(self, name, *layers):
        super().__init__()
        self.name = name
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        if not any(parameter.requires_grad for parameter in self.parameters()):
            passed[self.name] += len(x)
        return self.layers(x)


class TestOncePerView:
    """Each view of each sample passes through each frozen stage once."""

    @pytest.fixture(autouse=True)
    def _no_counts(self):
        passed.clear()

    @pytest.fixture
    def backbone(self):
        stages = [
            ("one", Counting("one", nn.Conv2d(3, 4, 3, padding=1), nn.ReLU())),
            ("two", Counting("two", nn.Conv2d(4, 3, 3), nn.ReLU())),
            ("three", Counting("three", nn.Conv2d(3, 2, 3))),
        ]
        return Backbone(stages=stages, input_kind="tensor", weights=WeightsInfo("w", "test"))

    @pytest.fixture
    def X(self, rng):
        return torch.from_numpy(rng.random((N, 3, 12, 12), dtype=np.float32))

    def open(self, backbone, X, number, cache):
        """Return the activations of a view, which is as many times as bright."""
        samples = Samples(
            n_samples=len(X),
            load=lambda indices: X[indices] * (number + 1),
            keys=lambda indices: [X[i].numpy().tobytes()[:16] for i in indices],
            view=f"view {number}",
        )
        return FrozenActivations(TorchEngine(backbone), samples, cache=cache, batch_size=16)

    def test_over_epochs_depths_and_fits(self, backbone, X):
        cache = ActivationCache(max_bytes=2**24)
        for _ in range(2):  # as two candidates of a search
            views = [self.open(backbone, X, number, cache) for number in range(K)]
            stack_views([view.features() for view in views])
            for depth in (1, 2):
                rows = ViewRows([view.rows(depth) for view in views])
                for _ in range(5):  # epochs
                    for start in range(0, N, 8):
                        rows.batch(np.arange(start, start + 8))
        assert passed == {"one": K * N, "two": K * N, "three": K * N}

    def test_the_plain_view_is_found_by_fits_without_others(self, backbone, X):
        cache = ActivationCache(max_bytes=2**24)
        for number in range(K):
            self.open(backbone, X, number, cache).features()
        passed.clear()
        plain = self.open(backbone, X, 0, cache).features()
        assert not passed
        assert np.array_equal(plain, self.open(backbone, X, 0, None).features())

    def test_views_are_not_mixed_up(self, backbone, X):
        cache = ActivationCache(max_bytes=2**24)
        rows = ViewRows([self.open(backbone, X, number, cache).rows(1) for number in range(K)])
        batch = rows.batch(np.arange(N))
        expected = [self.open(backbone, X, number, None).rows(1).batch(np.arange(N)) for number in range(K)]
        of_a_view = torch.stack([torch.isclose(batch, one, atol=1e-6).flatten(1).all(1) for one in expected])
        assert of_a_view.sum(0).tolist() == [1] * N
        assert (of_a_view.sum(1) > 0).all()
