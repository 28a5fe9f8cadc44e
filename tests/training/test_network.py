import copy

import numpy as np
import pytest
import torch
from torch import nn

from sktl.heads import build_head
from sktl.training import Network


def make_network(hold_batch_norm):
    stages = nn.ModuleList(
        [nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4)), nn.Sequential(nn.Dropout(0.5), nn.Conv2d(4, 6, 3))]
    )
    return Network(stages, build_head(6, 2, hidden=(5,), dropout=0.5), 1, hold_batch_norm)


def test_stages_then_mean_over_places_then_head():
    network = make_network(True).eval()
    x = torch.rand(3, 1, 8, 8)
    expected = network.head(network.stages[1](network.stages[0](x)).mean(dim=(2, 3)))
    torch.testing.assert_close(network(x), expected)
    assert network(x).shape == (3, 2)


def test_channels_may_come_last():
    network = Network(nn.ModuleList([nn.Linear(4, 6)]), nn.Sequential(nn.Linear(6, 2)), -1, True)
    x = torch.rand(3, 5, 4)
    torch.testing.assert_close(network(x), network.head(network.stages[0](x).mean(dim=1)))


def test_without_stages_features_go_to_the_head():
    network = Network(nn.ModuleList(), nn.Sequential(nn.Linear(4, 2)), 1, True)
    x = torch.rand(3, 4)
    assert torch.equal(network(x), network.head(x))


@pytest.mark.parametrize("hold", [True, False])
def test_train_switches_all_but_held_batch_normalisation(hold):
    network = make_network(hold).eval()
    assert network.train() is network
    modes = {type(module).__name__: module.training for module in network.modules()}
    assert modes["BatchNorm2d"] is not hold
    assert modes["Dropout"]
    assert modes["Conv2d"]
    network.eval()
    assert not any(module.training for module in network.modules())


@pytest.mark.parametrize("hold", [True, False])
def test_held_statistics_stay_in_a_training_pass(hold):
    network = make_network(hold).train()
    norm = network.stages[0][1]
    network(5 + torch.rand(4, 1, 8, 8))
    assert torch.equal(norm.running_mean, torch.zeros(4)) is hold
    assert (int(norm.num_batches_tracked) == 0) is hold


def test_held_layers_still_learn_their_scales():
    network = make_network(True).train()
    network(torch.rand(4, 1, 8, 8)).sum().backward()
    assert network.stages[0][1].weight.grad is not None
    assert np.isfinite(network.stages[0][1].weight.grad.numpy()).all()


@pytest.mark.parametrize(("shape", "channel_axis"), [((4,), 1), ((4, 5, 5), 1), ((7, 4), -1)])
def test_towers_are_pooled_one_by_one(shape, channel_axis):
    class Doubles(nn.Module):
        def forward(self, x):
            return torch.stack([x, 2 * x])

    class Keeps(nn.Module):
        def forward(self, features):
            return features

    network = Network(nn.ModuleList([Doubles()]), Keeps(), channel_axis, True, has_towers=True)
    x = torch.rand(3, *shape)
    one = x if len(shape) == 1 else x.mean(dim=(2, 3)) if channel_axis == 1 else x.mean(dim=1)
    torch.testing.assert_close(network(x), torch.stack([one, 2 * one]))


class TestPrecision:
    @pytest.fixture
    def networks(self):
        torch.manual_seed(0)
        plain = make_network(True).eval()
        reduced = copy.deepcopy(plain)
        reduced.precision = "bfloat16"
        return plain, reduced

    def test_products_of_stages_are_in_it_and_the_head_is_not(self, networks):
        _, reduced = networks
        seen = {}
        for name, module in (("stage", reduced.stages[1][1]), ("head", reduced.head[-1])):
            module.register_forward_hook(lambda module, args, out, name=name: seen.update({name: out.dtype}))
        outputs = reduced(torch.rand(3, 1, 8, 8))
        assert seen == {"stage": torch.bfloat16, "head": torch.float32}
        assert outputs.dtype == torch.float32

    def test_training_may_be_in_another_one(self, networks):
        plain, _ = networks
        mixed = copy.deepcopy(plain)
        mixed.training_precision = "bfloat16"
        x = torch.rand(3, 1, 8, 8)
        assert torch.equal(mixed(x), plain(x))
        assert not torch.equal(mixed.train()(x), plain(x))

    def test_outputs_and_gradients_are_near_those_in_float32(self, networks):
        x = torch.rand(8, 1, 8, 8)
        found = []
        for network in networks:
            outputs = network(x)
            outputs.square().mean().backward()
            gradients = [parameter.grad for parameter in network.parameters()]
            assert {gradient.dtype for gradient in gradients} == {torch.float32}
            found.append((outputs.detach(), torch.cat([gradient.flatten() for gradient in gradients])))
        for plain, reduced in zip(*found, strict=True):
            assert 0 < (plain - reduced).norm() < 0.05 * plain.norm()

    def test_tokens_are_whole_numbers_and_their_features_are_not(self):
        torch.manual_seed(0)
        stages = nn.ModuleList([nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 4))])
        network = Network(stages, nn.Sequential(nn.Linear(4, 2)), -1, True, precision="bfloat16")
        plain = copy.deepcopy(network)
        plain.precision = "float32"
        tokens = torch.arange(8).reshape(2, 4)
        torch.testing.assert_close(network(tokens), plain(tokens), rtol=0.05, atol=0.05)

    def test_without_stages_nothing_is_reduced(self):
        network = Network(nn.ModuleList(), nn.Sequential(nn.Linear(4, 2)), 1, True, precision="bfloat16")
        x = torch.rand(3, 4)
        assert torch.equal(network(x), network.head(x))
