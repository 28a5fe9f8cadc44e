"""The image classifiers of torchvision."""

import re
from typing import Any

import torch
from torch import nn

from sktl.backbones._backbone import Backbone
from sktl.backbones._bare import BareNetworks
from sktl.backbones._channels import adapt_first_layer
from sktl.backbones._family import BackboneFamily
from sktl.backbones._hub import fetch_state_dict, published_sha256
from sktl.backbones._state_dict import describe_file, is_path, load_into, load_state_dict_file
from sktl.backbones._torchvision_stages import torchvision_cut
from sktl.backbones._weights import WeightsInfo
from sktl.exceptions import UnknownBackboneError
from sktl.utils._names import nearest_names
from sktl.utils._preprocessing import Preprocessing

__all__ = ["TorchvisionFamily"]

# Names in files that torchvision published before it renamed layers: of DenseNet and of the vision transformers.
_RENAMED = (
    (re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.([12])\."), r"\1\2."),
    (re.compile(r"\.mlp\.linear_1\."), ".mlp.0."),
    (re.compile(r"\.mlp\.linear_2\."), ".mlp.3."),
)

# Side exits of GoogLeNet and Inception v3, which only their own training used.
_SIDE_EXITS = ("aux1.", "aux2.", "AuxLogits.")


class TorchvisionFamily(BackboneFamily):
    """Every image classifier of the torchvision that is installed, under torchvision's name for it."""

    def names(self) -> list[str]:
        """Return the names that torchvision lists for its image classifiers."""
        from torchvision import models

        return models.list_models(module=models)

    def weight_names(self, name: str) -> list[str]:
        """Return the versions of weights: torchvision's default first, then by accuracy on ImageNet."""
        return [member.name for member in _members(name)]

    def build(self, name: str, weights: str | None, in_channels: int) -> Backbone:
        """Return a network of torchvision as a backbone.

        Random weights and those of a file go with the picture size and preprocessing of torchvision's default weights.
        """
        members = _members(name)
        member, info, state_dict = members[0], None, None
        if weights is not None:
            named = {"default": members[0], **{member.name: member for member in members}}
            if weights in named:
                member = named[weights]
                weights = str(member.name)
                info, state_dict = _describe(member), fetch_state_dict(member, name)
            elif is_path(weights):
                state_dict, info = load_state_dict_file(weights), describe_file(weights, _preprocessing(member))
            else:
                raise _unknown_weights(name, weights, list(named))
        model = _network(name, member, random=state_dict is None)
        cut = torchvision_cut(model)
        is_whole = cut.keeps_output_layer
        if state_dict is not None:
            is_whole &= load_into(
                model, _present_names(state_dict), output_layer=cut.output_layer, origin=f"{weights!r}"
            )
        adapt_first_layer(model, in_channels)
        return Backbone(
            stages=cut.stages(model),
            name=name,
            output_layer=model.get_submodule(cut.output_layer) if is_whole else None,
            input_kind="image",
            n_channels=in_channels,
            fixed_size=cut.fixed_size,
            channel_axis=cut.channel_axis,
            architecture=cut.architecture,
            preprocessing=_preprocessing(member).for_channels(in_channels),
            weights=info,
            rebuild=None if weights is None else (_build_again, (name, weights, in_channels)),
        )


def _build_again(name: str, weights: str, in_channels: int) -> Backbone:
    """Return the backbone that a pickle names."""
    return TorchvisionFamily().build(name, weights, in_channels)


def _members(name: str) -> list[Any]:
    """Return the weights of a network that have an output layer, torchvision's default first, then by accuracy.

    Those without one (of ``vgg16``, for detectors) hold no numbers in their last layers.
    """
    from torchvision import models

    weights = models.get_model_weights(name)
    complete = [member for member in weights if member.meta["categories"] is not None]
    return sorted(complete, key=lambda member: (member is not weights.DEFAULT, -_accuracy(member)))


def _accuracy(member: Any) -> float:
    return member.meta.get("_metrics", {}).get("ImageNet-1K", {}).get("acc@1", 0.0)


def _describe(member: Any) -> WeightsInfo:
    return WeightsInfo(
        name=member.name,
        source=member.url,
        licence=member.meta.get("license", "not stated"),
        sha256=published_sha256(member.url),
        preprocessing=_preprocessing(member),
        categories=tuple(member.meta["categories"]),
    )


def _preprocessing(member: Any) -> Preprocessing:
    transforms = member.transforms()
    return Preprocessing(
        size=(transforms.crop_size[0], transforms.crop_size[-1]),
        resize=transforms.resize_size[0],
        mean=tuple(transforms.mean),
        std=tuple(transforms.std),
        interpolation=transforms.interpolation.value,
    )


def _network(name: str, member: Any, *, random: bool) -> nn.Module:
    """Return a network for the pictures of ``member``; without numbers, or ``random``."""
    from torchvision import models

    family = models.get_model_builder(name).__module__.rpartition(".")[2]
    options: dict[str, Any] = {}
    if family in ("googlenet", "inception"):
        # torchvision's weights for these two came from TensorFlow, with its standardisation.
        options = {"aux_logits": False, "init_weights": random, "transform_input": not random}
    elif family == "vision_transformer":
        options = {"image_size": member.meta["min_size"][0]}
    elif family == "maxvit":
        options = {"input_size": tuple(member.meta["min_size"])}
    if random:
        return models.get_model(name, weights=None, **options)
    with BareNetworks():
        return models.get_model(name, weights=None, **options)


def _present_names(state_dict: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return a state dict under the names that torchvision has now, without side exits."""
    renamed = {}
    for name, tensor in state_dict.items():
        if not name.startswith(_SIDE_EXITS):
            for pattern, replacement in _RENAMED:
                name = pattern.sub(replacement, name)
            renamed[name] = tensor
    return renamed


def _unknown_weights(name: str, weights: str, known: list[str]) -> UnknownBackboneError:
    near = nearest_names(weights, known)
    hint = f"Did you mean {', '.join(map(repr, near))}? " if near else ""
    return UnknownBackboneError(
        f"{name!r} has no weights {weights!r}. {hint}Known are {', '.join(map(repr, known))}, the path of a "
        "state dict, and None for random weights."
    )
