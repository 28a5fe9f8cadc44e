import pickle
import warnings
from collections import OrderedDict

import pytest
import torch
from torch import nn
from torchvision import models
from torchvision.models import WeightsEnum

from sktl.backbones import _torchvision
from sktl.backbones._bare import BareNetworks
from sktl.backbones._glue import FixedSize
from sktl.backbones._torchvision import TorchvisionFamily
from sktl.backbones._torchvision_stages import torchvision_cut
from sktl.exceptions import CutError, StateDictMismatchError, UnknownBackboneError, WeightsNotFoundError

FAMILY = TorchvisionFamily()

# A small member of each of torchvision's families. A test finds those that are missing here.
SMALL = (
    "alexnet",
    "convnext_tiny",
    "densenet121",
    "efficientnet_b0",
    "efficientnet_v2_s",
    "googlenet",
    "inception_v3",
    "maxvit_t",
    "mnasnet0_5",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "regnet_y_400mf",
    "resnet18",
    "shufflenet_v2_x0_5",
    "squeezenet1_1",
    "swin_t",
    "swin_v2_t",
    "vgg11",
    "vit_b_32",
)


def _bare(name, member):
    with BareNetworks():
        return _torchvision._network(name, member, random=False)


def _learned(name):
    """Return a state dict for a network, different in every entry from what the network starts with."""
    options = {"aux_logits": True} if name in ("googlenet", "inception_v3") else {}
    with BareNetworks():
        model = models.get_model(name, weights=None, **({"init_weights": False} if options else {}), **options)
    generator = torch.Generator().manual_seed(0)
    learned = {}
    for key, tensor in model.state_dict().items():
        if tensor.is_floating_point() and not key.endswith("relative_coords_table"):
            around, spread = (0.0, 0.1)
            if tensor.ndim > 1:
                spread = (6 / tensor[0].numel()) ** 0.5
            elif key.endswith(("weight", "running_var")):
                around, spread = 1.0, 0.5
            tensor = around + spread * (2 * torch.rand(tensor.shape, generator=generator) - 1)
        learned[key] = tensor
    return learned


def _published(monkeypatch, state_dict):
    """Let torchvision find this state dict where it looks for any of its weights."""

    def get_state_dict(self, *args, **kwargs):
        found = OrderedDict(state_dict)
        found._metadata = {"": {"version": 2}}  # MNASNet loads no state dict without it
        return found

    monkeypatch.setattr(WeightsEnum, "get_state_dict", get_state_dict)


def test_names_are_torchvisions():
    assert FAMILY.names() == models.list_models(module=models)
    assert len(FAMILY.names()) >= 80
    assert FAMILY.knows("resnet18")
    assert not FAMILY.knows("ResNet18")
    assert not FAMILY.knows("fcn_resnet50")


def test_each_family_has_a_small_member():
    families = {models.get_model_builder(name).__module__ for name in FAMILY.names()}
    assert {models.get_model_builder(name).__module__ for name in SMALL} == families


@pytest.mark.parametrize("name", SMALL)
def test_named_weights_are_those_that_torchvision_loads(name, monkeypatch):
    """Built without initialisation, a network has the bits and the output of one that torchvision builds."""
    _published(monkeypatch, _learned(name))
    member = models.get_model_weights(name).DEFAULT
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        plain = models.get_model(name, weights=member).eval()
    backbone = FAMILY.build(name, "default", 3)
    assert backbone.weights.name == member.name
    own = [tensor for _, module in backbone.stages for tensor in module.state_dict().values()]
    own += list(backbone.output_layer.state_dict().values()) if backbone.output_layer else []
    assert not any(tensor.is_meta for tensor in own)
    x = torch.randn(2, 3, *(backbone.preprocessing.size if backbone.fixed_size else (96, 96)))
    with torch.no_grad():
        expected = plain(x) if backbone.output_layer else plain.features(x).mean([2, 3])
    assert torch.isfinite(expected).all()
    assert not torch.equal(expected[0], expected[1])
    assert torch.equal(backbone.logits(x) if backbone.output_layer else backbone(x), expected)


@pytest.mark.parametrize("name", SMALL)
def test_stages_hold_every_parameter_once(name):
    model = _bare(name, models.get_model_weights(name).DEFAULT)
    cut = torchvision_cut(model)
    own = [id(p) for _, module in cut.stages(model) for p in module.parameters()]
    own += [id(p) for p in model.get_submodule(cut.output_layer).parameters()]
    assert len(set(own)) == len(own)
    assert set(own) == {id(parameter) for parameter in model.parameters()}


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("densenet121", ["norm.1.", "conv.2."], ["norm1.", "conv2."]),
        ("vit_b_32", [".mlp.linear_1.", ".mlp.linear_2."], [".mlp.0.", ".mlp.3."]),
    ],
)
def test_names_of_older_files_are_understood(name, old, new, monkeypatch):
    learned = _learned(name)
    published = dict(learned)
    for before, now in zip(old, new, strict=True):
        published = {key.replace(now, before) if "layer" in key else key: v for key, v in published.items()}
    assert published.keys() != learned.keys()
    _published(monkeypatch, published)
    backbone = FAMILY.build(name, "default", 3)
    _published(monkeypatch, learned)
    assert FAMILY.build(name, "default", 3).fingerprint() == backbone.fingerprint()


@pytest.mark.parametrize("name", ["googlenet", "inception_v3"])
def test_side_exits_are_dropped_and_the_input_is_rescaled(name, monkeypatch):
    _published(monkeypatch, _learned(name))
    backbone = FAMILY.build(name, "default", 3)
    from_scratch = FAMILY.build(name, None, 3)
    assert len(backbone.stages[0][1]) == len(from_scratch.stages[0][1]) + 1
    x = torch.randn(2, 3, 4, 4)
    mean, std = torch.tensor(backbone.preprocessing.mean), torch.tensor(backbone.preprocessing.std)
    pictures = x * std[:, None, None] + mean[:, None, None]
    assert torch.allclose(backbone.stages[0][1][0](x), pictures * 2 - 1, atol=1e-6)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("in_channels", [1, 4])
def test_other_numbers_of_channels(name, in_channels, monkeypatch):
    """One channel acts like three equal ones, up to rounding."""
    _published(monkeypatch, _learned(name))
    backbone = FAMILY.build(name, "default", in_channels)
    assert backbone.n_channels == in_channels
    assert len(backbone.preprocessing.mean) == in_channels
    assert len(backbone.weights.preprocessing.mean) == 3
    size = backbone.preprocessing.size if backbone.fixed_size else (96, 96)
    stem = backbone.prefix(1)(torch.randn(1, in_channels, *size))
    assert torch.isfinite(stem).all()
    if in_channels == 1 and name not in ("googlenet", "inception_v3"):
        x = torch.randn(1, 1, *size)
        usual = FAMILY.build(name, "default", 3).prefix(1)(x.expand(-1, 3, -1, -1))
        assert torch.allclose(backbone.prefix(1)(x), usual, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("name", FAMILY.names())
def test_weights_are_described(name):
    members = {member.name: member for member in models.get_model_weights(name)}
    assert FAMILY.weight_names(name)[0] == models.get_model_weights(name).DEFAULT.name
    for version in FAMILY.weight_names(name):
        info = _torchvision._describe(members[version])
        assert info.source == members[version].url
        assert len(info.sha256) >= 8
        assert len(info.categories) == 1000
        assert info.preprocessing.size == tuple(members[version].transforms().crop_size * 2)
        assert info.preprocessing.resize >= info.preprocessing.size[0]
        assert info.preprocessing.interpolation in ("bilinear", "bicubic")


def test_weights_are_listed_best_first():
    assert FAMILY.weight_names("resnet50") == ["IMAGENET1K_V2", "IMAGENET1K_V1"]
    versions = ["IMAGENET1K_V2", "IMAGENET1K_SWAG_E2E_V1", "IMAGENET1K_SWAG_LINEAR_V1", "IMAGENET1K_V1"]
    assert FAMILY.weight_names("regnet_y_16gf") == versions
    assert FAMILY.weight_names("vgg16") == ["IMAGENET1K_V1"]


@pytest.mark.parametrize("name", [n for n in FAMILY.names() if n.startswith(("vit", "maxvit"))])
def test_a_fixed_size_is_that_of_the_preprocessing(name):
    for member in _torchvision._members(name):
        model = _bare(name, member)
        cut = torchvision_cut(model)
        assert cut.fixed_size
        check = cut.stages(model)[0][1][0]
        assert isinstance(check, FixedSize)
        assert (check.height, check.width) == _torchvision._preprocessing(member).size


@pytest.mark.parametrize(("name", "axis"), [("vit_b_32", -1), ("swin_t", -1), ("maxvit_t", 1)])
def test_transformers_say_so(name, axis):
    backbone = FAMILY.build(name, None, 3)
    assert backbone.architecture == "transformer"
    assert backbone.channel_axis == axis
    assert backbone.fixed_size == (name != "swin_t")


@pytest.mark.parametrize("name", ["vit_b_32", "maxvit_t"])
def test_another_picture_size_is_refused(name):
    backbone = FAMILY.build(name, None, 3)
    with pytest.raises(ValueError, match="takes pictures of 224 × 224 pixels, not of 64 × 96; scale them first"):
        backbone(torch.zeros(1, 3, 64, 96))


def test_random_weights_come_from_the_global_generator():
    torch.manual_seed(1)
    first = FAMILY.build("resnet18", None, 3)
    other = FAMILY.build("resnet18", None, 3)
    torch.manual_seed(1)
    again = FAMILY.build("resnet18", None, 3)
    torch.manual_seed(1)
    assert torch.equal(models.resnet18(weights=None).conv1.weight, first.stages[0][1][0].weight)
    assert first.fingerprint() == again.fingerprint() != other.fingerprint()
    assert first.weights is None
    assert not first.is_pretrained
    assert first.rebuild is None
    assert first.preprocessing == _torchvision._preprocessing(models.ResNet18_Weights.DEFAULT)


@pytest.mark.parametrize("name", SMALL)
def test_stages_pickle(name):
    backbone = FAMILY.build(name, None, 3)
    again = pickle.loads(pickle.dumps(backbone))
    assert again.fingerprint() == backbone.fingerprint()
    assert again.stage_names == backbone.stage_names


def test_a_pickle_names_the_weights(monkeypatch):
    learned = _learned("mnasnet0_5")
    _published(monkeypatch, learned)
    backbone = FAMILY.build("mnasnet0_5", "default", 1)
    text = pickle.dumps(backbone)
    assert len(text) < 500
    assert b"IMAGENET1K_V1" in text
    assert pickle.loads(text).fingerprint() == backbone.fingerprint()
    learned["layers.0.weight"] = learned["layers.0.weight"] + 1
    _published(monkeypatch, learned)
    with pytest.raises(StateDictMismatchError, match="'mnasnet0_5' that is found here has other weights"):
        pickle.loads(text)


class TestFile:
    @pytest.fixture
    def path(self, tmp_path):
        torch.save(models.shufflenet_v2_x0_5(weights=None).state_dict(), tmp_path / "mine.pth")
        return str(tmp_path / "mine.pth")

    def test_is_loaded(self, path):
        backbone = FAMILY.build("shufflenet_v2_x0_5", path, 3)
        model = models.shufflenet_v2_x0_5(weights=None)
        model.load_state_dict(torch.load(path, weights_only=True))
        x = torch.randn(2, 3, 64, 64)
        assert torch.equal(backbone.logits(x), model.eval()(x))
        assert backbone.weights.name == "mine.pth"
        assert backbone.weights.source == path
        assert len(backbone.weights.sha256) == 16
        assert pickle.loads(pickle.dumps(backbone)).fingerprint() == backbone.fingerprint()

    def test_with_another_output_layer(self, path):
        model = models.shufflenet_v2_x0_5(weights=None, num_classes=7)
        torch.save({"state_dict": {f"module.{k}": v for k, v in model.state_dict().items()}}, path)
        backbone = FAMILY.build("shufflenet_v2_x0_5", path, 3)
        assert backbone.output_layer is None
        assert torch.equal(backbone.stages[0][1][0][0].weight, model.conv1[0].weight)

    @pytest.mark.parametrize("side_exits", [True, False])
    def test_of_googlenet_with_and_without_side_exits(self, tmp_path, side_exits):
        model = models.googlenet(weights=None, init_weights=False, aux_logits=side_exits)
        torch.save(model.state_dict(), tmp_path / "w.pt")
        backbone = FAMILY.build("googlenet", str(tmp_path / "w.pt"), 3)
        assert torch.equal(backbone.output_layer.weight, model.fc.weight)

    def test_of_another_network(self, path):
        with pytest.raises(StateDictMismatchError, match=r"mine.pth' is the state dict of another network than ResNet"):
            FAMILY.build("resnet18", path, 3)

    def test_missing(self):
        with pytest.raises(WeightsNotFoundError, match=r"no file of weights at 'nowhere/w.pth'"):
            FAMILY.build("resnet18", "nowhere/w.pth", 3)

    def test_real_weights(self, shared):
        path = shared / "weights" / "mobilenet_v2-imagenet.pth"
        if not path.is_file():
            pytest.skip("the weights of MobileNetV2 are not beside the checkout")
        backbone = FAMILY.build("mobilenet_v2", str(path), 3)
        model = models.mobilenet_v2(weights=None).eval()
        model.load_state_dict(torch.load(path, weights_only=True))
        x = torch.randn(2, 3, 96, 96)
        with torch.no_grad():
            assert torch.equal(backbone.logits(x), model(x))


def test_unknown_weights_are_named_with_those_there_are():
    expected = (
        r"'resnet50' has no weights 'IMAGENET_V2'. Did you mean 'IMAGENET1K_V2', .*Known are 'default', "
        r"'IMAGENET1K_V2', 'IMAGENET1K_V1', the path of a state dict, and None"
    )
    with pytest.raises(UnknownBackboneError, match=expected):
        FAMILY.build("resnet50", "IMAGENET_V2", 3)
    with pytest.raises(UnknownBackboneError, match=r"'vgg16' has no weights 'zzz'. Known are"):
        FAMILY.build("vgg16", "zzz", 3)


def test_a_family_that_is_not_known_is_named():
    with pytest.raises(CutError, match="no stages are known for the networks of torchvision's family 'Linear'"):
        torchvision_cut(nn.Linear(1, 1))
