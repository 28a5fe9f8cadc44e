"""The user's own network as a backbone."""

import copy
from collections.abc import Sequence
from typing import Literal

import torch
from torch import nn

from sktl.backbones._backbone import Backbone
from sktl.backbones._trace import trace_stages
from sktl.backbones._weights import WeightsInfo
from sktl.exceptions import CutError
from sktl.utils._preprocessing import Preprocessing

__all__ = ["backbone_from_module"]

_GIVEN = WeightsInfo(name="given", source="the module handed in")


def backbone_from_module(
    module: nn.Module,
    *,
    stages: Sequence[str] | None = None,
    name: str | None = None,
    input_kind: Literal["image", "table", "tensor"] | None = None,
    n_channels: int | None = None,
    preprocessing: Preprocessing | None = None,
    weights: WeightsInfo | None = _GIVEN,
    channel_axis: Literal[1, -1] | None = None,
    architecture: Literal["cnn", "transformer", "mlp"] | None = None,
    fixed_size: bool = False,
) -> Backbone:
    """Cut a copy of a network into stages.

    The network is traced in eval mode with ``torch.fx`` and cut at places through which all later data flow. A linear
    layer at its end becomes the output layer and no part of the stages; a network that ends with something else is
    taken whole. The stages, one after the other, return bit for bit what the network returns in eval mode. They keep
    the names of the submodules that they begin with: ``"layer1"``, ``"blocks.0"``.

    Parameters
    ----------
    module : torch.nn.Module
        Takes one tensor (other arguments keep their defaults) and returns one. It is copied; the object itself is
        left as it is. Code outside of submodules that takes another path in training mode is taken as in eval mode;
        ``F.dropout(x, training=self.training)`` is no such code and keeps to the mode.
    stages : sequence of str or None, default=None
        Names of submodules after each of which to cut; each stage bears the name of the submodule that it ends with,
        and what remains is called ``"tail"``. None cuts between layers, and between the members of lists such as
        ``blocks`` and ``features``; layers without weights, and normalisation, stay with the layer before them.
    name : str or None, default=None
        What messages call the network. None: the name of its class.
    input_kind : {"image", "table", "tensor"} or None, default=None
        What the network takes. None: "image" where the first layer is a ``Conv2d``, "table" where it is the first
        ``Linear`` of a ``Sequential``, else "tensor".
    n_channels : int or None, default=None
        Channels of a picture, or columns of a table. None: as many as the first layer takes, if that tells.
    preprocessing : Preprocessing or None, default=None
        What the network expects of a picture. None: pictures as they come, in [0, 1].
    weights : WeightsInfo or None
        Where the weights come from; by default, that they came with the module and were learned. None says that they
        are random.
    channel_axis : {1, -1} or None, default=None
        The axis of channels in what inner stages return. None: -1 for a transformer, else 1.
    architecture : {"cnn", "transformer", "mlp"} or None, default=None
        The kind of network, which ``freeze="auto"`` asks for. None: "transformer" where it has torch's attention
        layers, "mlp" where it takes a table, else "cnn".
    fixed_size : bool, default=False
        Whether pictures must have the size in ``preprocessing``.

    Returns
    -------
    Backbone

    Raises
    ------
    TypeError
        Where ``module`` is no ``torch.nn.Module``.
    CutError
        Where the network is compiled, or cannot be traced (its path depends on the values of the data), where it has
        no inner cut, where nothing with weights comes before its output layer, or where it cannot be cut after a name
        in ``stages``. ``Backbone(stages=[(name, module), ...])`` takes stages that were cut by hand.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from sktl.backbones import backbone_from_module
    >>> class Net(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.stem = nn.Conv2d(1, 8, 3)
    ...         self.body = nn.Sequential(nn.Conv2d(8, 8, 3), nn.BatchNorm2d(8))
    ...         self.fc = nn.Linear(8, 10)
    ...
    ...     def forward(self, x):
    ...         x = torch.relu(self.body(torch.relu(self.stem(x))))
    ...         return self.fc(x.mean(dim=(2, 3)))
    >>> net = Net().eval()
    >>> backbone = backbone_from_module(net)
    >>> backbone.stage_names, backbone.input_kind, backbone.n_channels
    (('stem', 'body.0'), 'image', 1)
    >>> x = torch.rand(2, 1, 8, 8)
    >>> torch.equal(backbone.logits(x), net(x))
    True
    """
    if not isinstance(module, nn.Module):
        raise TypeError(f"module must be a torch.nn.Module, not {type(module).__name__}")
    if any(isinstance(part, torch.jit.ScriptModule) for part in module.modules()):
        raise CutError(
            "the network is compiled, by torch.jit.script or torch.jit.trace, and cannot be cut into stages: give the "
            "module that it was made from"
        )
    traced = trace_stages(copy.deepcopy(module).cpu(), at=stages)
    first = _first_layer(traced.stages[0][1])
    input_kind = input_kind or _guess_input_kind(module, first)
    architecture = architecture or _guess_architecture(module, input_kind)
    if n_channels is None:
        n_channels = _guess_n_channels(first, input_kind)
    return Backbone(
        stages=traced.stages,
        name=name or type(module).__name__,
        output_layer=traced.output_layer,
        input_kind=input_kind,
        n_channels=n_channels,
        fixed_size=fixed_size,
        channel_axis=channel_axis or (-1 if architecture == "transformer" else 1),
        architecture=architecture,
        preprocessing=preprocessing,
        weights=weights,
    )


def _first_layer(stage: nn.Module) -> nn.Module | None:
    """Return the first module with parameters of its own."""
    return next((m for m in stage.modules() if any(True for _ in m.parameters(recurse=False))), None)


def _guess_input_kind(module: nn.Module, first: nn.Module | None) -> Literal["image", "table", "tensor"]:
    if isinstance(first, nn.Conv2d):
        return "image"
    return "table" if isinstance(module, nn.Sequential) and isinstance(first, nn.Linear) else "tensor"


def _guess_architecture(module: nn.Module, input_kind: str) -> Literal["cnn", "transformer", "mlp"]:
    if any(isinstance(m, nn.MultiheadAttention) for m in module.modules()):
        return "transformer"
    return "mlp" if input_kind == "table" else "cnn"


def _guess_n_channels(first: nn.Module | None, input_kind: str) -> int | None:
    if input_kind == "image" and isinstance(first, nn.Conv2d):
        return first.in_channels
    if input_kind == "table" and isinstance(first, nn.Linear):
        return first.in_features
    return None
