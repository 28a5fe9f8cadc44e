"""What every scheme keeps to, on tables, pictures and tokens."""

import copy

import numpy as np
import pytest
import torch
from sklearn.base import clone
from torch import nn

from sktl.heads import build_head
from sktl.sharing import SCHEMES, CrossStitch, NoSharing, SoftSharing, tower_of
from sktl.sharing._soft import PENALTIES

MEMBERS = [scheme() for scheme in SCHEMES.values()] + [SoftSharing(penalty=penalty) for penalty in PENALTIES]
MEMBERS += [CrossStitch(own_share=0.5)]
WIDTHS = (1, 3, 2)


@pytest.fixture(params=MEMBERS, ids=repr)
def scheme(request):
    return clone(request.param)


@pytest.mark.parametrize("hidden", [(), (7,)])
@pytest.mark.parametrize("training", [True, False])
def test_outputs_of_all_tasks_stand_side_by_side(scheme, kind, hidden, training):
    network = kind.network(scheme, WIDTHS, hidden).train(training)
    assert network(kind.inputs()).shape == (3, 6)


def test_one_sample_is_a_batch(scheme, kind):
    assert kind.network(scheme).eval()(kind.inputs(1)).shape == (1, 6)


def test_samples_do_not_see_each_other(scheme, kind):
    network, x = kind.network(scheme, dtype=torch.float64).eval(), kind.inputs().double()
    alone = torch.cat([network(x[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(network(x), alone)


@pytest.mark.parametrize("hidden", [(), (7,)])
def test_with_one_task_all_schemes_are_the_plain_network(scheme, kind, hidden):
    network, x = kind.network(scheme, (3,), hidden).train(), kind.inputs()
    torch.manual_seed(2)
    head = build_head(5, 3, hidden)
    stages = kind.stages()
    plain = x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 else x
    for stage in stages.train():
        plain = stage(plain)
    axes = {1: (2, 3), -1: (1,)}[kind.channel_axis]
    plain = head(plain.mean(dim=axes) if plain.ndim > 2 else plain)
    outputs = network(x)
    assert torch.equal(outputs, plain)
    outputs.sum().backward()
    plain.sum().backward()
    trained = [*stages.parameters(), *head.parameters()]
    for mine, other in zip(network.parameters(), trained, strict=True):
        assert torch.equal(mine.grad, other.grad)


def test_at_first_all_towers_return_what_the_shared_stages_would(scheme, kind):
    """Towers start from one network, so that every scheme starts at one answer."""
    x = kind.inputs().double()
    expected = kind.network(SCHEMES["hard"](), dtype=torch.float64).eval()(x)
    torch.testing.assert_close(kind.network(scheme, dtype=torch.float64).eval()(x), expected)


def test_every_parameter_learns(scheme, kind):
    network = kind.network(scheme, hidden=(7,)).train()
    network(kind.inputs(8)).square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name


def test_networks_can_be_copied(scheme, kind):
    network, x = kind.network(scheme).eval(), kind.inputs()
    again = copy.deepcopy(network)
    assert torch.equal(network(x), again(x))
    other = kind.network(scheme).eval()
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.zero_()
    other.load_state_dict(network.state_dict())
    assert torch.equal(network(x), other(x))


def test_the_input_is_left_as_it_was(scheme, kind):
    x = kind.inputs()
    before = x.clone()
    kind.network(scheme).train()(x)
    assert torch.equal(x, before)


def test_a_scheme_is_a_set_of_parameters(scheme):
    again = clone(scheme)
    assert again is not scheme
    assert again.get_params() == scheme.get_params()
    assert repr(again) == repr(scheme)
    assert again.set_params(**scheme.get_params()) is again


def test_without_free_stages_only_the_heads_are_left(scheme):
    joined = scheme.join(nn.ModuleList(), [build_head(4, width) for width in WIDTHS], [])
    assert not joined.has_towers
    assert joined.head(torch.rand(3, 4)).shape == (3, 6)


@pytest.mark.parametrize("scheme", [NoSharing(), *(SoftSharing(penalty=penalty) for penalty in PENALTIES)], ids=repr)
@pytest.mark.parametrize("task", range(3))
def test_a_task_s_outputs_depend_on_its_own_tower_only(scheme, kind, task):
    network, x = kind.network(clone(scheme)).train(), kind.inputs()
    start = sum(WIDTHS[:task])
    network(x)[:, start : start + WIDTHS[task]].square().sum().backward()
    n_checked = 0
    for stage in network.stages:
        for alike in getattr(stage, "offsets", stage).tied():
            rows = alike[0].grad if len(alike) == 1 else [p.grad for p in alike]
            for number in range(3):
                row = rows[number]
                if number == task:
                    n_checked += bool(row.any())
                else:
                    assert row is None or not row.any()
    assert n_checked


@pytest.mark.parametrize("number", range(3))
def test_a_tower_is_the_network_of_its_task(kind, number):
    network, x = kind.network(NoSharing(), dtype=torch.float64).train(), kind.inputs().double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
        network(x)
    network.eval()
    alone = [tower_of(stage, number).eval() for stage in network.stages]
    one, many = x, x
    for tower, stage in zip(alone, network.stages, strict=True):
        one, many = tower(one), stage(many)
        torch.testing.assert_close(one, many[number])
    held = {id(tensor) for tensor in network.state_dict(keep_vars=True).values()}
    assert not held & {id(tensor) for tower in alone for tensor in tower.state_dict(keep_vars=True).values()}


def test_towers_of_one_network_are_like_the_stages_they_came_from(kind):
    network = kind.network(NoSharing())
    for stage, plain in zip(network.stages, kind.stages(), strict=True):
        state = tower_of(stage, 1).state_dict()
        assert list(state) == list(plain.state_dict())
        assert all(torch.equal(state[name], tensor) for name, tensor in plain.state_dict().items())


def test_a_shared_stage_is_every_task_s(kind):
    network = kind.network(SCHEMES["hard"]())
    copied = tower_of(network.stages[0], 2)
    assert copied is not network.stages[0]
    assert all(torch.equal(a, b) for a, b in zip(copied.parameters(), network.stages[0].parameters(), strict=True))


def test_a_stitched_tower_cannot_be_had_alone(table):
    network = table.network(CrossStitch())
    with pytest.raises(AttributeError, match=r"with CrossStitch each tower takes part of what the others see"):
        tower_of(network.stages[0], 0)


class TestCrossStitch:
    def test_a_share_of_one_is_no_exchange(self, kind):
        x = kind.inputs().double()
        stitched, apart = (kind.network(s, dtype=torch.float64) for s in (CrossStitch(own_share=1.0), NoSharing()))
        torch.manual_seed(5)
        with torch.no_grad():
            for (name, mine), other in zip(
                ((n, p) for n, p in stitched.named_parameters() if not n.endswith("mixing")),
                apart.parameters(),
                strict=True,
            ):
                assert mine.shape == other.shape, name
                mine += torch.randn_like(mine)
                other.copy_(mine)
        torch.testing.assert_close(stitched.eval()(x), apart.eval()(x))

    @pytest.mark.parametrize("own_share", [0.0, 0.4, 1.0])
    def test_rows_of_the_mixture_sum_to_one(self, table, own_share):
        for stage in table.network(CrossStitch(own_share=own_share)).stages:
            np.testing.assert_allclose(stage.mixing.detach().sum(dim=1), 1, rtol=1e-6)
            np.testing.assert_allclose(stage.mixing.detach().diagonal(), own_share, rtol=1e-6)

    def test_a_row_is_what_one_tower_takes(self, table):
        network, x = table.network(CrossStitch(), dtype=torch.float64), table.inputs().double()
        stage = network.stages[0]
        with torch.no_grad():
            for parameter in stage.parameters():
                parameter += torch.randn_like(parameter)
        seen = stage.stage(x)
        expected = sum(stage.mixing[1, other] * seen[other] for other in range(3))
        torch.testing.assert_close(stage(x)[1], expected)

    def test_tasks_learn_from_each_other_s_towers(self, table):
        network = table.network(CrossStitch())
        network(table.inputs())[:, 0].sum().backward()
        assert network.stages[0].stage.towers[0].weight.grad.flatten(1).any(dim=1).all()
        assert network.stages[0].mixing.grad.any()

    @pytest.mark.parametrize("own_share", [-0.1, 1.1, float("nan"), "a"])
    def test_shares_are_within_zero_and_one(self, table, own_share):
        with pytest.raises(ValueError, match=r"own_share of CrossStitch must be a number in \[0, 1\], got"):
            table.network(CrossStitch(own_share=own_share))
