"""What torch's engine keeps from one call to the next."""

import gc
import weakref

import numpy as np
import pytest
import torch
from torch import nn

from sktl.backbones import Backbone
from sktl.engines import TorchEngine, _torch
from sktl.engines._folded import folded


@pytest.fixture
def backbone():
    torch.manual_seed(0)
    stages = [(name, nn.Sequential(nn.Conv2d(3, 3, 3), nn.BatchNorm2d(3))) for name in ("one", "two")]
    return Backbone(stages=stages, input_kind="image", n_channels=3)


@pytest.fixture
def folds(monkeypatch):
    """Return a list of the stages that were folded."""
    calls, plain = [], _torch.folded
    monkeypatch.setattr(_torch, "folded", lambda stage: calls.append(stage) or plain(stage))
    return calls


def run(backbone, precision="float32", folds=True, stop=2):
    return TorchEngine(backbone, precision, folds=folds).run(torch.ones(1, 3, 8, 8), 0, stop, True)


def test_stages_are_made_ready_once_for_all_engines(backbone, folds):
    first = run(backbone, stop=1)
    assert np.array_equal(run(backbone, stop=1), first)
    assert len(folds) == 1
    run(backbone)
    assert len(folds) == 2


def test_other_precisions_have_their_own(backbone, folds):
    both = [run(backbone, precision) for precision in ("float32", "bfloat16") * 2]
    assert len(folds) == 2 * 2
    assert np.array_equal(both[0], both[2])
    assert np.array_equal(both[1], both[3])
    assert not np.array_equal(both[0], both[1])
    assert not np.array_equal(run(backbone, folds=False), both[1])


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("which", ["0.weight", "1.running_mean"])
def test_weights_that_change_in_place_are_seen(backbone, precision, which):
    before = run(backbone, precision)
    with torch.no_grad():
        backbone.stages[1][1].state_dict()[which].add_(1.0)
    after = run(backbone, precision)
    expected = backbone.pool(backbone.prefix(2)(torch.ones(1, 3, 8, 8))).numpy()
    assert not np.allclose(before, after, atol=1e-2)
    np.testing.assert_allclose(after, expected, rtol=2e-2, atol=2e-2)


def test_nothing_is_kept_beyond_the_backbone():
    backbone = Backbone(stages=[("one", nn.Sequential(nn.Conv2d(3, 3, 3), nn.BatchNorm2d(3)))], input_kind="image")
    run(backbone, "bfloat16", stop=1)
    layer = weakref.ref(next(iter(_torch._PREPARED[backbone].values()))[1])
    del backbone
    gc.collect()
    assert layer() is None


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_bits_are_those_of_autocast_on_folded_stages(backbone, precision):
    x = 1e7 * torch.rand(2, 3, 8, 8)
    with torch.no_grad():
        backbone.stages[0][1][0].weight.mul_(1e-7)  # beyond what float16 tells apart
        plain = folded(backbone.prefix(1))
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            expected = plain(x.contiguous(memory_format=torch.channels_last)).float().numpy()
    assert np.array_equal(TorchEngine(backbone, precision).run(x, 0, 1, False), expected)
