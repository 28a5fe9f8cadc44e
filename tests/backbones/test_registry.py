import pytest
import torch
from torch import nn
from torchvision import models

from sktl.backbones import Backbone, _registry, get_backbone, input_kind_of, register_backbone
from sktl.exceptions import UnknownBackboneError


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    """Forget what a test registers."""
    monkeypatch.setattr(_registry, "_registered", {})
    monkeypatch.setattr(_registry, "_input_kinds", {})


def _build(weights):
    return Backbone(stages=[("one", nn.Linear(3, 2))])


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("resnet18", "image"),
        ("efficientnet_lite0", "image"),
        ("timm:resnet18", "image"),
        ("all_minilm_l6_v2", "tensor"),
    ],
)
def test_what_named_backbones_take(name, kind):
    assert input_kind_of(name) == kind


@pytest.mark.parametrize("name", ["resnet18", "efficientnet_lite0", "all_minilm_l6_v2"])
def test_the_kind_is_that_of_the_backbone(name):
    pytest.importorskip("timm")
    assert get_backbone(name, None).input_kind == input_kind_of(name)


def test_weights_at_a_path(tmp_path):
    path = tmp_path / "mine.pth"
    torch.save(models.shufflenet_v2_x0_5(weights=None).state_dict(), path)
    found = get_backbone("shufflenet_v2_x0_5", path)
    assert found.weights.name == "mine.pth"
    assert found.fingerprint() == get_backbone("shufflenet_v2_x0_5", str(path)).fingerprint()
    register_backbone("rows", lambda weights: Backbone(stages=[(weights, nn.Linear(3, 2))]))
    assert get_backbone("rows", path).stage_names == (str(path),)


def test_a_function_that_makes_no_backbone():
    register_backbone("plain", lambda weights: nn.Linear(3, 2))
    message = r"registered as 'plain' returned Linear: it must return a Backbone, such as backbone_from_module"
    with pytest.raises(TypeError, match=message):
        get_backbone("plain")


def test_what_registered_backbones_take():
    register_backbone("pictures", _build)
    register_backbone("rows", _build, input_kind="table")
    assert (input_kind_of("pictures"), input_kind_of("rows")) == ("image", "table")


def test_an_unknown_name():
    with pytest.raises(UnknownBackboneError, match=r"no backbone 'all_minilm'\. Did you mean 'all_minilm_l6_v2'"):
        input_kind_of("all_minilm")


@pytest.mark.parametrize("name", ["resnet18", "mine"])
def test_a_name_that_is_taken(name):
    register_backbone("mine", _build)
    with pytest.raises(ValueError, match=f"the name '{name}' is taken"):
        register_backbone(name, _build)
