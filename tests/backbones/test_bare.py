import torch
from torch import nn
from torchvision import models

from sktl.backbones._bare import BareNetworks


def test_layers_hold_no_numbers():
    state = torch.random.get_rng_state()
    with BareNetworks():
        model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2))
    assert all(parameter.is_meta for parameter in model.parameters())
    assert torch.equal(torch.random.get_rng_state(), state)
    assert not nn.Linear(2, 2).weight.is_meta


def test_computed_tensors_are_kept():
    with BareNetworks():
        swin = models.swin_v2_t(weights=None)
        computed = torch.arange(3)
        asked = torch.empty(3, device="cpu")
    attention = swin.features[1][0].attn
    whole = models.swin_v2_t(weights=None).features[1][0].attn
    assert torch.equal(attention.relative_position_index, whole.relative_position_index)
    assert torch.equal(attention.relative_coords_table, whole.relative_coords_table)
    assert not computed.is_meta
    assert not asked.is_meta
