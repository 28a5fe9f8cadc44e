"""Backbones from the user's own networks."""

import copy
import doctest

import pytest
import torch
from torch import nn

import sktl.backbones._module
from sktl.backbones._module import backbone_from_module
from sktl.backbones._weights import WeightsInfo
from sktl.exceptions import CutError
from sktl.utils._preprocessing import Preprocessing


def convolutional():
    return nn.Sequential(
        nn.Conv2d(2, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Conv2d(4, 6, 3),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(6, 3),
    )


def test_docstring():
    assert doctest.testmod(sktl.backbones._module).failed == 0


def test_module_is_left_as_it_is():
    module = convolutional().train()
    module[0].weight.requires_grad_(False)
    before = copy.deepcopy(module.state_dict())
    backbone = backbone_from_module(module)
    assert module.training
    assert [p.requires_grad for p in module.parameters()] == [False] + [True] * 7
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())
    ours = {id(p) for _, stage in backbone.stages for p in stage.parameters()}
    assert ours.isdisjoint(id(p) for p in module.parameters())


def test_stages_return_what_the_network_returns():
    module = convolutional().eval()
    backbone = backbone_from_module(module)
    for size in (2, 5):
        x = torch.randn(size, 2, 9, 9)
        with torch.no_grad():
            assert torch.equal(backbone.logits(x), module(x))
    assert backbone(x).shape == (5, 6)


def test_copies_in_training_mode_drop_out():
    suffix = backbone_from_module(convolutional()).suffix(1).train()
    activations = torch.rand(8, 4, 7, 7)
    (stage,) = suffix.children()
    assert (stage(activations) == 0).any()


def test_what_is_guessed():
    backbone = backbone_from_module(convolutional())
    assert (backbone.input_kind, backbone.n_channels, backbone.architecture) == ("image", 2, "cnn")
    assert (backbone.name, backbone.is_pretrained, backbone.channel_axis) == ("Sequential", True, 1)
    table = backbone_from_module(nn.Sequential(nn.Linear(7, 4), nn.ReLU(), nn.Linear(4, 2)))
    assert (table.input_kind, table.n_channels, table.architecture) == ("table", 7, "mlp")
    tokens = backbone_from_module(
        nn.Sequential(nn.Embedding(9, 4), nn.TransformerEncoderLayer(4, 2, 8, batch_first=True))
    )
    assert (tokens.input_kind, tokens.n_channels, tokens.architecture) == ("tensor", None, "transformer")
    assert tokens.channel_axis == -1
    assert tokens.pool(tokens(torch.zeros(3, 5, dtype=torch.long))).shape == (3, 4)


def test_what_is_given_is_kept():
    preprocessing, weights = Preprocessing(size=(9, 9)), WeightsInfo("mine", "a file")
    backbone = backbone_from_module(
        convolutional(),
        stages=["2"],
        name="mine",
        input_kind="tensor",
        n_channels=5,
        preprocessing=preprocessing,
        weights=weights,
        channel_axis=-1,
        architecture="mlp",
        fixed_size=True,
    )
    assert backbone.stage_names == ("2", "tail")
    assert (backbone.name, backbone.input_kind, backbone.n_channels) == ("mine", "tensor", 5)
    assert (backbone.preprocessing, backbone.weights) == (preprocessing, weights)
    assert (backbone.channel_axis, backbone.architecture, backbone.fixed_size) == (-1, "mlp", True)
    assert not backbone_from_module(convolutional(), weights=None).is_pretrained


def test_errors():
    with pytest.raises(TypeError, match=r"must be a torch\.nn\.Module, not dict"):
        backbone_from_module({})
    with pytest.raises(CutError, match="no layer with weights before its output layer"):
        backbone_from_module(nn.Linear(3, 2))
    with pytest.raises(CutError, match="there is no submodule 'body'"):
        backbone_from_module(convolutional(), stages=["body"])


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("compile_it", [torch.jit.script, lambda net: torch.jit.trace(net, torch.zeros(1, 4))])
@pytest.mark.parametrize("inside", [False, True])
def test_compiled_networks(compile_it, inside):
    network = compile_it(nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)))
    with pytest.raises(CutError, match=r"is compiled, by torch\.jit\.script or torch\.jit\.trace.*: give the module"):
        backbone_from_module(nn.Sequential(network, nn.Linear(2, 2)) if inside else network)
