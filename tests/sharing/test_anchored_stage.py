import copy

import pytest
import torch
from torch import nn

from sktl.sharing._anchored_stage import AnchoredStage
from sktl.sharing._tower_stages import TowerStage

STAGES = {
    "one product": nn.Sequential(nn.Linear(4, 6), nn.ReLU()),
    "a loop": nn.Sequential(nn.Linear(4, 6), nn.LayerNorm(6)),
}


@pytest.fixture(params=STAGES)
def plain(request):
    return copy.deepcopy(STAGES[request.param])


@pytest.fixture
def anchored(plain):
    return AnchoredStage(TowerStage(plain, 3, is_first=True))


def scatter(stage):
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in stage.parameters():
            parameter.copy_(torch.randn_like(parameter))


def test_towers_start_as_the_anchor(plain, anchored):
    x = torch.randn(5, 4)
    torch.testing.assert_close(anchored(x), plain(x).expand(3, 5, 6))
    assert not any(offset.any() for offset in anchored.offsets.parameters())


def test_a_tower_is_the_anchor_plus_its_offset(anchored):
    scatter(anchored)
    x = torch.randn(5, 4)
    whole = anchored(x)
    for number in range(3):
        torch.testing.assert_close(anchored.tower(number)(x), whole[number])
    assert not torch.allclose(whole[0], whole[1])


def test_the_anchor_has_the_sum_of_the_towers_gradients(plain, anchored):
    x = torch.randn(5, 4)
    anchored(x)[:2].square().sum().backward()
    plain(x).square().sum().backward()
    for anchor, parameter in zip(anchored.anchors, plain.parameters(), strict=True):
        torch.testing.assert_close(anchor.grad, 2 * parameter.grad)
    towers = [alike if len(alike) > 1 else list(alike[0].grad) for alike in anchored.offsets.tied()]
    for alike in towers:
        gradients = [one.grad if isinstance(one, nn.Parameter) else one for one in alike]
        torch.testing.assert_close(gradients[0], gradients[1])
        assert gradients[2] is None or not gradients[2].any()  # its outputs were left out


def test_shrinking_leaves_the_anchor(anchored):
    scatter(anchored)
    anchors = [anchor.clone() for anchor in anchored.anchors]
    offsets = [offset.clone() for offset in anchored.offsets.parameters()]
    anchored.shrink(1.5)
    assert all(torch.equal(a, b) for a, b in zip(anchors, anchored.anchors, strict=True))
    for old, new in zip(offsets, anchored.offsets.parameters(), strict=True):
        torch.testing.assert_close(new.detach(), old / 4)


def test_an_endless_step_leaves_no_offset(anchored):
    scatter(anchored)
    anchored.shrink(float("inf"))
    x = torch.randn(2, 4)
    assert torch.equal(anchored(x)[0], anchored(x)[1])


def test_it_survives_copies_and_state_dicts(plain, anchored):
    scatter(anchored)
    again = AnchoredStage(TowerStage(plain, 3, is_first=True))
    again.load_state_dict(anchored.state_dict())
    x = torch.randn(2, 4)
    assert torch.equal(again(x), anchored(x))
    assert torch.equal(copy.deepcopy(anchored)(x), anchored(x))
