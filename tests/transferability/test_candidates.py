"""The backbones that a ranking is asked for."""

import pathlib

import pytest
from torch import nn

from sktl.backbones import MLP, Backbone
from sktl.transferability._candidates import read_candidates


def test_every_form_of_a_backbone():
    """Names, descriptions, modules and backbones, with weights or without."""
    backbone, path = Backbone(stages=[("one", nn.Linear(2, 2))], name="mine"), pathlib.Path("x.pth")
    module = nn.Sequential(nn.Linear(2, 2))
    given = ["resnet18", ("resnet18", None), "mlp", MLP(), module, backbone, ("resnet50", path)]
    found = read_candidates(given, "default")
    assert [one.name for one in found] == ["resnet18", "resnet18", "mlp", "mlp", "Sequential", "mine", "resnet50"]
    assert [one.weights for one in found] == ["default", None, *["default"] * 4, path]
    assert [one.backbone for one in found[4:6]] == [module, backbone]
    assert found[1].parameters == {"backbone": "resnet18", "weights": None}


def test_a_dict_names_them():
    """Its keys are printed."""
    found = read_candidates({"a": "resnet18", "b": ("resnet18", None)}, "default")
    assert [(one.name, one.backbone, one.weights) for one in found] == [
        ("a", "resnet18", "default"),
        ("b", "resnet18", None),
    ]


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ("V1", ["V1", None, "V1"]),
        (None, [None, None, None]),
        (["V1", "V2", "V3"], ["V1", None, "V3"]),
        ({"resnet50": "V2"}, ["default", None, "V2"]),
    ],
)
def test_weights_for_all_or_each(weights, expected):
    """What stands in a pair goes before."""
    found = read_candidates(["resnet18", ("resnet34", None), "resnet50"], weights)
    assert [one.weights for one in found] == expected


def test_wrong_calls():
    """Each is told, and what would be right."""
    with pytest.raises(TypeError, match="backbones must be a list, or a dict of backbones by name, got str"):
        read_candidates("resnet18", "default")
    with pytest.raises(ValueError, match="backbones is empty"):
        read_candidates([], "default")
    with pytest.raises(TypeError, match=r"each of backbones must be a name, an MLP.*got int"):
        read_candidates(["resnet18", 3], "default")
    with pytest.raises(ValueError, match=r"a pair \(backbone, weights\), got a tuple of 3"):
        read_candidates([("resnet18", None, 3)], "default")
    with pytest.raises(ValueError, match="weights is a list of 1, but there are 2 backbones"):
        read_candidates(["resnet18", "resnet34"], ["default"])
    with pytest.raises(ValueError, match=r"weights are given for 'resnet19', but no backbone.*'resnet18'"):
        read_candidates(["resnet18"], {"resnet19": None})
    with pytest.raises(TypeError, match=r"weights must be 'default', a version.*got int"):
        read_candidates(["resnet18"], 3)
