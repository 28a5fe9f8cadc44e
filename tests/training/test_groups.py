import pytest
import torch
from torch import nn

from sktl.heads import build_head
from sktl.sharing import SCHEMES
from sktl.training._groups import parameter_groups
from sktl.training._network import Network


@pytest.fixture
def network():
    stages = nn.ModuleList([nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)), nn.Linear(3, 4)])
    return Network(stages, nn.Sequential(nn.Linear(4, 2)), 1, True)


def test_the_rate_falls_by_a_factor_per_stage(network):
    groups = parameter_groups(network.named_parameters(), n_stages=2, lr=1.0, lr_decay=0.5)
    rates = {id(parameter): group["lr"] for group in groups for parameter in group["params"]}
    assert {rates[id(p)] for p in network.head.parameters()} == {1.0}
    assert {rates[id(p)] for p in network.stages[1].parameters()} == {0.5}
    assert {rates[id(p)] for p in network.stages[0].parameters()} == {0.25}


def test_vectors_are_not_decayed_and_matrices_are(network):
    groups = parameter_groups(network.named_parameters(), n_stages=2, lr=1.0, lr_decay=0.5)
    for group in groups:
        is_vector = {parameter.ndim < 2 for parameter in group["params"]}
        assert is_vector == {"weight_decay" in group}
        assert group.get("weight_decay", 0.0) == 0.0


def test_each_parameter_is_in_one_group(network):
    groups = parameter_groups(network.named_parameters(), n_stages=2, lr=1.0, lr_decay=1.0)
    grouped = [id(parameter) for group in groups for parameter in group["params"]]
    assert sorted(grouped) == sorted(id(parameter) for parameter in network.parameters())


def test_what_is_beside_the_stages_has_the_rate_of_the_head(network):
    others = [("criterion.scale", nn.Parameter(network.head[0].weight.detach()))]
    (group,) = parameter_groups(others, n_stages=2, lr=0.3, lr_decay=0.5)
    assert group["lr"] == 0.3


@pytest.fixture
def towers():
    """Return a function that makes a network of three towers."""

    def make(scheme):
        stages = nn.ModuleList([nn.Sequential(nn.Linear(2, 3), nn.LayerNorm(3)), nn.Linear(3, 4)])
        heads = [build_head(4, n_outputs, hidden=(5,)) for n_outputs in (1, 3, 2)]
        joined = SCHEMES[scheme]().join(stages, heads, ["one", "two"])
        return Network(joined.stages, joined.head, 1, True, joined.has_towers, joined.tie)

    return make


@pytest.mark.parametrize("scheme", SCHEMES)
def test_biases_of_several_towers_are_not_decayed(towers, scheme):
    network = towers(scheme)
    groups = parameter_groups(network.named_parameters(), n_stages=2, lr=1.0, lr_decay=0.5)
    spared = {id(p) for group in groups if group.get("weight_decay") == 0.0 for p in group["params"]}
    for name, parameter in network.named_parameters():
        is_matrix = (name.endswith("weight") or ".anchors." in name) and parameter.ndim > 1
        assert (id(parameter) in spared) is not is_matrix, name
    assert any(p.ndim > 1 for name, p in network.named_parameters() if name.endswith("bias"))


def test_mixtures_learn_ten_times_as_fast_as_the_head(towers):
    network = towers("cross_stitch")
    groups = parameter_groups(network.named_parameters(), n_stages=2, lr=0.3, lr_decay=0.5)
    rates = {id(parameter): group["lr"] for group in groups for parameter in group["params"]}
    mixtures = [p for name, p in network.named_parameters() if name.endswith("mixing")]
    assert [rates[id(p)] for p in mixtures] == pytest.approx([3.0, 3.0])
    assert all(p.shape == (3, 3) for p in mixtures)
    assert {rates[id(p)] for p in network.head.parameters()} == {0.3}
    for number, rate in enumerate([0.075, 0.15]):
        assert all(rates[id(p)] == pytest.approx(rate) for p in network.stages[number].stage.parameters())


def test_the_head_s_group_can_be_told(towers):
    network = towers("cross_stitch")
    groups = parameter_groups(network.named_parameters(), n_stages=2, lr=0.3, lr_decay=0.5)
    assert {group["lr"] for group in groups if group["below_head"] == 0} == {0.3}
    optimizer = torch.optim.AdamW(groups, lr=9.0)
    assert sorted({group["below_head"] for group in optimizer.param_groups}) == [0, 1, 2]
