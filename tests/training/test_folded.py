import copy
import pickle

import pytest
import torch
import torchvision
from torch import nn

from sktl.training._folded import folded_batch_norm


def make_chain(bias=False, **others):
    torch.manual_seed(0)
    chain = nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1, bias=bias, **others), nn.BatchNorm2d(6), nn.ReLU(), nn.Conv2d(6, 4, 1, groups=2)
    )
    with torch.no_grad():
        chain[1].running_mean.normal_()
        chain[1].running_var.uniform_(0.5, 2)
        chain[1].weight.normal_()
        chain[1].bias.normal_()
    return chain.eval()


def outputs_and_gradients(module, x):
    module.zero_grad()
    x = x.clone().requires_grad_()
    outputs = module(x)
    outputs.square().mean().backward()
    return [outputs.detach(), x.grad, *(parameter.grad.clone() for parameter in module.parameters())]


class Calls:
    """Counts the calls of torch's batch normalisation."""

    def __init__(self, monkeypatch):
        self.n, forward = 0, nn.functional.batch_norm

        def counted(*args, **kwargs):
            self.n += 1
            return forward(*args, **kwargs)

        monkeypatch.setattr(nn.functional, "batch_norm", counted)


@pytest.mark.parametrize("others", [{}, {"bias": True}, {"stride": 2}, {"padding_mode": "reflect"}, {"dilation": 2}])
def test_outputs_and_gradients_are_the_same(monkeypatch, others):
    chain, x = make_chain(**others), torch.randn(2, 3, 8, 8)
    calls = Calls(monkeypatch)
    expected = outputs_and_gradients(chain, x)
    assert calls.n == 1
    with folded_batch_norm(chain):
        found = outputs_and_gradients(chain, x)
    assert calls.n == 1
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


def test_nothing_is_left_behind():
    chain, x = make_chain(), torch.randn(2, 3, 8, 8)
    names, expected = list(chain.state_dict()), chain(x)
    with folded_batch_norm(chain):
        assert list(chain.state_dict()) == names
        pickle.loads(pickle.dumps(chain))
    assert torch.equal(chain(x), expected)
    assert not any("forward" in vars(part) for part in chain.modules())


def test_nothing_is_left_behind_by_an_error():
    chain = make_chain()
    with pytest.raises(KeyboardInterrupt), folded_batch_norm(chain):
        raise KeyboardInterrupt
    assert not any("forward" in vars(part) for part in chain.modules())


def test_statistics_that_follow_the_data_are_left_alone():
    one, other = make_chain().train(), make_chain().train()
    x = torch.randn(4, 3, 8, 8)
    expected = one(x)
    with folded_batch_norm(other):
        assert torch.equal(other(x), expected)
    assert torch.equal(one[1].running_mean, other[1].running_mean)


class Twice(nn.Module):
    """Takes its convolution without the normalisation too."""

    def __init__(self):
        super().__init__()
        self.chain = make_chain()
        self.again = self.chain[0]

    def forward(self, x):
        return self.chain(x).mean() + self.again(x).mean()


@pytest.mark.parametrize(
    "make",
    [
        Twice,
        lambda: nn.Sequential(nn.Conv2d(3, 6, 1), nn.ReLU(), nn.BatchNorm2d(6)),
        lambda: nn.Sequential(nn.Conv2d(3, 6, 1), nn.BatchNorm2d(6, track_running_stats=False)),
        lambda: nn.Sequential(nn.Conv2d(3, 6, 1), nn.BatchNorm2d(6, affine=False)),
    ],
)
def test_what_is_no_pair_is_left_as_it_is(make):
    module, x = make().eval(), torch.randn(2, 3, 8, 8)
    expected = module(x)
    with folded_batch_norm(module):
        assert not any("forward" in vars(part) for part in module.modules())
        assert torch.equal(module(x), expected)


@pytest.mark.parametrize("name", ["mobilenet_v2", "mobilenet_v3_small", "regnet_y_400mf"])
def test_networks_of_torchvision(monkeypatch, name):
    network = torchvision.models.get_model(name, weights=None).eval()
    copied, x = copy.deepcopy(network), torch.randn(4, 3, 128, 128)
    calls = Calls(monkeypatch)
    expected = network(x)
    n_norms, calls.n = calls.n, 0
    with folded_batch_norm(copied):
        found = copied(x)
    assert calls.n < n_norms / 2
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-5)


def test_more_weights_than_outputs(monkeypatch):
    """Weights are not gone over for the sake of fewer activations."""
    chain = make_chain()  # 162 weights, and 6 outputs for each place of a picture
    calls = Calls(monkeypatch)
    with folded_batch_norm(chain):
        for side, n_calls in ((5, 1), (6, 1)):
            chain(torch.randn(1, 3, side, side))
            assert calls.n == n_calls
