import pathlib
import subprocess
import sys

import pytest
import torch
from torch import fx, nn

import sktl
from sktl.backbones._fingerprint import fingerprint_code, fingerprint_weights, join_fingerprints


class Scales(nn.Module):
    factor = 2.0

    def __init__(self, power=1):
        super().__init__()
        self.power = power

    def forward(self, x):
        return x**self.power


class ScalesOtherwise(nn.Module):
    def __init__(self, power=1):
        super().__init__()
        self.power = power

    def forward(self, x):
        return x**self.power + 1


def layers(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))


class TestWeights:
    def test_equal_weights(self):
        assert fingerprint_weights(layers()) == fingerprint_weights(layers())
        assert len(fingerprint_weights(layers())) == 16

    @pytest.mark.parametrize(
        "change",
        [
            lambda net: net[0].weight.data[1, 1].add_(1e-7),
            lambda net: net[1].running_mean.add_(1),
            lambda net: net[1].num_batches_tracked.add_(1),
            lambda net: net[0].double(),
            lambda net: setattr(net[0], "bias", None),
            lambda net: net.append(nn.Linear(4, 1)),
            lambda net: setattr(net[0], "weight", nn.Parameter(net[0].weight.data.reshape(3, 4))),
        ],
    )
    def test_any_change_shows(self, change):
        net = layers()
        change(net)
        assert fingerprint_weights(net) != fingerprint_weights(layers())

    def test_layout_in_memory_does_not_count(self):
        torch.manual_seed(0)
        net = nn.Conv2d(3, 4, 3)
        before = fingerprint_weights(net)
        assert fingerprint_weights(net.to(memory_format=torch.channels_last)) == before

    def test_no_weights_and_empty_weights(self):
        empty = nn.ParameterDict({"a": torch.empty(0)})
        assert fingerprint_weights(nn.ReLU()) != fingerprint_weights(empty)

    def test_half_and_bfloat_are_read(self):
        prints = {fingerprint_weights(layers().to(dtype)) for dtype in (torch.float16, torch.bfloat16, torch.float32)}
        assert len(prints) == 3


class TestCode:
    def test_weights_do_not_count(self):
        assert fingerprint_code(layers(0)) == fingerprint_code(layers(1))

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (nn.ReLU(), nn.GELU()),
            (nn.Dropout(0.1), nn.Dropout(0.2)),
            (nn.Conv2d(2, 2, 1, stride=1), nn.Conv2d(2, 2, 1, stride=2)),
            (nn.Sequential(nn.ReLU(), nn.Tanh()), nn.Sequential(nn.Tanh(), nn.ReLU())),
            (Scales(1), Scales(2)),
            (Scales(), ScalesOtherwise()),
            (nn.GELU("none"), nn.GELU("tanh")),
        ],
    )
    def test_what_changes_a_pass_shows(self, one, other):
        assert fingerprint_code(one) != fingerprint_code(other)

    def test_the_mode_does_not_count(self):
        assert fingerprint_code(layers().train()) == fingerprint_code(layers().eval())

    def test_code_under_the_same_name(self):
        def make(body):
            scope = {}
            exec(f"class Net(nn.Module):\n    def forward(self, x):\n        return {body}", {"nn": nn}, scope)
            return scope["Net"]()

        assert fingerprint_code(make("x + 1")) == fingerprint_code(make("x + 1"))
        assert fingerprint_code(make("x + 1")) != fingerprint_code(make("x + 2"))
        assert fingerprint_code(make("x.exp()")) != fingerprint_code(make("x.log()"))
        assert fingerprint_code(make("[i for i in x if i in {1, 2}]")) != fingerprint_code(
            make("[i for i in x if i in {1, 3}]")
        )

    def test_functions_kept_as_attributes(self):
        one, same, other = nn.ReLU(), nn.ReLU(), nn.ReLU()
        one.post, same.post, other.post = (lambda x: x + 1), (lambda x: x + 1), (lambda x: x - 1)
        assert fingerprint_code(one) == fingerprint_code(same) != fingerprint_code(other)

    def test_traced_graphs(self):
        one, other = fx.symbolic_trace(Scales(1)), fx.symbolic_trace(Scales(2))
        assert fingerprint_code(one) == fingerprint_code(fx.symbolic_trace(Scales(1)))
        assert fingerprint_code(one) != fingerprint_code(other)


def test_other_processes_agree():
    script = """
import sys
sys.path.insert(0, {root!r})
import torch
from torch import nn
from sktl.backbones._fingerprint import fingerprint_code, fingerprint_weights

class Net(nn.Module):
    def forward(self, x):
        return x if x.ndim in {{1, 2, 5}} and str(x.dtype) in {{"a", "b", "c"}} else (lambda z: z + 1)(x)

torch.manual_seed(0)
print(fingerprint_code(Net()).hex(), fingerprint_weights(nn.Linear(2, 3)).hex())
"""
    root = str(pathlib.Path(sktl.__file__).parents[1])
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script.format(root=root)],
            env={"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert len(outputs.pop().split()) == 2


def test_joining_heeds_the_order():
    one, other = b"a" * 16, b"b" * 16
    assert join_fingerprints(one, other) != join_fingerprints(other, one)
    assert join_fingerprints(one) != join_fingerprints(one, one)
    assert len(join_fingerprints()) == 16
