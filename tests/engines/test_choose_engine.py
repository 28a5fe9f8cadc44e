import importlib.util

import pytest
import torch
from torch import nn

from sktl.backbones import Backbone
from sktl.engines import OpenVINOEngine, TorchEngine, choose_engine, is_installed
from sktl.exceptions import EngineError, MissingExtraError

CPU = torch.device("cpu")
MANY = 10**6


class KnowsTwoRows(nn.Module):
    """Takes batches of any length in torch, and of one length once it is traced."""

    def forward(self, x):
        return x.reshape(len(x), -1)[:, :3] * torch.ones(len(x), 1)


def backbone_of(*layers, **others):
    return Backbone(stages=[(f"s{n}", layer) for n, layer in enumerate(layers)], **{"input_kind": "image"} | others)


@pytest.fixture
def backbone():
    return backbone_of(nn.Conv2d(3, 4, 3))


def choose(backbone, engine="auto", precision="auto", device=CPU, n_samples=MANY, side=8):
    return choose_engine(engine, precision, backbone, device, n_samples, lambda: torch.rand(1, 3, side, side))


class TestAuto:
    @pytest.fixture(autouse=True)
    def _openvino(self):
        pytest.importorskip("openvino")

    def test_many_pictures_on_a_cpu(self, backbone):
        assert isinstance(choose(backbone), OpenVINOEngine)

    def test_few_pictures(self, backbone):
        assert isinstance(choose(backbone, n_samples=100), TorchEngine)

    def test_tables_and_tokens(self):
        for kind in ("table", "tensor"):
            assert isinstance(choose(backbone_of(nn.Conv2d(3, 4, 3), input_kind=kind)), TorchEngine)

    def test_what_is_not_installed(self, backbone, monkeypatch):
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
        assert isinstance(choose(backbone), TorchEngine)
        assert (is_installed("torch"), is_installed("openvino")) == (True, False)

    def test_a_network_that_it_does_not_run(self):
        assert isinstance(choose(backbone_of(KnowsTwoRows())), TorchEngine)

    @pytest.mark.parametrize(
        ("capability", "kind", "precision"),
        [((8, 0), "image", "bfloat16"), ((7, 5), "image", "float32"), ((9, 0), "table", "float32")],
    )
    def test_cuda(self, monkeypatch, capability, kind, precision):
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
        chosen = choose(backbone_of(nn.Conv2d(3, 4, 3), input_kind=kind), device=torch.device("cuda"))
        assert (chosen.name, chosen.precision) == ("torch", precision)

    @pytest.mark.parametrize(
        ("unit", "others", "side", "precision"),
        [
            ("vectors", {}, 64, "bfloat16"),
            ("matrices", {}, 64, "bfloat16"),
            (None, {}, 64, "float32"),
            ("vectors", {}, 63, "float32"),
            ("vectors", {"architecture": "transformer"}, 64, "float32"),
            ("vectors", {"input_kind": "tensor"}, 64, "float32"),
        ],
    )
    def test_torch_on_a_cpu_with_a_unit_for_it(self, monkeypatch, unit, others, side, precision):
        monkeypatch.setattr("sktl.engines._torch.bfloat16_unit", lambda device: unit)
        backbone = backbone_of(nn.Conv2d(3, 4, 3), **others)
        chosen = choose(backbone, "torch", side=side)
        assert (chosen.name, chosen.precision) == ("torch", precision)
        assert choose(backbone, "torch", precision="float32").precision == "float32"

    def test_openvino_by_name_has_the_precision_of_the_cpu_for_any_samples(self, monkeypatch):
        monkeypatch.setattr("sktl.engines._openvino.has_native", lambda name: True)
        for kind in ("image", "table", "tensor"):
            assert choose(backbone_of(nn.Conv2d(3, 4, 3), input_kind=kind), "openvino").precision == "bfloat16"

    def test_half_precision_is_for_torch_on_cuda(self, backbone):
        chosen = choose(backbone, precision="float16", device=torch.device("cuda"))
        assert (chosen.name, chosen.precision) == ("torch", "float16")

    def test_the_precision_is_the_one_of_the_hardware(self, backbone, monkeypatch):
        for native, precision in ((True, "bfloat16"), (False, "float32")):
            monkeypatch.setattr("sktl.engines._openvino.has_native", lambda name, native=native: native)
            assert choose(backbone).precision == precision
            assert choose(backbone, precision="float32").precision == "float32"
            assert choose(backbone, n_samples=1).precision == "float32"

    @pytest.mark.parametrize("precision", ["float32", "bfloat16"])
    def test_of_a_few_pictures_none_is_loaded_to_predict(self, backbone, precision):
        chosen = choose_engine("auto", precision, backbone, CPU, 3, lambda: pytest.fail("a sample was loaded"))
        assert isinstance(chosen, TorchEngine)

    def test_devices_that_nobody_spoke_of_have_float32(self, backbone):
        assert choose(backbone, device=torch.device("meta")).precision == "float32"


class TestGiven:
    def test_whatever_the_number(self, backbone):
        pytest.importorskip("openvino")
        for engine in ("torch", "openvino"):
            for precision in ("float32", "bfloat16"):
                chosen = choose(backbone, engine, precision, n_samples=1)
                assert (chosen.name, chosen.precision) == (engine, precision)

    def test_another_device(self, backbone):
        with pytest.raises(ValueError, match="engine='openvino' does not compute on cuda: use engine='torch'"):
            choose(backbone, "openvino", device=torch.device("cuda"))

    def test_another_precision(self, backbone):
        with pytest.raises(ValueError, match="precision='float16' is not known to engine='torch' on cpu: use one of"):
            choose(backbone, "torch", "float16")

    def test_weights_of_float64(self):
        double = backbone_of(nn.Conv2d(3, 4, 3).double())
        assert choose(double, "torch").precision == "float32"
        with pytest.raises(ValueError, match="'bfloat16' is for networks of float32, but the weights are"):
            choose(double, "torch", "bfloat16")

    def test_what_is_not_installed(self, backbone, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "openvino", None)
        with pytest.raises(MissingExtraError, match=r"engine='openvino' needs the package .*sktl\[openvino\]"):
            choose(backbone, "openvino")

    def test_a_network_that_it_does_not_run(self):
        pytest.importorskip("openvino")
        chosen = choose(backbone_of(KnowsTwoRows()), "openvino")
        with pytest.raises(EngineError, match=r"'custom' wants engine='torch'.* of one length only"):
            chosen.run(torch.rand(4, 3, 8, 8), 0, 1, True)
