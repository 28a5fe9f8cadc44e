import copy

import pytest
import torch
from torch import nn

from sktl.sharing import tower_of
from sktl.sharing._stacked import ELEMENTWISE, StackedLinear, stack
from sktl.sharing._tower_stages import TowerStage

N_TOWERS = 3
STAGES = {
    "linear": lambda: nn.Linear(4, 4),
    "no bias": lambda: nn.Linear(4, 4, bias=False),
    "layers": lambda: nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Sequential(nn.Linear(6, 4), nn.Tanh())),
    "writes to its input": lambda: nn.Sequential(nn.SiLU(inplace=True), nn.Linear(4, 4)),
    "starts with dropout": lambda: nn.Sequential(nn.Dropout(0.5), nn.Linear(4, 4)),
    "identity": lambda: nn.Sequential(nn.Identity(), nn.Linear(4, 4)),
}
NOT_STACKED = {
    "normalises": lambda: nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4)),
    "writes to its input": lambda: nn.Sequential(nn.SiLU(inplace=True), nn.Linear(4, 4), nn.LayerNorm(4)),
    "convolves": lambda: nn.Conv1d(3, 3, 1),
}


def move(stage, number):
    """Move the parameters of one tower, away from the others."""
    torch.manual_seed(100 + number)
    with torch.no_grad():
        for alike in stage.tied():
            parameter = alike[0][number] if len(alike) == 1 else alike[number]
            parameter += torch.randn(parameter.shape)


def pair(make, is_first):
    """Return towers in one product, and the same ones as a loop, in double precision."""
    plain = make()
    stages = [TowerStage(plain, N_TOWERS, is_first, stacked) for stacked in (True, False)]
    for stage in stages:
        for number in range(N_TOWERS):
            move(stage, number)
    assert [stage.is_stacked for stage in stages] == [True, False]
    return [stage.double().eval() for stage in stages]


@pytest.fixture(params=[(2,), (2, 3)], ids=["rows", "tokens"])
def shape(request):
    return request.param


@pytest.mark.parametrize("name", STAGES)
@pytest.mark.parametrize("is_first", [True, False])
def test_one_product_equals_a_loop(name, is_first, shape):
    stacked, loop = pair(STAGES[name], is_first)
    x = torch.randn(*(() if is_first else (N_TOWERS,)), *shape, 4, dtype=torch.float64)
    found = []
    for stage in (stacked, loop):
        mine = x.clone().requires_grad_()
        out = stage(mine * 1)
        assert out.shape == (N_TOWERS, *shape, 4)
        (
            out * torch.arange(1.0, 1 + N_TOWERS, dtype=out.dtype).reshape(-1, *[1] * len(shape), 1)
        ).square().sum().backward()
        found.append((out.detach(), mine.grad))
    torch.testing.assert_close(found[0], found[1])
    for one, many in zip(stacked.tied(), loop.tied(), strict=True):
        torch.testing.assert_close(one[0].grad, torch.stack([p.grad for p in many]))


@pytest.mark.parametrize("name", STAGES)
@pytest.mark.parametrize("number", range(N_TOWERS))
def test_the_tower_of_a_product_is_the_tower_of_the_loop(name, number):
    stacked, loop = pair(STAGES[name], True)
    one, other = tower_of(stacked, number), tower_of(loop, number)
    assert list(one.state_dict()) == list(other.state_dict())
    x = torch.randn(5, 4, dtype=torch.float64)
    assert torch.equal(one.eval()(x.clone()), other.eval()(x.clone()))
    torch.testing.assert_close(one(x.clone()), stacked(x.clone())[number])


@pytest.mark.parametrize("name", NOT_STACKED)
@pytest.mark.parametrize("is_first", [True, False])
def test_layers_that_cannot_be_stacked_are_done_one_by_one(name, is_first):
    stage = TowerStage(NOT_STACKED[name](), N_TOWERS, is_first)
    assert not stage.is_stacked
    for number in range(N_TOWERS):
        move(stage, number)
    x = torch.randn(*(() if is_first else (N_TOWERS,)), 2, 3, 4)
    out = stage(x.clone().requires_grad_() * 1)
    for number in range(N_TOWERS):
        torch.testing.assert_close(out[number], stage.tower(number)((x if is_first else x[number]).clone()))
    out.square().sum().backward()
    assert all(p.grad is not None for p in stage.parameters())


@pytest.mark.parametrize("stacked", [True, False])
def test_a_tower_is_a_copy(stacked):
    stage = TowerStage(STAGES["layers"](), N_TOWERS, True, stacked)
    before = copy.deepcopy(stage.state_dict())
    with torch.no_grad():
        for parameter in stage.tower(1).parameters():
            parameter += 1
    assert all(torch.equal(tensor, before[name]) for name, tensor in stage.state_dict().items())


def test_what_towers_start_from_is_left_alone():
    plain = nn.Sequential(nn.ReLU(inplace=True), nn.Linear(4, 4))
    stage = TowerStage(plain, N_TOWERS, True)
    with torch.no_grad():
        for parameter in stage.parameters():
            parameter.zero_()
    assert plain[1].weight.any()
    assert plain[0].inplace


def test_towers_drop_numbers_of_their_own():
    out = TowerStage(nn.Dropout(0.5), N_TOWERS, True)(torch.ones(50, 4))
    assert not torch.equal(out[0], out[1])


@pytest.mark.parametrize("kind", ELEMENTWISE, ids=lambda kind: kind.__name__)
def test_layers_that_one_serves_all_networks_treat_each_number_by_itself(kind):
    layer, x = kind().eval(), torch.randn(2, 3, 4)
    alone = torch.stack([layer(number.clone().reshape(1)) for number in x.flatten()]).reshape(x.shape)
    torch.testing.assert_close(stack([layer, layer])(x), alone)
    assert not list(layer.parameters())


@pytest.mark.parametrize("module", [nn.LayerNorm(4), nn.PReLU(), nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))])
def test_what_cannot_be_stacked_is_not(module):
    assert stack([module, copy.deepcopy(module)]) is None


def test_a_kind_of_linear_layer_of_one_s_own_is_not_stacked():
    class Odd(nn.Linear):
        def forward(self, x):
            return -super().forward(x)

    assert stack([Odd(2, 2), Odd(2, 2)]) is None


@pytest.mark.parametrize("bias", [True, False])
def test_one_layer_out_of_several(bias):
    layers = [nn.Linear(3, 2, bias=bias).double() for _ in range(4)]
    stacked = StackedLinear(layers)
    assert stacked.weight.shape == (4, 2, 3)
    for number, layer in enumerate(layers):
        one = stacked.one(number)
        assert one.weight.dtype == torch.float64
        assert torch.equal(one.weight, layer.weight)
        assert one.bias is None if not bias else torch.equal(one.bias, layer.bias)
