import pytest
import torch

from sktl.utils._device import bfloat16_unit, choose_device, free_memory


@pytest.mark.parametrize(("there", "expected"), [(True, "cuda"), (False, "cpu")])
def test_auto_takes_cuda_where_there_is_one(monkeypatch, there, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert choose_device("auto") == torch.device(expected)


def test_a_device_by_name():
    assert choose_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("device", ["gpu", "", "cuda:x"])
def test_no_device(device):
    with pytest.raises(ValueError, match=f"device={device!r} cannot be used here .*; use 'auto' or 'cpu'"):
        choose_device(device)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_a_device_that_is_not_here():
    with pytest.raises(ValueError, match="device='cuda' cannot be used here"):
        choose_device("cuda")


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
def test_a_device_beyond_the_last():
    with pytest.raises(ValueError, match="device='cuda:99' cannot be used here"):
        choose_device("cuda:99")


class TestUnitForBfloat16:
    @pytest.mark.parametrize(
        ("amx", "avx512", "expected"),
        [(True, True, "matrices"), (True, False, "matrices"), (False, True, "vectors"), (False, False, None)],
    )
    def test_torch_knows(self, monkeypatch, amx, avx512, expected):
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx, raising=False)
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512, raising=False)
        assert bfloat16_unit(torch.device("cpu")) == expected

    @pytest.mark.parametrize(("capability", "expected"), [((7, 5), None), ((8, 0), "matrices"), ((9, 0), "matrices")])
    def test_cuda_devices_have_one_from_ampere_on(self, monkeypatch, capability, expected):
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
        assert bfloat16_unit(torch.device("cuda")) == expected

    def test_other_devices_have_none(self):
        assert bfloat16_unit(torch.device("meta")) is None

    def test_older_versions_do_not(self, monkeypatch):
        monkeypatch.delattr(torch.cpu, "_is_amx_tile_supported", raising=False)
        monkeypatch.delattr(torch.cpu, "_is_avx512_bf16_supported", raising=False)
        assert bfloat16_unit(torch.device("cpu")) is None


class TestFreeMemory:
    def test_what_torch_holds_and_does_not_use_is_free_too(self, monkeypatch):
        for name, answer in {"mem_get_info": (700, 1000), "memory_reserved": 250, "memory_allocated": 50}.items():
            monkeypatch.setattr(torch.cuda, name, lambda device, answer=answer: answer)
        assert free_memory(torch.device("cuda:1")) == 700 + 200

    @pytest.mark.parametrize("device", ["cpu", "mps", "xpu"])
    def test_of_others_nothing_is_known(self, device):
        assert free_memory(torch.device(device)) == 0
