"""Where each family of torchvision's image classifiers is cut.

The last stage ends with the input of the output layer, so that the output layer on the features gives the
network's own output, bit for bit.
"""

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any, Literal

from torch import nn

from sktl.backbones._glue import FirstToken, FixedSize, MeanOverPixels, PatchTokens, Restandardise
from sktl.exceptions import CutError
from sktl.utils._preprocessing import Preprocessing

__all__ = ["TorchvisionFamilyCut", "torchvision_cut"]

Stages = list[tuple[str, nn.Module]]


@dataclasses.dataclass(frozen=True)
class TorchvisionFamilyCut:
    """How the networks of one family are cut.

    Parameters
    ----------
    stages : callable
        Takes the network, returns its stages in order, each with its name. They share the network's parameters.
    output_layer : str
        Dotted name of the output layer in the network.
    keeps_output_layer : bool, default=True
        Whether the output layer takes the features of the last stage.
    architecture : {"cnn", "transformer"}, default="cnn"
        As for ``Backbone``.
    channel_axis : {1, -1}, default=1
        As for ``Backbone``.
    fixed_size : bool, default=False
        As for ``Backbone``.
    """

    stages: Callable[[Any], Stages]
    output_layer: str
    keeps_output_layer: bool = True
    architecture: Literal["cnn", "transformer"] = "cnn"
    channel_axis: Literal[1, -1] = 1
    fixed_size: bool = False


def torchvision_cut(model: nn.Module) -> TorchvisionFamilyCut:
    """Return how a network of torchvision is cut.

    Raises
    ------
    CutError
        Where it belongs to a family that came to torchvision after this list was written.
    """
    family = type(model).__name__
    if family not in _FAMILIES:
        raise CutError(
            f"no stages are known for the networks of torchvision's family {family!r}. Build the network with "
            "torchvision and hand it over as a module: it is then cut where its data flow allows it."
        )
    return _FAMILIES[family]


def _join(*modules: nn.Module) -> nn.Module:
    return modules[0] if len(modules) == 1 else nn.Sequential(*modules)


def _numbered(word: str, groups: Iterable[Iterable[nn.Module]]) -> Stages:
    """Return one stage per group, named ``word`` and its number, from 1."""
    return [(f"{word}{number}", _join(*group)) for number, group in enumerate(groups, start=1)]


def _ended(stages: Stages, *modules: nn.Module) -> Stages:
    """Return ``stages`` with ``modules`` at the end of the last."""
    name, last = stages[-1]
    return [*stages[:-1], (name, _join(last, *modules))]


def _groups_before(layers: Iterable[nn.Module], starts: Callable[[nn.Module], bool]) -> list[list[nn.Module]]:
    """Return runs of layers, a new one at every layer that ``starts`` one."""
    groups: list[list[nn.Module]] = []
    for layer in layers:
        if not groups or starts(layer):
            groups.append([])
        groups[-1].append(layer)
    return groups


def _groups_after_pools(layers: Iterable[nn.Module]) -> list[list[nn.Module]]:
    """Return runs of layers, each but perhaps the last with a pooling layer at its end."""
    groups: list[list[nn.Module]] = [[]]
    for layer in layers:
        if groups[-1] and isinstance(groups[-1][-1], nn.MaxPool2d):
            groups.append([])
        groups[-1].append(layer)
    return groups


def _has_stride(block: nn.Module) -> bool:
    return any(isinstance(m, nn.Conv2d) and m.stride != (1, 1) for m in block.modules())


def _alexnet(model: Any) -> Stages:
    dropout6, fc6, relu6, dropout7, fc7, relu7, _ = model.classifier
    return [
        *_numbered("stage", _groups_after_pools(model.features)),
        ("fc6", _join(model.avgpool, nn.Flatten(1), dropout6, fc6, relu6)),
        ("fc7", _join(dropout7, fc7, relu7)),
    ]


def _vgg(model: Any) -> Stages:
    fc6, relu6, dropout6, fc7, relu7, dropout7, _ = model.classifier
    return [
        *_numbered("stage", _groups_after_pools(model.features)),
        ("fc6", _join(model.avgpool, nn.Flatten(1), fc6, relu6, dropout6)),
        ("fc7", _join(fc7, relu7, dropout7)),
    ]


def _squeezenet(model: Any) -> Stages:
    # The output layer is a convolution before the pooling. Means of the feature map serve as features instead.
    return _ended(_numbered("stage", _groups_after_pools(model.features)), MeanOverPixels())


def _resnet(model: Any) -> Stages:
    stem = _join(model.conv1, model.bn1, model.relu, model.maxpool)
    layers = _numbered("layer", [[model.layer1], [model.layer2], [model.layer3], [model.layer4]])
    return [("stem", stem), *_ended(layers, model.avgpool, nn.Flatten(1))]


def _regnet(model: Any) -> Stages:
    blocks = list(model.trunk_output.named_children())
    return [("stem", model.stem), *_ended(blocks, model.avgpool, nn.Flatten(1))]


def _densenet(model: Any) -> Stages:
    layers = dict(model.features.named_children())
    stem = _join(*(layers[name] for name in ("conv0", "norm0", "relu0", "pool0")))
    blocks = [[layers[f"denseblock{i}"], layers[f"transition{i}"]] for i in (1, 2, 3)]
    end = [nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(1)]
    return [
        ("stem", stem),
        *_numbered("denseblock", [*blocks, [layers["denseblock4"], layers["norm5"], *end]]),
    ]


def _shufflenet(model: Any) -> Stages:
    return [
        ("stem", _join(model.conv1, model.maxpool)),
        ("stage2", model.stage2),
        ("stage3", model.stage3),
        ("stage4", model.stage4),
        ("conv5", _join(model.conv5, MeanOverPixels())),
    ]


def _mnasnet(model: Any) -> Stages:
    # Eight plain layers, six stacks of inverted residuals, then convolution, norm and activation.
    layers = list(model.layers)
    return [
        ("stem", _join(*layers[:8])),
        *_numbered("stage", [[stack] for stack in layers[8:14]]),
        ("conv_head", _join(*layers[14:], MeanOverPixels(), model.classifier[0])),
    ]


def _mobilenet_v2(model: Any) -> Stages:
    stem, *blocks, conv_head = model.features
    return [
        ("stem", stem),
        *_numbered("stage", _groups_before(blocks, _has_stride)),
        ("conv_head", _join(conv_head, nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(1), model.classifier[0])),
    ]


def _mobilenet_v3(model: Any) -> Stages:
    stem, *blocks, conv_head = model.features
    hidden, activation, dropout, _ = model.classifier
    return [
        ("stem", stem),
        *_numbered("stage", _groups_before(blocks, _has_stride)),
        ("conv_head", _join(conv_head, model.avgpool, nn.Flatten(1))),
        ("fc", _join(hidden, activation, dropout)),
    ]


def _efficientnet(model: Any) -> Stages:
    stem, *blocks, conv_head = model.features
    return [
        ("stem", stem),
        *_numbered("stage", [[block] for block in blocks]),
        ("conv_head", _join(conv_head, model.avgpool, nn.Flatten(1), model.classifier[0])),
    ]


def _convnext(model: Any) -> Stages:
    # After the stem, stages with a downsampling layer before each but the first.
    stem, first, *others = model.features
    stages = _numbered("stage", [[first], *zip(others[::2], others[1::2], strict=True)])
    return [("stem", stem), *_ended(stages, model.avgpool, *model.classifier[:-1])]


def _swin(model: Any) -> Stages:
    # As ConvNeXt: patch merging takes the place of the downsampling layers.
    stem, first, *others = model.features
    stages = _numbered("stage", [[first], *zip(others[::2], others[1::2], strict=True)])
    return [("stem", stem), *_ended(stages, model.norm, model.permute, model.avgpool, model.flatten)]


def _vision_transformer(model: Any) -> Stages:
    encoder = model.encoder
    tokens = PatchTokens(model.conv_proj, model.class_token, encoder.pos_embedding, encoder.dropout)
    blocks = _numbered("block", [[block] for block in encoder.layers])
    return [
        ("stem", _join(FixedSize(model.image_size, model.image_size), tokens)),
        *_ended(blocks, encoder.ln, FirstToken()),
    ]


def _maxvit(model: Any) -> Stages:
    # The stem and the first block halve both sides; grid_size is what the attention of the block sees.
    size = tuple(4 * side for side in model.blocks[0].grid_size)
    pool, flatten, norm, hidden, activation, _ = model.classifier
    return [
        ("stem", _join(FixedSize(*size), model.stem)),
        *_numbered("stage", [[block] for block in model.blocks]),
        ("fc", _join(pool, flatten, norm, hidden, activation)),
    ]


def _inception_start(model: Any, first: nn.Conv2d) -> list[nn.Module]:
    """Return what goes before the first layer, for weights that were trained on another standardisation."""
    if not model.transform_input:
        return []
    usual = Preprocessing().for_channels(first.in_channels)
    return [Restandardise(usual.mean, usual.std)]


def _googlenet(model: Any) -> Stages:
    start = _inception_start(model, model.conv1.conv)
    in3, in4 = (model.inception3a, model.inception3b), [getattr(model, f"inception4{i}") for i in "abcde"]
    in5 = (model.inception5a, model.inception5b)
    return [
        ("stem", _join(*start, model.conv1, model.maxpool1, model.conv2, model.conv3, model.maxpool2)),
        ("inception3", _join(*in3, model.maxpool3)),
        ("inception4", _join(*in4, model.maxpool4)),
        ("inception5", _join(*in5, model.avgpool, nn.Flatten(1), model.dropout)),
    ]


def _inception_v3(model: Any) -> Stages:
    start = _inception_start(model, model.Conv2d_1a_3x3.conv)
    stem = [model.Conv2d_1a_3x3, model.Conv2d_2a_3x3, model.Conv2d_2b_3x3, model.maxpool1]
    stem += [model.Conv2d_3b_1x1, model.Conv2d_4a_3x3, model.maxpool2]
    mixed7 = [model.Mixed_7a, model.Mixed_7b, model.Mixed_7c]
    return [
        ("stem", _join(*start, *stem)),
        ("mixed5", _join(model.Mixed_5b, model.Mixed_5c, model.Mixed_5d)),
        ("mixed6", _join(model.Mixed_6a, model.Mixed_6b, model.Mixed_6c, model.Mixed_6d, model.Mixed_6e)),
        ("mixed7", _join(*mixed7, model.avgpool, model.dropout, nn.Flatten(1))),
    ]


_FAMILIES = {
    "AlexNet": TorchvisionFamilyCut(_alexnet, "classifier.6"),
    "ConvNeXt": TorchvisionFamilyCut(_convnext, "classifier.2"),
    "DenseNet": TorchvisionFamilyCut(_densenet, "classifier"),
    "EfficientNet": TorchvisionFamilyCut(_efficientnet, "classifier.1"),
    "GoogLeNet": TorchvisionFamilyCut(_googlenet, "fc"),
    "Inception3": TorchvisionFamilyCut(_inception_v3, "fc"),
    "MNASNet": TorchvisionFamilyCut(_mnasnet, "classifier.1"),
    "MaxVit": TorchvisionFamilyCut(_maxvit, "classifier.5", architecture="transformer", fixed_size=True),
    "MobileNetV2": TorchvisionFamilyCut(_mobilenet_v2, "classifier.1"),
    "MobileNetV3": TorchvisionFamilyCut(_mobilenet_v3, "classifier.3"),
    "RegNet": TorchvisionFamilyCut(_regnet, "fc"),
    "ResNet": TorchvisionFamilyCut(_resnet, "fc"),
    "ShuffleNetV2": TorchvisionFamilyCut(_shufflenet, "fc"),
    "SqueezeNet": TorchvisionFamilyCut(_squeezenet, "classifier.1", keeps_output_layer=False),
    "SwinTransformer": TorchvisionFamilyCut(_swin, "head", architecture="transformer", channel_axis=-1),
    "VGG": TorchvisionFamilyCut(_vgg, "classifier.6"),
    "VisionTransformer": TorchvisionFamilyCut(
        _vision_transformer, "heads.head", architecture="transformer", channel_axis=-1, fixed_size=True
    ),
}
