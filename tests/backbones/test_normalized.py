import pytest
import torch
import torchvision
from torch import nn

from sktl.backbones import behind_normalization, normalized_convolutions


class Block(nn.Module):
    """A convolution and its normalisation, with something between or around them."""

    def __init__(self, between=None, code=None):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.norm = nn.BatchNorm2d(3)
        self.between, self.code = between, code

    def forward(self, x):
        if self.code is not None:
            return self.code(self, x)
        out = self.conv(x)
        if self.between is not None:
            out = self.between(out)
        return torch.relu(self.norm(out) + x)


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "shufflenet_v2_x0_5", "regnet_y_400mf"])
def test_all_normalisation_of_networks_that_people_use(name):
    network = torchvision.models.get_model(name, weights=None)
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    pairs = normalized_convolutions(network)
    assert {norm for _, norm in pairs} == set(norms)
    assert len({convolution for convolution, _ in pairs}) == len(norms)
    assert all(convolution.out_channels == norm.num_features for convolution, norm in pairs)


def test_a_block_that_adds_its_input():
    block = Block()
    assert normalized_convolutions(nn.Sequential(block)) == [(block.conv, block.norm)]


@pytest.mark.parametrize(
    "code",
    [
        lambda self, x: self.norm(self.norm(self.conv(x))),
        lambda self, x: self.norm(self.conv(self.conv(x))),
        lambda self, x: (out := self.conv(x)) + self.norm(out),
        lambda self, x: self.norm(self.conv(x) * 2),
        lambda self, x: self.conv(self.norm(x)),
        lambda self, x: self.norm(self.conv(x)) if x.shape[0] > 1 else x,
        lambda self, x: self.norm(self.conv(x)) if x.sum() > 0 else x,
        lambda self, x: self.nothing(x),
    ],
    ids=["norm twice", "conv twice", "output used twice", "scaled", "before", "by shape", "by value", "broken"],
)
def test_what_is_no_such_pair_or_cannot_be_followed(code):
    assert normalized_convolutions(Block(code=code)) == []


@pytest.mark.parametrize("between", [nn.ReLU(), nn.Dropout(), nn.Identity()])
def test_something_in_between(between):
    assert normalized_convolutions(Block(between=between)) == []


def test_a_layer_with_two_places():
    block = Block()
    assert normalized_convolutions(nn.ModuleList([block, nn.Sequential(block.conv, nn.BatchNorm2d(3))])) == []


def test_hooks_and_parametrisations():
    hooked, parametrised, plain = Block(), Block(), Block()
    hooked.conv.register_forward_hook(lambda *arguments: None)
    nn.utils.parametrizations.weight_norm(parametrised.conv)
    found = normalized_convolutions(nn.ModuleList([hooked, parametrised, plain]))
    assert found == [(plain.conv, plain.norm)]


def test_other_code_of_a_layer_is_not_known():
    class Louder(nn.BatchNorm2d):
        def forward(self, x):
            return 2 * super().forward(x)

    assert normalized_convolutions(nn.Sequential(nn.Conv2d(3, 3, 1), Louder(3))) == []


def test_the_network_stays_as_it_is():
    block = Block().eval()
    before, names = block(torch.ones(1, 3, 4, 4)), set(vars(block))
    normalized_convolutions(block)
    assert torch.equal(block(torch.ones(1, 3, 4, 4)), before)
    assert set(vars(block)) == names


def test_modules_keep_their_call_meanwhile():
    """Other threads may run networks: nothing of torch's may be replaced."""
    seen = []

    def code(self, x):
        seen.append((nn.Module.__call__, nn.Module.__getattr__))
        return self.norm(self.conv(x))

    expected = (nn.Module.__call__, nn.Module.__getattr__)
    assert len(normalized_convolutions(Block(code=code))) == 1
    assert seen == [expected]


def test_normalisation_of_timm_with_its_activation():
    layers = pytest.importorskip("timm.layers")
    norm = layers.BatchNormAct2d(3)
    convolution = nn.Conv2d(3, 3, 1)
    assert normalized_convolutions(nn.Sequential(convolution, norm)) == [(convolution, norm)]
    x = torch.randn(2, 3, 4, 4)
    assert torch.equal(behind_normalization(norm)(x), x.relu())
    assert torch.equal(behind_normalization(nn.BatchNorm2d(3))(x), x)
