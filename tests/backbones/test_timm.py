"""The models of timm as backbones."""

import pickle
import types
import urllib.error

import pytest
import torch
from torch import nn

from sktl.backbones import _timm_weights
from sktl.backbones._timm import TimmFamily
from sktl.exceptions import StateDictMismatchError, UnknownBackboneError, WeightsNotFoundError

timm = pytest.importorskip("timm")

FAMILY = TimmFamily()
MOBILENET = "timm:mobilenetv3_small_050"


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """Point the caches at an empty folder."""
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.file_download, "HF_HUB_CACHE", str(tmp_path / "hub"), raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))

    def unreachable(request, timeout):
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr("urllib.request.urlopen", unreachable)
    return tmp_path / "hub"


def save(model, path):
    torch.save(model.state_dict(), path)
    return str(path)


@pytest.mark.parametrize(
    ("name", "n_stages", "channel_axis", "n_features"),
    [
        ("resnet10t", 5, 1, 512),
        ("convnext_atto", 5, 1, 320),
        ("mobilenetv3_small_050", 8, 1, 1024),
        ("vit_tiny_patch16_224", 13, -1, 192),
        ("levit_128s", 4, -1, 384),
        ("pit_ti_224", 2, 1, 256),
    ],
)
def test_stages_return_what_the_model_returns(name, n_stages, channel_axis, n_features):
    torch.manual_seed(0)
    model = timm.create_model(name).eval()
    torch.manual_seed(0)
    backbone = FAMILY.build(f"timm:{name}", None, 3)
    x = torch.randn(1, 3, *model.pretrained_cfg["input_size"][1:])
    with torch.no_grad():
        assert torch.equal(backbone.logits(x), model(x))
    assert backbone(x).shape == (1, n_features)
    assert (backbone.n_stages, backbone.channel_axis) == (n_stages, channel_axis)
    assert backbone.architecture == ("transformer" if channel_axis == -1 else "cnn")
    assert backbone.fixed_size is bool(model.pretrained_cfg.get("fixed_input_size", False))
    assert not backbone.is_pretrained


def test_network_of_parallel_branches_is_one_stage_where_they_are():
    backbone = FAMILY.build("timm:hrnet_w18_small", None, 3)
    assert backbone.stage_names == ("conv1", "conv2", "layer1", "transition1.0", "final_layer")


def test_preprocessing():
    preprocessing = FAMILY.build(MOBILENET, None, 1).preprocessing
    assert (preprocessing.size, preprocessing.resize, preprocessing.interpolation) == ((224, 224), 256, "bicubic")
    assert preprocessing.mean == pytest.approx((0.449,), abs=1e-3)


def test_names_and_weight_names():
    assert FAMILY.names() == []
    assert FAMILY.knows(MOBILENET)
    assert not FAMILY.knows("mobilenetv3_small_050")
    names = FAMILY.weight_names("timm:vit_small_patch16_224")
    assert names[0] == timm.get_pretrained_cfg("vit_small_patch16_224").tag
    assert "augreg_in21k" in names


@pytest.mark.parametrize(
    ("name", "weights", "message"),
    [
        (
            "timm:mobilenetv3_small_050t",
            None,
            "no model 'mobilenetv3_small_050t'. Did you mean 'timm:mobilenetv3_small_050'",
        ),
        ("timm:qqqqqqqqqqqq", None, "timm.list_models\\(\\) tells"),
        (
            "timm:mobilenetv3_small_050.lamb",
            None,
            "no weights 'lamb' for 'mobilenetv3_small_050'. Known are: 'lamb_in1k'",
        ),
        (MOBILENET, "lamb", "has no weights 'lamb'. Known are 'default', 'lamb_in1k'"),
        ("timm:resnet10t_no", "default", "Did you mean 'timm:resnet10t'"),
    ],
)
def test_unknown_names(name, weights, message):
    with pytest.raises(UnknownBackboneError, match=message):
        FAMILY.build(name, weights, 3)


def test_model_without_pretrained_weights(monkeypatch):
    monkeypatch.setattr(timm, "list_pretrained", lambda _: [])
    with pytest.raises(UnknownBackboneError, match="no pretrained weights for 'timm:mobilenetv3_small_050'"):
        FAMILY.build(MOBILENET, "default", 3)


def test_offline(hub):
    with pytest.raises(WeightsNotFoundError) as caught:
        FAMILY.build(MOBILENET, "default", 3)
    for part in (
        "'timm:mobilenetv3_small_050'",
        "timm/mobilenetv3_small_050.lamb_in1k",
        "model.safetensors",
        "HF_HOME",
        str(hub),
    ):
        assert part in str(caught.value)
    assert "weights=<path" in str(caught.value)
    assert "'efficientnet_lite0'" in str(caught.value)


def test_hub_says_no(hub, monkeypatch):
    import huggingface_hub

    def missing(request, timeout):
        raise urllib.error.HTTPError(request.full_url, 404, "Not Found", None, None)

    monkeypatch.setattr("urllib.request.urlopen", missing)
    with pytest.raises(WeightsNotFoundError, match=r"has no file 'model.safetensors' or 'pytorch_model.bin'"):
        FAMILY.build(MOBILENET, "default", 3)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(WeightsNotFoundError, match="HF_HUB_OFFLINE forbids it"):
        FAMILY.build(MOBILENET, "default", 3)


def test_cached_weights_need_no_network(hub, tmp_path, monkeypatch):
    model = timm.create_model("mobilenetv3_small_050").eval()
    path = tmp_path / "pytorch_model.bin"
    save(model, path)
    monkeypatch.setattr(_timm_weights, "_cached_from_hub", lambda cfg: path)
    backbone = FAMILY.build(MOBILENET, "default", 3)
    x = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(backbone.logits(x), model(x))
    assert backbone.weights.name == "lamb_in1k"
    assert backbone.weights.licence == (timm.get_pretrained_cfg("mobilenetv3_small_050").license or "not stated")
    assert backbone.weights.source == "hf-hub:timm/mobilenetv3_small_050.lamb_in1k"
    assert backbone.weights.preprocessing == backbone.preprocessing
    again = pickle.loads(pickle.dumps(backbone))
    assert torch.equal(again(x), backbone(x))
    assert FAMILY.build(MOBILENET, "default", 1).n_channels == 1


def test_file_of_an_address(hub, tmp_path, monkeypatch):
    cfg = types.SimpleNamespace(hf_hub_id=None, url="https://example.org/model-0a1b2c3d.pth")
    with pytest.raises(WeightsNotFoundError, match=r"put it, as 'model-0a1b2c3d\.pth', into the folder"):
        _timm_weights.find_or_fetch(cfg, "timm:mine")
    file = tmp_path / "hub" / "checkpoints" / "model-0a1b2c3d.pth"
    monkeypatch.setattr(_timm_weights, "_is_there", lambda address: True)
    monkeypatch.setattr(
        torch.hub, "download_url_to_file", lambda url, to, digest, progress: file.write_bytes(digest.encode())
    )
    assert _timm_weights.find_or_fetch(cfg, "timm:mine") == file
    assert file.read_bytes() == b"0a1b2c3d"
    assert _timm_weights.find_or_fetch(cfg, "timm:mine") == file


def test_weights_from_a_path(tmp_path):
    model = timm.create_model("mobilenetv3_small_050").eval()
    path = save(model, tmp_path / "mine.pth")
    backbone = FAMILY.build(MOBILENET, path, 3)
    x = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(backbone.logits(x), model(x))
    assert backbone.weights.name == "mine.pth"
    again = pickle.loads(pickle.dumps(backbone))
    assert torch.equal(again(x), backbone(x))


def test_path_with_another_output_layer(tmp_path):
    path = save(timm.create_model("mobilenetv3_small_050", num_classes=7), tmp_path / "mine.pth")
    backbone = FAMILY.build(MOBILENET, path, 3)
    assert backbone.output_layer is None
    assert backbone(torch.randn(1, 3, 64, 64)).shape == (1, 1024)


def test_path_with_other_channels(tmp_path):
    colour = save(timm.create_model("mobilenetv3_small_050"), tmp_path / "colour.pth")
    grey = timm.create_model("mobilenetv3_small_050", in_chans=1)
    x = torch.randn(1, 1, 64, 64)
    assert FAMILY.build(MOBILENET, colour, 1)(x).shape == (1, 1024)
    backbone = FAMILY.build(MOBILENET, save(grey, tmp_path / "grey.pth"), 1)
    with torch.no_grad():
        assert torch.equal(backbone.logits(x), grey.eval()(x))


def test_path_of_another_network(tmp_path):
    path = save(nn.Linear(2, 2), tmp_path / "other.pth")
    with pytest.raises(StateDictMismatchError, match="another network"):
        FAMILY.build(MOBILENET, path, 3)
