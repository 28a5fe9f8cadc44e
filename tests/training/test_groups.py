import pytest
from torch import nn

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
