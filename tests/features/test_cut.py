import pytest
import torch
from torch import nn

from sktl.backbones import Backbone
from sktl.features._cut import Cut

CPU = torch.device("cpu")


def make_backbone(seed=0, activation=nn.ReLU):
    torch.manual_seed(seed)
    return Backbone(stages=[("one", nn.Linear(3, 4)), ("two", nn.Sequential(nn.Linear(4, 2), activation()))])


@pytest.fixture
def space():
    return Cut(2).space(make_backbone(), "a view", CPU)


def test_sixteen_bytes_that_stay_the_same(space):
    assert len(space) == 16
    assert Cut(2).space(make_backbone(), "a view", CPU) == space


def test_what_makes_another_space(space, monkeypatch):
    others = {
        "depth": Cut(1).space(make_backbone(), "a view", CPU),
        "pooled": Cut(2, pooled=True).space(make_backbone(), "a view", CPU),
        "weights": Cut(2).space(make_backbone(seed=1), "a view", CPU),
        "code": Cut(2).space(make_backbone(activation=nn.GELU), "a view", CPU),
        "view": Cut(2).space(make_backbone(), "another view", CPU),
        "device": Cut(2).space(make_backbone(), "a view", torch.device("meta")),
    }
    monkeypatch.setattr(torch, "__version__", "0.0")
    others["torch"] = Cut(2).space(make_backbone(), "a view", CPU)
    assert len({space, *others.values()}) == 1 + len(others)


def test_stages_behind_the_cut_do_not_count():
    one = Cut(1).space(make_backbone(), "a view", CPU)
    assert Cut(1).space(make_backbone(activation=nn.GELU), "a view", CPU) == one


def test_the_number_of_a_device_does_not_count(space):
    assert Cut(2).space(make_backbone(), "a view", torch.device("cpu", 0)) == space
