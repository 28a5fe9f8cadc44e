import pytest
import torch

from sktl.backbones import Backbone, pool_channels
from sktl.backbones._pool import pool_tokens, token_mask


@pytest.mark.parametrize(("axis", "shape"), [(1, (2, 4)), (-1, (2, 6))])
def test_all_axes_but_one(axis, shape):
    x = torch.randn(2, 4, 5, 6)
    pooled = pool_channels(x, axis)
    assert pooled.shape == shape
    assert torch.allclose(pooled[1, 2], x[1, 2].mean() if axis == 1 else x[1, ..., 2].mean())


def test_vectors_stay_as_they_are():
    x = torch.randn(2, 4)
    assert pool_channels(x, 1) is x
    assert pool_tokens(x) is x


def test_padding_is_no_part_of_the_mean():
    x = torch.randn(2, 5, 3)
    x[0, 2:] = 0
    x[1, :, 0] = 0  # one channel of a token that is there
    assert torch.equal(token_mask(x), torch.tensor([[True, True, False, False, False], [True] * 5]))
    pooled = pool_tokens(x)
    assert torch.allclose(pooled, torch.stack([x[0, :2].mean(dim=0), x[1].mean(dim=0)]))


def test_a_row_of_padding_is_zero():
    assert torch.equal(pool_tokens(torch.zeros(1, 4, 3)), torch.zeros(1, 3))


def test_a_backbone_says_which():
    x = torch.ones(1, 4, 3)
    x[:, 2:] = 0
    stages = [("one", torch.nn.Linear(3, 3))]
    assert torch.equal(Backbone(stages=stages, channel_axis=-1).pool(x), torch.full((1, 3), 0.5))
    assert torch.equal(Backbone(stages=stages, channel_axis=-1, skips_padding=True).pool(x), torch.ones(1, 3))
