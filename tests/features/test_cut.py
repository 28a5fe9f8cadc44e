import pytest
import torch
from torch import nn

from sktl.backbones import Backbone
from sktl.engines import TorchEngine
from sktl.features._cut import Cut


def make_backbone(seed=0, activation=nn.ReLU):
    torch.manual_seed(seed)
    return Backbone(stages=[("one", nn.Linear(3, 4)), ("two", nn.Sequential(nn.Linear(4, 2), activation()))])


@pytest.fixture
def space():
    return Cut(2).space(TorchEngine(make_backbone()), "a view", (3,))


def test_sixteen_bytes_that_stay_the_same(space):
    assert len(space) == 16
    assert Cut(2).space(TorchEngine(make_backbone()), "a view", (3,)) == space


def test_what_makes_another_space(space, monkeypatch):
    others = {
        "depth": Cut(1).space(TorchEngine(make_backbone()), "a view", (3,)),
        "pooled": Cut(2, pooled=True).space(TorchEngine(make_backbone()), "a view", (3,)),
        "weights": Cut(2).space(TorchEngine(make_backbone(seed=1)), "a view", (3,)),
        "code": Cut(2).space(TorchEngine(make_backbone(activation=nn.GELU)), "a view", (3,)),
        "view": Cut(2).space(TorchEngine(make_backbone()), "another view", (3,)),
        "shape": Cut(2).space(TorchEngine(make_backbone()), "a view", (2, 3)),
        "device": Cut(2).space(TorchEngine(make_backbone(), device=torch.device("meta")), "a view", (3,)),
        "precision": Cut(2).space(TorchEngine(make_backbone(), "bfloat16"), "a view", (3,)),
    }
    monkeypatch.setattr(torch, "__version__", "0.0")
    others["torch"] = Cut(2).space(TorchEngine(make_backbone()), "a view", (3,))
    assert len({space, *others.values()}) == 1 + len(others)


def test_stages_behind_the_cut_do_not_count():
    one = Cut(1).space(TorchEngine(make_backbone()), "a view", (3,))
    assert Cut(1).space(TorchEngine(make_backbone(activation=nn.GELU)), "a view", (3,)) == one


def test_the_number_of_a_device_does_not_count(space):
    assert Cut(2).space(TorchEngine(make_backbone(), device=torch.device("cpu", 0)), "a view", (3,)) == space
