"""The models of timm."""

import math
import pathlib
from typing import Any

from torch import nn

from sktl.backbones._backbone import Backbone
from sktl.backbones._channels import adapt_first_layer
from sktl.backbones._family import BackboneFamily
from sktl.backbones._layout import channel_axis_of, join_at_tensors, outputs_of
from sktl.backbones._state_dict import describe_file, is_path, load_into, load_state_dict_file
from sktl.backbones._timm_weights import find_or_fetch
from sktl.backbones._trace import trace_stages
from sktl.backbones._weights import WeightsInfo
from sktl.exceptions import StateDictMismatchError, UnknownBackboneError
from sktl.utils._names import nearest_names
from sktl.utils._optional import import_optional
from sktl.utils._preprocessing import Preprocessing

__all__ = ["TimmFamily"]

_PREFIX = "timm:"


class TimmFamily(BackboneFamily):
    """The models of timm, as ``"timm:<name>"`` or ``"timm:<name>.<version of weights>"``, cut by a trace."""

    def names(self) -> list[str]:
        """Return no names: there are over a thousand, and ``timm.list_models()`` tells them."""
        return []

    def knows(self, name: str) -> bool:
        """Whether a name is meant for timm."""
        return name.startswith(_PREFIX)

    def weight_names(self, name: str) -> list[str]:
        """Return timm's tags of pretrained weights for a model, its default first."""
        timm = _timm()
        return _tags(timm, _split(timm, name)[0])

    def build(self, name: str, weights: str | None, in_channels: int) -> Backbone:
        """Return a model as a backbone."""
        timm = _timm()
        architecture, tag = _split(timm, name)
        if weights is None:
            model, info, is_whole = timm.create_model(architecture, in_chans=in_channels), None, True
        elif is_path(weights):
            model, is_whole = _from_file(timm, architecture, weights, in_channels)
            info = describe_file(weights, _preprocessing(model.pretrained_cfg))
        else:
            tag = self._tag(name, tag, weights)
            model, info = _pretrained(timm, name, f"{architecture}.{tag}", in_channels)
            is_whole = True
        rebuild = None if weights is None else (_build_again, (name, weights, in_channels))
        return _backbone(model, name, info, is_whole, in_channels, rebuild)

    def _tag(self, name: str, tag: str, weights: str) -> str:
        """Return the tag of the weights that are asked for."""
        known = self.weight_names(name)
        if weights == "default" and (tag or known):
            return tag or known[0]
        if weights in known:
            return weights
        if not known:
            raise UnknownBackboneError(
                f"timm has no pretrained weights for {name!r}: give weights=None for random ones, or a path"
            )
        near = nearest_names(weights, known) or known
        raise UnknownBackboneError(
            f"{name!r} has no weights {weights!r}. Known are 'default', {', '.join(map(repr, near))}, the path of a "
            "state dict, and None for random weights."
        )


def _build_again(name: str, weights: str, in_channels: int) -> Backbone:
    """Return the backbone that a pickle names."""
    return TimmFamily().build(name, weights, in_channels)


def _timm() -> Any:
    return import_optional("timm", extra="timm", purpose=f"a backbone {_PREFIX + '<name>'!r}")


def _split(timm: Any, name: str) -> tuple[str, str]:
    """Return architecture and tag of a name, both known to timm; the tag is empty where there is none."""
    architecture, _, tag = name.removeprefix(_PREFIX).partition(".")
    if not timm.is_model(architecture):
        near = [_PREFIX + other for other in nearest_names(architecture, timm.list_models())]
        hint = f"Did you mean {', '.join(map(repr, near))}?" if near else "timm.list_models() tells the names."
        raise UnknownBackboneError(f"timm has no model {architecture!r}. {hint}")
    known = _tags(timm, architecture)
    if tag and tag not in known:
        near = nearest_names(tag, known) or known
        raise UnknownBackboneError(
            f"timm has no weights {tag!r} for {architecture!r}. Known are: {', '.join(map(repr, near)) or 'none'}."
        )
    return architecture, tag


def _tags(timm: Any, architecture: str) -> list[str]:
    default = timm.get_pretrained_cfg(architecture)
    tags = [full.partition(".")[2] for full in timm.list_pretrained(f"{architecture}.*")]
    return sorted(tags, key=lambda tag: (default is None or tag != default.tag, tag))


def _pretrained(timm: Any, name: str, full_name: str, in_channels: int) -> tuple[Any, WeightsInfo]:
    cfg = timm.get_pretrained_cfg(full_name)
    file = find_or_fetch(cfg, name)
    model = _load_by_timm(timm, full_name, file, in_channels)
    info = WeightsInfo(
        name=cfg.tag or full_name,
        source=f"hf-hub:{cfg.hf_hub_id}" if cfg.hf_hub_id else str(cfg.url),
        licence=cfg.license or "not stated",
        preprocessing=_preprocessing(model.pretrained_cfg),
        categories=tuple(cfg.label_names or ()),
    )
    return model, info


def _load_by_timm(timm: Any, full_name: str, file: pathlib.Path, in_channels: int) -> Any:
    """Return a model with the weights in a file, which timm converts where it is of another origin."""
    overlay = {"file": str(file), "custom_load": file.suffix == ".npz"}
    return timm.create_model(full_name, pretrained=True, in_chans=in_channels, pretrained_cfg_overlay=overlay)


def _from_file(timm: Any, architecture: str, path: str, in_channels: int) -> tuple[Any, bool]:
    """Return a model with the weights in a file of the user's, and whether they include its output layer."""
    state_dict = load_state_dict_file(path)
    cfg = timm.get_pretrained_cfg(architecture)
    first = state_dict.get(f"{cfg.first_conv}.weight") if cfg is not None else None
    channels = in_channels if first is not None and first.shape[1] == in_channels else 3
    model = timm.create_model(architecture, in_chans=channels)
    output_layer = model.pretrained_cfg.get("classifier")
    try:
        is_whole = load_into(
            model,
            state_dict,
            output_layer=output_layer if isinstance(output_layer, str) else None,
            origin=f"{path!r}",
        )
    except StateDictMismatchError as error:
        try:
            model = _load_by_timm(timm, architecture, pathlib.Path(path).expanduser(), channels)
        # What timm's converters raise for a file of another network.
        except (RuntimeError, KeyError, AttributeError, TypeError, ValueError, IndexError):
            raise error from None
        is_whole = True
    if channels != in_channels:
        adapt_first_layer(model, in_channels)
    return model, is_whole


def _backbone(
    model: nn.Module, name: str, info: WeightsInfo | None, is_whole: bool, in_channels: int, rebuild: Any
) -> Backbone:
    cfg: dict[str, Any] = model.pretrained_cfg  # type: ignore[assignment]
    traced = trace_stages(model)
    outputs = outputs_of([stage for _, stage in traced.stages], (1, in_channels, *cfg["input_size"][1:]))
    channel_axis = channel_axis_of(outputs)
    return Backbone(
        stages=join_at_tensors(traced.stages, outputs),
        name=name,
        output_layer=traced.output_layer if is_whole else None,
        input_kind="image",
        n_channels=in_channels,
        fixed_size=bool(cfg.get("fixed_input_size", False)),
        channel_axis=channel_axis,
        architecture="transformer" if channel_axis == -1 else "cnn",
        preprocessing=_preprocessing(cfg).for_channels(in_channels),
        weights=info,
        rebuild=rebuild,
    )


def _preprocessing(cfg: dict[str, Any]) -> Preprocessing:
    """Return what timm states of a model's pictures; it rounds the length before the crop down."""
    height, width = cfg["input_size"][1:]
    crops = cfg.get("crop_mode", "center") == "center" and height == width
    interpolation = cfg.get("interpolation", "bicubic")
    return Preprocessing(
        size=(height, width),
        resize=math.floor(height / cfg.get("crop_pct", 0.875)) if crops else None,
        mean=tuple(cfg["mean"]),
        std=tuple(cfg["std"]),
        interpolation=interpolation if interpolation in ("nearest", "bilinear") else "bicubic",
    )
