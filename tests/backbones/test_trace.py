"""Cuts of networks of unknown make."""

import copy
import pickle

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from sktl.backbones._trace import trace_stages
from sktl.exceptions import CutError


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.bn = nn.BatchNorm2d(width)

    def forward(self, x):
        return x + F.relu(self.bn(self.conv(x)))


class ResNetLike(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3)
        self.bn1 = nn.BatchNorm2d(4)
        self.layer1 = nn.Sequential(Residual(4), Residual(4))
        self.blocks = nn.ModuleList([Residual(4), Residual(4)])
        self.fc = nn.Linear(4, 5)

    def forward(self, x, flatten=True):
        x = self.layer1(F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2))
        for block in self.blocks:
            x = block(x)
        x = F.dropout(F.adaptive_avg_pool2d(x, 1), 0.5, training=self.training)
        return self.fc(torch.flatten(x, 1) if flatten else x)


class Tokens(nn.Module):
    """A class token and positions, fetched as parameters and fitted to the size of the batch."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(11, 8)
        self.token = nn.Parameter(torch.randn(1, 1, 8))
        self.position = nn.Parameter(torch.randn(1, 6, 8))
        self.layers = nn.Sequential(*(nn.TransformerEncoderLayer(8, 2, 8, batch_first=True) for _ in range(3)))
        self.norm = nn.LayerNorm(8)
        self.head = nn.Sequential(nn.Dropout(0.1), nn.Linear(8, 2))

    def forward(self, x):
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), self.embed(x)], dim=1) + self.position
        return self.head(self.norm(self.layers(x))[:, 0])


class Skips(nn.Module):
    """The input passes by every layer."""

    def __init__(self):
        super().__init__()
        self.one = nn.Linear(4, 4)
        self.two = nn.Linear(4, 4)
        self.fc = nn.Linear(8, 2)

    def forward(self, x):
        y = self.two(self.one(x) + x)
        return self.fc(torch.cat([x, y], dim=1))


class Branches(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Linear(4, 4)
        self.two = nn.Linear(4, 4)

    def forward(self, x):
        return self.two(self.one(x)) if x.sum() > 0 else self.one(x)


def features(traced, x):
    with torch.no_grad():
        for _, stage in traced.stages:
            x = stage(x)
    return x


def assert_exact(module, *batches, at=None):
    """Check that the stages, copied and pickled, return what the network returns; return them."""
    module.eval()
    traced = pickle.loads(pickle.dumps(copy.deepcopy(trace_stages(copy.deepcopy(module), at=at))))
    for x in batches:
        with torch.no_grad():
            output = features(traced, x)
            output = output if traced.output_layer is None else traced.output_layer(output)
            torch.testing.assert_close(output, module(x), rtol=0, atol=0)
    modules = [stage for _, stage in traced.stages] + [traced.output_layer or nn.Identity()]
    held = [parameter for stage in modules for parameter in stage.parameters()]
    assert len({id(parameter) for parameter in held}) == len(held)
    assert sum(p.numel() for p in held) == sum(p.numel() for p in module.parameters())
    return traced


def names(traced):
    return [name for name, _ in traced.stages]


def test_residual_network():
    traced = assert_exact(ResNetLike(), torch.randn(2, 3, 12, 12), torch.randn(5, 3, 9, 14))
    assert names(traced) == ["conv1", "layer1", "blocks.0", "blocks.1"]
    assert isinstance(traced.output_layer, nn.Linear)
    assert isinstance(dict(traced.stages)["layer1"][0], Residual)


def test_dropout_function_keeps_to_the_mode():
    stage = trace_stages(ResNetLike()).stages[-1][1]
    x = torch.rand(4, 4, 5, 5) + 1
    stage = pickle.loads(pickle.dumps(copy.deepcopy(stage)))
    assert (stage(x) != 0).all()
    stage.train()
    assert (stage(x) == 0).any()
    stage.eval()
    assert (stage(x) != 0).all()


def test_tokens_and_whole_numbers():
    x = torch.randint(0, 11, (3, 5))
    traced = assert_exact(Tokens(), x, x[:1])
    assert names(traced) == ["embed", "layers.0", "layers.1", "layers.2"]
    assert isinstance(traced.output_layer, nn.Linear)
    assert features(traced, x).shape == (3, 8)


def test_gradients_reach_fetched_parameters():
    stage = trace_stages(Tokens()).stages[0][1]
    stage(torch.zeros(2, 5, dtype=torch.long)).sum().backward()
    assert stage.token.grad is not None
    assert stage.position.grad is not None


def test_sequential():
    module = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Conv2d(2, 3, 3), nn.Flatten(), nn.Linear(48, 2)
    )
    traced = assert_exact(module, torch.randn(2, 1, 8, 8))
    assert names(traced) == ["0", "3"]
    assert isinstance(traced.output_layer, nn.Linear)


def test_beginning_without_weights_joins_what_follows():
    module = nn.Sequential(nn.Flatten(), nn.LayerNorm(4), nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    assert names(assert_exact(module, torch.randn(2, 2, 2))) == ["2"]


def test_no_output_layer():
    module = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 3), nn.ReLU())
    traced = assert_exact(module, torch.randn(2, 4))
    assert traced.output_layer is None
    assert names(traced) == ["0", "1"]


def test_residual_end_is_no_output_layer():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = nn.Linear(4, 4), nn.Linear(4, 4)

        def forward(self, x):
            x = self.one(x)
            return x + self.two(x)

    traced = trace_stages(Net())
    assert traced.output_layer is None
    assert names(traced) == ["one", "two"]


def test_nonlinear_end_goes_with_the_output_layer():
    module = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2), nn.LogSoftmax(dim=1))
    traced = assert_exact(module, torch.randn(2, 4))
    assert names(traced) == ["0"]
    assert isinstance(traced.output_layer[1], nn.LogSoftmax)


def test_network_inside_a_network():
    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = ResNetLike()

        def forward(self, x):
            return self.inner(x / 2)

    traced = assert_exact(Outer(), torch.randn(2, 3, 12, 12))
    assert names(traced) == ["inner.conv1", "inner.layer1", "inner.blocks.0", "inner.blocks.1"]


def test_control_flow_inside_a_stage_is_kept():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem, self.block, self.fc = nn.Linear(4, 4), Branches(), nn.Linear(4, 2)

        def forward(self, x):
            return self.fc(self.block(self.stem(x)))

    traced = assert_exact(Net(), torch.randn(2, 4), -torch.ones(2, 4), torch.ones(2, 4))
    assert names(traced) == ["stem", "block"]


def test_layers_that_share_parameters_are_one_stage():
    module = nn.Sequential(*(nn.Linear(4, 4) for _ in range(4)), nn.Linear(4, 2))
    module[2].weight = module[1].weight
    x = torch.randn(2, 4)
    traced = trace_stages(copy.deepcopy(module))
    assert names(traced) == ["0", "1", "3"]
    assert torch.equal(traced.output_layer(features(traced, x)), module(x))
    with pytest.raises(CutError, match="'1' and '2' share parameters"):
        trace_stages(module, at=["0", "1", "2"])


def test_module_that_is_called_twice():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two, self.fc = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 2)

        def forward(self, x):
            return self.fc(self.two(self.one(self.two(self.one(x)))))

    with pytest.raises(CutError, match="cannot be cut"):
        trace_stages(Twice())


def test_tuples_are_no_cut():
    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.one = nn.LSTM(3, 4, batch_first=True)
            self.two = nn.GRU(4, 4, batch_first=True)
            self.fc = nn.Linear(4, 2)

        def forward(self, x):
            x, _ = self.one(x)
            x, _ = self.two(x)
            return self.fc(x[:, -1])

    x = torch.randn(2, 7, 3)
    for at in (None, ["one", "two"]):
        traced = assert_exact(Recurrent(), x, torch.randn(3, 5, 3), at=at)
        assert names(traced) == ["one", "two"]
        assert traced.stages[0][1](x).shape == (2, 7, 4)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (["layer1"], ["layer1", "tail"]),
        (["blocks.1", "conv1"], ["conv1", "blocks.1"]),
        (["layer1.0"], ["layer1.0", "tail"]),
        (["layer1.0.conv"], None),
    ],
)
def test_at(at, expected):
    if expected is None:
        with pytest.raises(CutError, match=r"cannot be cut after 'layer1\.0\.conv'"):
            trace_stages(ResNetLike(), at=at)
    else:
        assert names(assert_exact(ResNetLike(), torch.randn(2, 3, 12, 12), at=at)) == expected


def test_at_joins_a_rest_without_weights():
    module = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 3), nn.ReLU())
    assert names(assert_exact(module, torch.randn(2, 4), at=["0", "1"])) == ["0", "1"]


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ("layer1", "a list of names of submodules was expected"),
        ([], "a list of names of submodules was expected"),
        (["layer"], "there is no submodule 'layer' to cut after; there are 'layer1'"),
        (["fc"], "'fc' belongs to the output layer"),
        (["blocks"], "no call of 'blocks' as a whole"),
    ],
)
def test_at_says_what_is_wrong(at, message):
    with pytest.raises(CutError, match=message):
        trace_stages(ResNetLike(), at=at)


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (nn.Linear(4, 2), "no layer with weights before its output layer"),
        (nn.Sequential(nn.Flatten(), nn.Linear(4, 2)), "no layer with weights before its output layer"),
        (nn.ReLU(), "no layer with weights before its output layer"),
        (Skips(), "Skips cannot be cut: at no place inside"),
        (Branches(), "Branches cannot be traced.*torch.fx says: symbolically traced.*Backbone\\(stages="),
        (nn.Sequential(nn.LazyLinear(3), nn.Linear(3, 2)), "lazy layers: pass one batch"),
    ],
)
def test_cut_errors(module, message):
    with pytest.raises(CutError, match=message):
        trace_stages(module)


def test_output_must_be_one_tensor_of_the_input():
    class Returns(nn.Module):
        def __init__(self, function):
            super().__init__()
            self.one, self.function = nn.Linear(4, 4), function

        def forward(self, x):
            return self.function(self.one(x), self.one.weight)

    with pytest.raises(CutError, match="the network returns a tuple"):
        trace_stages(Returns(lambda y, _: (y, y)))
    with pytest.raises(CutError, match="does not depend on its input"):
        trace_stages(Returns(lambda _, weight: weight + 1))


def test_random_constants_are_found_out():
    class Noisy(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = nn.Linear(4, 4), nn.Linear(4, 2)

        def forward(self, x):
            return self.two(self.one(x) + torch.randn(4))

    module, state = Noisy(), torch.get_rng_state()
    with pytest.raises(CutError, match="other values each time"):
        trace_stages(module)
    assert torch.equal(torch.get_rng_state(), state)


def test_another_path_in_training_is_left_out():
    class Noisy(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = nn.Linear(4, 4), nn.Linear(4, 2)

        def forward(self, x):
            x = self.one(x)
            return self.two(x + torch.randn_like(x) if self.training else x)

    traced = assert_exact(Noisy(), torch.randn(2, 4))
    x = torch.randn(2, 4)
    stage = traced.stages[0][1]
    assert torch.equal(stage.train()(x), stage.eval()(x))
