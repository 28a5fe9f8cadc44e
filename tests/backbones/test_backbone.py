import copy
import os
import pickle
import subprocess
import sys

import pytest
import torch
from sklearn.base import clone
from torch import nn

from sktl.backbones import Backbone, WeightsInfo
from sktl.backbones._glue import MeanOverPixels
from sktl.exceptions import CutError, StateDictMismatchError


class Scale(nn.Module):
    """A module of a user's own, with a plain attribute that shapes what it does."""

    def __init__(self, factor=2.0):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return x * self.factor


def _stages(seed=0):
    torch.manual_seed(seed)
    return [
        ("conv", nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())),
        ("scale", Scale()),
        ("pool", nn.Sequential(nn.Conv2d(4, 5, 3), MeanOverPixels())),
    ]


def build(seed=0):
    """Return a backbone that a pickle can name."""
    return Backbone(stages=_stages(seed), name="small", output_layer=nn.Linear(5, 2), rebuild=(build, (seed,)))


seed_of_today = 0


def build_today():
    """Return a backbone whose weights depend on the day."""
    return Backbone(stages=_stages(seed_of_today), name="changing", rebuild=(build_today, ()))


@pytest.fixture
def backbone():
    return build()


@pytest.fixture
def x():
    return torch.randn(2, 3, 8, 8)


def test_calls_the_stages_in_order(backbone, x):
    expected = x
    for _, module in _stages():
        expected = module.eval()(expected)
    assert torch.equal(backbone(x), expected)
    assert backbone.stage_names == ("conv", "scale", "pool")
    assert backbone.n_stages == 3
    assert backbone.stage_sizes() == [4 * 27 + 4 + 8, 0, 5 * 36 + 5]


def test_between_takes_the_stages_asked_for(backbone, x):
    inner = backbone.prefix(1)(x)
    assert torch.equal(inner, backbone.stages[0][1](x))
    assert torch.equal(backbone.between(1, 2)(inner), inner * 2)
    assert backbone.prefix(0)(x) is x
    assert list(backbone.between(1, 3)) == [module for _, module in backbone.stages[1:]]


def test_stages_without_a_name_or_twice_are_refused():
    with pytest.raises(CutError, match="'custom' has no stage: give at least one"):
        Backbone(stages=[])
    with pytest.raises(CutError, match=r"two stages of the backbone 'twins' bear one name: \['a', 'a'\]"):
        Backbone(stages=[("a", nn.Identity()), ("a", nn.Identity())], name="twins")


def test_a_stage_that_returns_a_tuple():
    backbone = Backbone(stages=[("recurrent", nn.LSTM(4, 3))])
    with pytest.raises(CutError, match=r"a stage, LSTM, returns tuple, and a stage returns one tensor: wrap it"):
        backbone(torch.ones(2, 5, 4))


def test_logits_need_an_output_layer(backbone, x):
    assert torch.equal(backbone.logits(x), backbone.output_layer(backbone(x)))
    assert not backbone.logits(x).requires_grad
    without = Backbone(stages=backbone.stages, name="headless")
    with pytest.raises(CutError, match="'headless' has no output layer"):
        without.logits(x)


def test_frozen_stages_take_no_gradient_and_stay_in_eval_mode(backbone, x):
    prefix = backbone.prefix(2)
    outer = nn.Sequential(prefix, nn.Flatten()).train()
    assert outer.training
    assert not any(module.training for stage in prefix for module in stage.modules())
    means = backbone.stages[0][1][1].running_mean.clone()
    assert not outer(x.requires_grad_()).requires_grad
    assert torch.equal(backbone.stages[0][1][1].running_mean, means)


def test_suffix_is_a_copy_that_learns(backbone, x):
    suffix = backbone.suffix(0).train()
    assert all(parameter.requires_grad for parameter in suffix.parameters())
    before = backbone.weights_fingerprint()
    for module in suffix:
        x = module(x)
    x.sum().backward()
    torch.optim.SGD(suffix.parameters(), lr=1.0).step()
    assert not torch.equal(suffix[0][0].weight, backbone.stages[0][1][0].weight)
    assert not torch.equal(suffix[0][1].running_mean, backbone.stages[0][1][1].running_mean)
    assert backbone.weights_fingerprint() == before


def test_copies_are_the_same_object(backbone):
    assert copy.deepcopy(backbone) is backbone
    assert copy.deepcopy({"nested": backbone})["nested"] is backbone
    assert clone(backbone, safe=False) is backbone


def test_pool_averages_over_all_but_channels(backbone):
    activations = torch.randn(2, 5, 3, 4)
    assert torch.allclose(backbone.pool(activations), activations.flatten(2).mean(2), atol=1e-6)
    last = Backbone(stages=backbone.stages, channel_axis=-1)
    assert torch.allclose(last.pool(activations), activations.flatten(1, 2).mean(1), atol=1e-6)
    features = torch.randn(2, 5)
    assert backbone.pool(features) is features


class TestFingerprint:
    def test_equal_weights_have_equal_ones(self, backbone):
        assert build().fingerprint() == backbone.fingerprint()
        assert len(backbone.fingerprint()) == 16

    def test_depth_leaves_out_later_stages(self, backbone):
        other = backbone.with_suffix(2, [copy.deepcopy(_stages(seed=1)[2][1])], None)
        assert other.fingerprint(2) == backbone.fingerprint(2)
        assert other.fingerprint() != backbone.fingerprint()
        assert len({backbone.fingerprint(depth) for depth in range(4)}) == 4
        assert list(backbone.fingerprints()) == [backbone.fingerprint(depth) for depth in range(backbone.n_stages + 1)]

    def test_a_change_in_place_is_seen(self, backbone):
        before = backbone.fingerprint(), backbone.weights_fingerprint()
        with torch.no_grad():
            backbone.stages[2][1][0].bias[0] += 1e-3
        assert backbone.fingerprint() != before[0]
        assert backbone.weights_fingerprint() != before[1]

    def test_buffers_count(self, backbone):
        before = backbone.fingerprint(1)
        backbone.stages[0][1][1].running_var.mul_(2)
        assert backbone.fingerprint(1) != before

    def test_an_attribute_counts_as_code(self, backbone):
        other = build()
        other.stages[1][1].factor = 3.0
        assert other.fingerprint() != backbone.fingerprint()
        assert other.weights_fingerprint() == backbone.weights_fingerprint()

    def test_the_code_of_a_users_module_counts(self, backbone, monkeypatch):
        before = backbone.fingerprint()
        monkeypatch.setattr(Scale, "forward", lambda self, x: x / self.factor)
        assert backbone.fingerprint() != before

    def test_mode_does_not_count(self, backbone):
        before = backbone.fingerprint()
        backbone.stages[0][1].train()
        assert backbone.fingerprint() == before


class TestWithSuffix:
    def test_shares_the_first_stages_and_takes_the_others(self, backbone, x):
        info = WeightsInfo("mine", "fitted")
        trained = backbone.suffix(1)
        with torch.no_grad():
            trained[1][0].weight.add_(1)
        other = backbone.with_suffix(1, list(trained), info)
        assert other.stages[0][1] is backbone.stages[0][1]
        assert other.stages[2][1] is trained[1]
        assert other.stage_names == backbone.stage_names
        assert other.output_layer is None
        assert other.weights is info
        assert not trained[1][0].weight.requires_grad
        assert not torch.equal(other(x), backbone(x))

    def test_needs_one_module_per_stage(self, backbone):
        with pytest.raises(ValueError, match="zip"):
            backbone.with_suffix(1, [nn.Identity()], None)

    def test_its_pickle_holds_the_new_stages_alone(self, backbone, x):
        other = backbone.with_suffix(2, list(backbone.suffix(2)), None)
        whole = len(pickle.dumps(other.self_contained()))
        text = pickle.dumps(other)
        assert len(text) < whole
        assert torch.equal(pickle.loads(text)(x), other(x))


class TestPickle:
    def test_by_name_is_short_and_rebuilds(self, backbone, x):
        text = pickle.dumps(backbone)
        assert len(text) < 300
        again = pickle.loads(text)
        assert torch.equal(again.logits(x), backbone.logits(x))
        assert again.fingerprint() == backbone.fingerprint()

    def test_self_contained_carries_the_weights(self, backbone, x):
        again = pickle.loads(pickle.dumps(backbone.self_contained()))
        assert again.rebuild is None
        assert torch.equal(again.logits(x), backbone.logits(x))
        assert again.fingerprint() == backbone.fingerprint()

    def test_refuses_other_weights_under_the_name(self, monkeypatch):
        text = pickle.dumps(build_today())
        monkeypatch.setattr(sys.modules[__name__], "seed_of_today", 1)
        with pytest.raises(StateDictMismatchError, match="'changing' that is found here has other weights"):
            pickle.loads(text)

    def test_fingerprint_is_the_same_in_another_process(self, tmp_path):
        stages = [("all", nn.Sequential(nn.Conv2d(3, 4, 3), MeanOverPixels()))]
        backbone = Backbone(stages=stages)
        (tmp_path / "backbone.pkl").write_bytes(pickle.dumps(backbone))
        code = "import pickle, sys; print(pickle.load(open(sys.argv[1], 'rb')).fingerprint().hex())"
        command = [sys.executable, "-c", code, str(tmp_path / "backbone.pkl")]
        environment = {**os.environ, "PYTHONHASHSEED": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == backbone.fingerprint().hex()
