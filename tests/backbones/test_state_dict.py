import hashlib
import os
import sys

import pytest
import torch
from torch import nn

from sktl.backbones._state_dict import describe_file, file_sha256, is_path, load_into, load_state_dict_file
from sktl.exceptions import MissingExtraError, StateDictMismatchError, WeightsNotFoundError
from sktl.utils._preprocessing import Preprocessing


def _net(n_outputs=2, width=4):
    return nn.Sequential(
        nn.Linear(3, width), nn.BatchNorm1d(width), nn.Sequential(nn.Dropout(), nn.Linear(width, n_outputs))
    )


@pytest.fixture
def source():
    """Return a state dict in which every entry differs from a new network's."""
    return {
        name: tensor + 5 if tensor.ndim == 0 else torch.randn_like(tensor)
        for name, tensor in _net().state_dict().items()
    }


def _same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


class TestFile:
    @pytest.mark.parametrize("wrapper", [None, "state_dict", "model_state_dict", "model"])
    @pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.", "module._orig_mod."])
    def test_is_found_in_what_scripts_write(self, tmp_path, source, wrapper, prefix):
        content = {prefix + name: tensor for name, tensor in source.items()}
        content = content if wrapper is None else {wrapper: content, "epoch": 3, "optimizer": {"lr": 0.1}}
        torch.save(content, tmp_path / "w.pth")
        assert _same(load_state_dict_file(tmp_path / "w.pth"), source)

    def test_a_prefix_of_some_names_stays(self, tmp_path):
        content = {"module.a": torch.ones(1), "b": torch.ones(1)}
        torch.save(content, tmp_path / "w.pth")
        assert load_state_dict_file(tmp_path / "w.pth").keys() == content.keys()

    def test_safetensors(self, tmp_path, source):
        pytest.importorskip("safetensors.torch").save_file(source, tmp_path / "w.safetensors")
        assert _same(load_state_dict_file(str(tmp_path / "w.safetensors")), source)

    def test_safetensors_that_cannot_be_read(self, tmp_path):
        pytest.importorskip("safetensors")
        (tmp_path / "w.safetensors").write_bytes(b"no such header")
        with pytest.raises(StateDictMismatchError, match=r"'w.safetensors' cannot be read as safetensors"):
            load_state_dict_file(tmp_path / "w.safetensors")

    def test_safetensors_without_the_package(self, tmp_path, monkeypatch):
        (tmp_path / "w.safetensors").write_bytes(b"")
        monkeypatch.setitem(sys.modules, "safetensors", None)
        monkeypatch.delitem(sys.modules, "safetensors.torch", raising=False)
        with pytest.raises(MissingExtraError, match=r"reading 'w.safetensors' needs the package 'safetensors'"):
            load_state_dict_file(tmp_path / "w.safetensors")

    def test_in_the_home_folder(self, tmp_path, source, monkeypatch):
        monkeypatch.setenv("HOME", str(tmp_path))
        torch.save(source, tmp_path / "w.pth")
        assert _same(load_state_dict_file("~/w.pth"), source)

    def test_missing(self, tmp_path):
        with pytest.raises(WeightsNotFoundError, match=r"no file of weights at '.*nowhere.pth'; check the path"):
            load_state_dict_file(tmp_path / "nowhere.pth")

    @pytest.mark.parametrize("damage", [b"", b"<html>not found</html>", None])
    def test_damaged(self, tmp_path, source, damage):
        file = tmp_path / "w.pth"
        torch.save(source, file)
        file.write_bytes(file.read_bytes()[:200] if damage is None else damage)
        with pytest.raises(StateDictMismatchError, match=r"'w.pth' cannot be read as a state dict: it is damaged"):
            load_state_dict_file(file)

    def test_a_pickled_module_is_not_unpickled(self, tmp_path):
        torch.save(_net(), tmp_path / "w.pth")
        with pytest.raises(StateDictMismatchError, match=r"or holds more than tensors. Save one with"):
            load_state_dict_file(tmp_path / "w.pth")

    @pytest.mark.parametrize(
        ("content", "said"),
        [([torch.ones(1)], "but a list"), ({"lr": 0.1, "w": torch.ones(1)}, r"but a dict with lr: float\.")],
    )
    def test_something_else(self, tmp_path, content, said):
        torch.save(content, tmp_path / "w.pth")
        with pytest.raises(StateDictMismatchError, match=f"'w.pth' holds no state dict, .*{said}"):
            load_state_dict_file(tmp_path / "w.pth")

    def test_is_described(self, tmp_path):
        (tmp_path / "w.pth").write_bytes(b"weights")
        info = describe_file(str(tmp_path / "w.pth"), Preprocessing())
        digest = hashlib.sha256(b"weights").hexdigest()
        assert file_sha256(tmp_path / "w.pth") == digest
        assert info.name == "w.pth"
        assert info.source == str(tmp_path / "w.pth")
        assert info.sha256 == digest[:16]
        assert info.preprocessing == Preprocessing()
        assert info.categories == ()


def test_is_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert is_path("w.pth")
    assert is_path("w.pt")
    assert is_path("w.bin")
    assert is_path("w.safetensors")
    assert is_path(f"somewhere{os.sep}w")
    assert not is_path("IMAGENET1K_V1")
    (tmp_path / "checkpoint").touch()
    assert is_path("checkpoint")
    assert not is_path("default")


class TestLoadInto:
    @pytest.mark.parametrize("device", ["cpu", "meta"])
    def test_whole(self, source, device):
        model = _net().to(device)
        assert load_into(model, source, output_layer="2.1", origin="it")
        assert _same(model.state_dict(), source)
        assert all(isinstance(parameter, nn.Parameter) for parameter in model.parameters())

    def test_takes_the_type_of_the_network(self, source):
        model = _net()
        load_into(model, {name: tensor.double() for name, tensor in source.items()}, output_layer=None, origin="it")
        assert model[0].weight.dtype == torch.float32
        assert model[1].num_batches_tracked.dtype == torch.int64
        assert _same(model.state_dict(), source)

    def test_counters_that_old_files_lack_are_zero(self, source):
        del source["1.num_batches_tracked"]
        model = _net().to("meta")
        assert load_into(model, source, output_layer=None, origin="it")
        assert model[1].num_batches_tracked.item() == 0

    @pytest.mark.parametrize("kind", ["shape", "missing", "extra", "renamed", "container"])
    def test_another_output_layer_is_left_out(self, source, kind):
        if kind == "shape":
            source["2.1.weight"], source["2.1.bias"] = torch.ones(7, 4), torch.ones(7)
        elif kind == "missing":
            del source["2.1.bias"]
        elif kind == "extra":
            source["2.1.scale"] = torch.ones(1)
        elif kind == "renamed":
            source["2.1.0.weight"] = source.pop("2.1.weight")
        else:
            source = {name.replace("2.1.", "2."): tensor for name, tensor in source.items()}
        model = _net()
        head = {name: tensor.clone() for name, tensor in model[2].state_dict().items()}
        assert not load_into(model, source, output_layer="2.1", origin="it")
        assert torch.equal(model[0].weight, source["0.weight"])
        assert torch.equal(model[1].running_var, source["1.running_var"])
        assert _same(model[2].state_dict(), head)

    def test_the_output_layer_counts_where_it_is_not_named(self, source):
        del source["2.1.bias"]
        with pytest.raises(StateDictMismatchError, match=r"of another network than Sequential. 1 missing: 2.1.bias\.$"):
            load_into(_net(), source, output_layer=None, origin="it")

    def test_layers_beside_the_output_layer_are_not_part_of_it(self, source):
        model = nn.Sequential(nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)))
        offered = model.state_dict()
        offered["0.0.weight"] = torch.ones(5, 5)
        with pytest.raises(StateDictMismatchError, match=r"0\.0\.weight"):
            load_into(model, offered, output_layer="0.1", origin="it")

    def test_the_report_goes_name_by_name(self, source):
        del source["0.bias"]
        source["0.gain"] = torch.ones(1)
        source["1.weight"] = torch.ones(9)
        source["1.num_batches_tracked"] = torch.ones(2)
        source["2.1.bias"] = torch.ones(9)
        expected = (
            r"^'w.pth' is the state dict of another network than Sequential\. 1 missing: 0\.bias\. 1 unexpected: "
            r"0\.gain\. 3 of another shape: 1\.weight is 9, wanted 4, 1\.num_batches_tracked is 2, wanted a scalar, "
            r"2\.1\.bias is 9, wanted 2\.$"
        )
        with pytest.raises(StateDictMismatchError, match=expected):
            load_into(_net(), source, output_layer="2.1", origin="'w.pth'")

    def test_a_long_report_is_cut_short(self):
        model = nn.Sequential(*(nn.Linear(1, 1) for _ in range(5)))
        with pytest.raises(StateDictMismatchError, match=r"10 missing: 0\.weight, .* 3\.bias and 2 more\.$"):
            load_into(model, {}, output_layer=None, origin="it")

    def test_a_network_is_unchanged_where_nothing_fits(self, source):
        model = _net()
        before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        source["0.weight"] = torch.ones(1)
        with pytest.raises(StateDictMismatchError, match=r"0\.weight is 1, wanted 4×3"):
            load_into(model, source, output_layer=None, origin="it")
        assert _same(model.state_dict(), before)
