import pytest
import torch
from sklearn.base import clone
from torch import nn

from sktl.backbones import MLP
from sktl.backbones._mlp import _ACTIVATIONS


def test_a_hidden_layer_is_a_stage():
    backbone = MLP((7, 5)).build(3)
    assert backbone.stage_names == ("hidden1", "hidden2")
    assert backbone.stage_sizes() == [3 * 7 + 7, 7 * 5 + 5]
    assert backbone(torch.zeros(2, 3)).shape == (2, 5)


def test_what_it_says_of_itself():
    backbone = MLP().build(3)
    assert (backbone.name, backbone.input_kind, backbone.architecture, backbone.n_channels) == (
        "mlp",
        "table",
        "mlp",
        3,
    )
    assert backbone.stage_sizes() == [3 * 256 + 256, 256 * 256 + 256]
    assert not backbone.is_pretrained


@pytest.mark.parametrize("activation", sorted(_ACTIVATIONS))
def test_activations(activation):
    backbone = MLP((4,), activation).build(3)
    x = torch.randn(6, 3)
    linear = backbone.stages[0][1][0]
    assert torch.equal(backbone(x), _ACTIVATIONS[activation]()(linear(x)))


def test_dropout_follows_each_layer():
    stages = MLP((4, 4), dropout=0.3).build(3).suffix(0)
    assert [type(stage[-1]) for stage in stages] == [nn.Dropout, nn.Dropout]
    assert stages[0][-1].p == 0.3
    assert [len(stage) for stage in MLP((4, 4)).build(3).suffix(0)] == [2, 2]


def test_weights_come_from_torch_s_generator():
    torch.manual_seed(0)
    one, other = MLP().build(3), MLP().build(3)
    torch.manual_seed(0)
    assert MLP().build(3).fingerprint() == one.fingerprint() != other.fingerprint()


def test_a_description_is_cloned():
    spec = MLP([3], "tanh", 0.1)
    assert clone(spec).get_params() == spec.get_params()
    assert clone(spec) is not spec


@pytest.mark.parametrize("sizes", [(), (4, 0), [-1], 8])
def test_sizes(sizes):
    with pytest.raises(ValueError, match=r"hidden_layer_sizes must hold at least one size of 1 or more, as in .*, got"):
        MLP(sizes).build(3)


def test_no_activation():
    with pytest.raises(ValueError, match=r"activation must be one of \['relu', .*\], got 'swish'"):
        MLP((3,), "swish").build(3)


def dropped(backbone):
    """Return the shares that the layers of a network drop."""
    return [layer.p for _, stage in backbone.stages for layer in stage if isinstance(layer, nn.Dropout)]


@pytest.mark.parametrize(("n_features", "expected"), [(255, []), (256, [0.2, 0.5, 0.5])])
def test_wide_tables_have_dropout(n_features, expected):
    assert dropped(MLP((4, 3)).build(n_features)) == expected


def test_dropout_that_is_given_is_taken():
    assert dropped(MLP((4, 3), dropout=0.1, input_dropout=0.3).build(5)) == [0.3, 0.1, 0.1]
    assert dropped(MLP((4, 3), dropout=0.0, input_dropout=0.0).build(500)) == []
