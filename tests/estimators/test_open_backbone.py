import os
import pathlib

import pytest
import torch
from torch import nn

from sktl.backbones import MLP, Backbone, WeightsInfo, _registry
from sktl.estimators._open_backbone import _held_backbone, describe_backbone, dtype_of, open_backbone


@pytest.fixture
def known(monkeypatch):
    """Register a network and return the weights that it was asked for."""
    asked = []

    def build(weights):
        asked.append(weights)
        return Backbone(
            stages=[("one", nn.Linear(3, 2))], weights=None if weights is None else WeightsInfo(weights, "a test")
        )

    monkeypatch.setitem(_registry._registered, "toy_net", build)
    yield asked
    _held_backbone.cache_clear()


def test_descriptions():
    spec = MLP((3,))
    backbone = Backbone(stages=[("one", nn.Linear(3, 2))], input_kind="tensor")
    assert describe_backbone("resnet18") == ("resnet18", "image")
    assert describe_backbone(spec) == (spec, "table")
    assert describe_backbone(backbone) == (backbone, "tensor")
    described, kind = describe_backbone("mlp")
    assert (type(described), kind) == (MLP, "table")
    described, kind = describe_backbone(nn.Sequential(nn.Linear(3, 2), nn.ReLU()))
    assert (type(described), kind) == (Backbone, "table")


def test_no_description():
    with pytest.raises(TypeError, match=r"backbone must be a name, an MLP.*fitted estimator\), got dict"):
        describe_backbone({})


def test_pretrained_networks_are_loaded_once(known):
    first = open_backbone("toy_net", "default", 3, seed=0)
    assert open_backbone("toy_net", "default", 3, seed=1) is first
    assert known == ["default"]


def test_random_networks_are_drawn_by_seed(known):
    one, same, other = (open_backbone("toy_net", None, 3, seed) for seed in (0, 0, 1))
    assert known == [None, None, None]
    assert one is not same
    assert one.weights_fingerprint() == same.weights_fingerprint() != other.weights_fingerprint()


def test_paths_go_as_strings_and_a_changed_file_is_read_again(known, tmp_path):
    path = tmp_path / "weights.pth"
    path.write_bytes(b"1")
    open_backbone("toy_net", path, 3, seed=0)
    open_backbone("toy_net", pathlib.Path(path), 3, seed=0)
    assert known == [str(path)]
    os.utime(path, (1, 1))
    open_backbone("toy_net", path, 3, seed=0)
    assert known == [str(path)] * 2


def test_a_backbone_is_taken_as_it_is():
    backbone = Backbone(stages=[("one", nn.Linear(3, 2))])
    assert open_backbone(backbone, "default", 3, seed=0) is backbone


def test_weights_for_a_given_backbone():
    backbone = Backbone(stages=[("one", nn.Linear(3, 2))], name="mine")
    with pytest.raises(ValueError, match="weights='V2' is for backbones that go by a name, but 'mine' was given"):
        open_backbone(backbone, "V2", 3, seed=0)


def test_weights_for_an_mlp():
    with pytest.raises(ValueError, match=r"an MLP has no weights to load, got weights='a\.pth'; leave"):
        open_backbone(MLP(), pathlib.Path("a.pth"), 3, seed=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_an_mlp_has_the_type_of_the_table(dtype):
    backbone = open_backbone(MLP((4,)), "default", 3, seed=0, dtype=dtype)
    assert dtype_of(backbone) == dtype
    assert backbone.n_channels == 3


def test_no_weights_at_all_are_single_floats():
    assert dtype_of(Backbone(stages=[("one", nn.ReLU())])) == torch.float32


class TestReset:
    def test_new_weights_and_fresh_statistics(self, make_table_backbone):
        backbone = make_table_backbone()
        backbone.stages[0][1][1].running_mean.add_(3)
        reset = open_backbone(backbone, None, 64, seed=0)
        assert reset.stages[0][1][1].running_mean.abs().max() == 0
        assert (reset.weights, reset.rebuild, reset.output_layer) == (None, None, None)
        assert reset.fingerprint() != backbone.fingerprint()
        assert backbone.stages[0][1][1].running_mean.min() == 3

    def test_by_seed(self, make_table_backbone):
        backbone = make_table_backbone()
        one, same, other = (open_backbone(backbone, None, 64, seed).fingerprint() for seed in (0, 0, 1))
        assert one == same != other

    def test_nothing_learned_stays(self):
        class Block(nn.Module):
            """A module with parameters of its own and attention, as in vision transformers."""

            def __init__(self):
                super().__init__()
                self.scale = nn.Parameter(torch.full((4,), 5.0))
                self.attention = nn.MultiheadAttention(4, 2, batch_first=True)

            def forward(self, x):
                return self.attention(x * self.scale, x, x)[0]

        backbone = Backbone(stages=[("one", Block())], weights=WeightsInfo("w", "test"))
        before = dict(backbone.stages[0][1].named_parameters())
        reset = dict(open_backbone(backbone, None, 3, seed=9).stages[0][1].named_parameters())
        matrices = [name for name, parameter in before.items() if "bias" not in name]
        assert [name for name in matrices if torch.equal(before[name], reset[name])] == []
