import pytest
import torch
from torch import nn

from sktl.backbones._channels import adapt_first_layer
from sktl.exceptions import CutError


@pytest.fixture
def model():
    return nn.Sequential(nn.Conv2d(3, 8, 3, bias=True), nn.ReLU(), nn.Conv2d(8, 3, 1))


def test_one_channel_stands_for_all_three(model):
    grey = torch.rand(2, 1, 9, 9)
    expected = model(grey.expand(-1, 3, -1, -1))
    later = model[2].weight
    adapt_first_layer(model, 1)
    assert model[0].in_channels == 1
    assert model[0].weight.shape == (8, 1, 3, 3)
    assert torch.allclose(model(grey), expected, atol=1e-6)
    assert model[2].weight is later


@pytest.mark.parametrize("in_channels", [2, 4, 6, 7])
def test_other_counts_take_weights_in_turn(model, in_channels):
    before = model[0].weight.clone()
    adapt_first_layer(model, in_channels)
    assert model[0].weight.shape == (8, in_channels, 3, 3)
    for channel in range(in_channels):
        assert torch.equal(model[0].weight[:, channel], before[:, channel % 3] * (3 / in_channels))


def test_activations_keep_their_size_when_channels_repeat(model):
    x = torch.rand(2, 3, 9, 9)
    expected = model(x)
    adapt_first_layer(model, 6)
    assert torch.allclose(model(x.repeat(1, 2, 1, 1)), expected, atol=1e-6)


def test_the_same_count_changes_nothing(model):
    before = model[0].weight
    adapt_first_layer(model, 3)
    assert model[0].weight is before


def test_frozen_weights_stay_frozen(model):
    model.requires_grad_(False)
    adapt_first_layer(model, 1)
    assert not model[0].weight.requires_grad


@pytest.mark.parametrize("in_channels", [0, -1, 1.0, "3", None])
def test_a_count_must_be_a_positive_whole_number(model, in_channels):
    with pytest.raises(ValueError, match="in_channels must be a whole number from 1 on, not"):
        adapt_first_layer(model, in_channels)


def test_a_network_without_convolution_is_refused():
    with pytest.raises(CutError, match="of Linear cannot be adapted to 1 channels: it has no convolution"):
        adapt_first_layer(nn.Linear(3, 2), 1)


def test_a_split_first_layer_is_refused():
    with pytest.raises(CutError, match="split into groups"):
        adapt_first_layer(nn.Conv2d(3, 3, 3, groups=3), 1)
