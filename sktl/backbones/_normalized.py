"""Convolutions whose output is normalised at once."""

import collections

from torch import fx, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd

__all__ = ["behind_normalization", "normalized_convolutions"]

_KINDS: dict[type[_ConvNd], type[_BatchNorm]] = {
    nn.Conv1d: nn.BatchNorm1d,
    nn.Conv2d: nn.BatchNorm2d,
    nn.Conv3d: nn.BatchNorm3d,
}
# That of timm holds a dropout and an activation too, as ``drop`` and ``act``.
_WITH_ACTIVATION = ("timm.layers.norm_act", "BatchNormAct2d")


def normalized_convolutions(module: nn.Module) -> list[tuple[_ConvNd, _BatchNorm]]:
    """Return convolutions with the batch normalisation that alone takes what they return.

    Each module inside is followed through its own forward pass, in which those that it holds are single steps. One
    whose code cannot be followed, as it asks for values, is left out, and so is a layer with a hook or with several
    places in the network.

    Parameters
    ----------
    module : torch.nn.Module
        Nothing of it is changed, and no value computed.

    Returns
    -------
    list of (convolution, normalisation)

    Examples
    --------
    >>> from sktl.backbones import normalized_convolutions
    >>> from torch import nn
    >>> block = nn.Sequential(nn.Conv2d(3, 8, 1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 1), nn.ReLU())
    >>> normalized_convolutions(block) == [(block[0], block[1])]
    True
    """
    uses = collections.Counter(child for part in module.modules() for child in part._modules.values())
    return [
        pair
        for part in module.modules()
        for pair in _pairs_in(part)
        if all(uses[layer] == 1 and not _has_hooks(layer) for layer in pair)
    ]


def behind_normalization(norm: _BatchNorm) -> nn.Module:
    """Return what the normalisation of a pair of ``normalized_convolutions`` does beside normalising.

    Parameters
    ----------
    norm : torch.nn.Module
        The normalisation.

    Returns
    -------
    torch.nn.Module
        Nothing but the identity for torch's; the dropout and the activation that timm's holds.
    """
    if _holds_activation(norm):
        return nn.Sequential(norm.drop, norm.act)  # type: ignore[arg-type]
    return nn.Identity()


class _Step(nn.Module):
    """Stands for a module in a pass that is written down."""

    def __init__(self, name: str, tracer: fx.proxy.TracerBase):
        super().__init__()
        self.name = name
        self.tracer = tracer

    def forward(self, *args, **kwargs):
        """Write down that it was called."""
        return self.tracer.create_proxy("call_module", self.name, args, kwargs)


def _pairs_in(part: nn.Module) -> list[tuple[_ConvNd, _BatchNorm]]:
    """Return such pairs among the modules that a module holds itself."""
    layers = part._modules
    if not all(any(isinstance(layer, kind) for layer in layers.values()) for kind in (_ConvNd, _BatchNorm)):
        return []
    # fx.symbolic_trace would replace methods of nn.Module for as long as it runs, for other threads too.
    graph = fx.Graph()
    tracer = fx.proxy.GraphAppendingTracer(graph)
    shadow = object.__new__(type(part))
    steps = {name: None if layer is None else _Step(name, tracer) for name, layer in layers.items()}
    shadow.__dict__ = {**vars(part), "_modules": steps}
    try:
        shadow.forward(fx.Proxy(graph.placeholder("x"), tracer))
    except Exception:  # whatever other people's code raises where it gets no tensor
        return []
    calls = [node for node in graph.nodes if node.op == "call_module"]
    times = collections.Counter(node.target for node in calls)
    found = []
    for node in calls:
        before = node.args[0] if len(node.args) == 1 and not node.kwargs else None
        if not (isinstance(before, fx.Node) and before.op == "call_module" and len(before.users) == 1):
            continue
        first, second = layers[str(before.target)], layers[str(node.target)]
        is_once = times[before.target] == times[node.target] == 1
        if is_once and isinstance(first, _ConvNd) and isinstance(second, _BatchNorm) and _normalizes(second, first):
            found.append((first, second))
    return found


def _normalizes(norm: _BatchNorm, convolution: _ConvNd) -> bool:
    """Return whether both are of known kinds that go together."""
    kind = _KINDS.get(type(convolution))
    return kind is not None and (type(norm) is kind or (isinstance(norm, kind) and _holds_activation(norm)))


def _holds_activation(norm: _BatchNorm) -> bool:
    return (type(norm).__module__, type(norm).__name__) == _WITH_ACTIVATION


def _has_hooks(layer: nn.Module) -> bool:
    return bool(layer._forward_hooks or layer._forward_pre_hooks or layer._backward_hooks or layer._backward_pre_hooks)
