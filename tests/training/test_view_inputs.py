import numpy as np
import pytest
import torch
from torch import nn

from sktl.backbones import Backbone, WeightsInfo
from sktl.engines import TorchEngine
from sktl.features import ArrayRows, FrozenActivations, Samples
from sktl.training._view_inputs import ViewInputs

N = 7


@pytest.fixture
def of_view(rng):
    stages = [("double", Doubled()), ("again", Doubled())]
    backbone = Backbone(stages=stages, weights=WeightsInfo("made", "a test"))

    def of_view(first):
        X = torch.from_numpy(first + np.arange(2.0 * N).reshape(N, 2).astype(np.float32))
        samples = Samples(
            N,
            lambda indices: X[torch.as_tensor(indices)],
            lambda indices: [b"%016d" % i for i in indices],
            "",
            in_memory=True,
        )
        return FrozenActivations(TorchEngine(backbone), samples, cache=None, batch_size=3)

    return of_view


class Doubled(nn.Module):
    def forward(self, x):
        return 2 * x


EVERYTHING = np.arange(N)


def test_blocks_hold_the_views_one_after_the_other(of_view):
    plain, other = of_view(0), of_view(100)
    one = ViewInputs(plain)
    two = ViewInputs(plain, (other,))
    assert (one.n_views, two.n_views) == (1, 2)
    for place, depth in enumerate((1, 2)):
        assert np.array_equal(one.blocks((1, 2))[place], plain.features(depth))
        expected = np.concatenate([plain.features(depth), other.features(depth)])
        assert np.array_equal(two.blocks((1, 2))[place], expected)


def test_vectors_are_drawn_to_train_on_and_plain_to_validate_on(of_view):
    inputs = ViewInputs(of_view(0), (of_view(100),))
    rows, held = inputs.vectors(inputs.blocks((1, 2)))
    plain = np.concatenate(ViewInputs(of_view(0)).blocks((1, 2)), axis=1)
    assert np.array_equal(held.batch(EVERYTHING).numpy(), plain)
    differ = np.stack([(rows.batch(EVERYTHING).numpy() != plain).any(axis=1) for _ in range(20)])
    assert differ.any(axis=0).all()
    assert not differ.all(axis=0).any()


@pytest.mark.parametrize("depth", [1, 2])
def test_rows_are_drawn_to_train_on_and_plain_to_validate_on(of_view, depth):
    rows, held = ViewInputs(of_view(0), (of_view(100),)).rows(depth)
    plain = of_view(0).rows(depth).batch(EVERYTHING)
    assert torch.equal(held.batch(EVERYTHING), plain)
    differ = torch.stack([(rows.batch(EVERYTHING) != plain).any(dim=1) for _ in range(20)])
    assert differ.any(dim=0).all()
    assert not differ.all(dim=0).any()


def test_the_first_stage_takes_new_views_if_it_is_trained(of_view):
    fresh = ArrayRows(np.zeros((N, 2)))
    rows, held = ViewInputs(of_view(0), (of_view(100),), fresh).rows(0)
    assert rows is fresh
    assert torch.equal(held.batch(EVERYTHING), of_view(0).rows(0).batch(EVERYTHING))
    rows, _ = ViewInputs(of_view(0)).rows(0)
    assert torch.equal(rows.batch(EVERYTHING), held.batch(EVERYTHING))
