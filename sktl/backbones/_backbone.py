"""A network as an ordered list of named stages."""

import copy
import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

import torch
from torch import nn

from sktl.backbones._fingerprint import fingerprint_code, fingerprint_weights, join_fingerprints
from sktl.backbones._pool import pool_channels, pool_tokens
from sktl.backbones._weights import WeightsInfo
from sktl.exceptions import CutError, StateDictMismatchError
from sktl.utils._preprocessing import Preprocessing

__all__ = ["Backbone", "FrozenStages"]


class FrozenStages(nn.Module):
    """Stages that run in eval mode and without gradients, whatever is called on them or around them."""

    def __init__(self, modules: Sequence[nn.Module]):
        super().__init__()
        self._stages = nn.ModuleList(modules)
        self.training = False

    def train(self, mode: bool = True) -> "FrozenStages":
        """Do nothing: frozen stages stay in eval mode."""
        return self

    @torch.no_grad()
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Pass ``x`` through the stages, first to last."""
        for stage in self._stages:
            x = stage(x)
            if not isinstance(x, torch.Tensor):
                raise CutError(
                    f"a stage, {type(stage).__name__}, returns {type(x).__name__}, and a stage returns one tensor: "
                    "wrap it in a module that picks it, as that of a recurrent layer's outputs"
                )
        return x

    def __iter__(self):
        return iter(self._stages)


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class Backbone:
    """A network as an ordered list of named stages, tensor in, tensor out, without its output layer.

    A backbone never changes: nothing trains it in place. ``prefix`` hands out its first stages, frozen; ``suffix``
    hands out copies of the others, to be trained. So it can be shared: ``copy.deepcopy`` and ``sklearn.base.clone``
    return the same object.

    Parameters
    ----------
    stages : sequence of (str, torch.nn.Module)
        The stages, first to last, each with a name of its own. Each takes the tensor that the one before
        it returns. They are kept as they are, in eval mode and with ``requires_grad=False``: hand over a copy of a
        module that is used elsewhere. They lie on the CPU.
    name : str, default="custom"
        What messages call the network.
    output_layer : torch.nn.Module or None, default=None
        The network's own last layer, which ``logits`` applies. It is no part of the stages.
    input_kind : {"image", "table", "tensor"}, default="tensor"
        What the first stage takes: pictures (b, C, H, W), rows of a table (b, n_features), or anything else whose
        first axis counts samples.
    n_channels : int or None, default=None
        The length of axis 1 of the input: channels of a picture, columns of a table. None: not known.
    fixed_size : bool, default=False
        Whether pictures must have the size in ``preprocessing`` (vision transformers).
    channel_axis : {1, -1}, default=1
        The axis of channels in what inner stages return; ``pool`` averages over the others.
    skips_padding : bool, default=False
        Whether inner stages return tokens (b, length, n_channels) that are 0 in all channels where there is padding,
        which ``pool`` leaves out of the mean. The last stage has to return a vector per sample then.
    architecture : {"cnn", "transformer", "mlp"}, default="cnn"
        The kind of network, which ``freeze="auto"`` asks for.
    preprocessing : Preprocessing or None, default=None
        What the network expects of a picture. None for pictures means: as they come, in [0, 1].
    weights : WeightsInfo or None, default=None
        Where the weights come from. None: they are random.
    rebuild : (callable, tuple) or None, default=None
        A function and its arguments that return a backbone with the same weights, where there is one. Pickles then
        hold this call and a fingerprint in place of the weights.

    Raises
    ------
    CutError
        Where there is no stage, or two bear one name.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from sktl.backbones import Backbone
    >>> backbone = Backbone(stages=[("one", nn.Linear(4, 3)), ("two", nn.Linear(3, 2))])
    >>> backbone.stage_names
    ('one', 'two')
    >>> x = torch.ones(5, 4)
    >>> torch.equal(backbone(x), backbone.between(1, 2)(backbone.prefix(1)(x)))
    True
    """

    stages: Iterable[tuple[str, nn.Module]] = dataclasses.field(repr=False)
    name: str = "custom"
    output_layer: nn.Module | None = dataclasses.field(default=None, repr=False)
    input_kind: Literal["image", "table", "tensor"] = "tensor"
    n_channels: int | None = None
    fixed_size: bool = False
    channel_axis: Literal[1, -1] = 1
    skips_padding: bool = False
    architecture: Literal["cnn", "transformer", "mlp"] = "cnn"
    preprocessing: Preprocessing | None = None
    weights: WeightsInfo | None = None
    rebuild: tuple[Callable[..., "Backbone"], tuple[Any, ...]] | None = dataclasses.field(default=None, repr=False)

    _fingerprints: dict[int, tuple[tuple, bytes]] = dataclasses.field(default_factory=dict, init=False, repr=False)

    def __post_init__(self):
        stages = tuple(self.stages)
        object.__setattr__(self, "stages", stages)
        if not stages:
            raise CutError(f"the backbone {self.name!r} has no stage: give at least one (name, module)")
        if len(set(self.stage_names)) < len(stages):
            raise CutError(f"two stages of the backbone {self.name!r} bear one name: {list(self.stage_names)}")
        for module in (*self._modules, self.output_layer):
            if module is not None:
                module.eval().requires_grad_(False)

    @property
    def stage_names(self) -> tuple[str, ...]:
        """The names of the stages, first to last."""
        return tuple(name for name, _ in self.stages)

    @property
    def n_stages(self) -> int:
        """The number of stages."""
        return len(self.stage_names)

    @property
    def is_pretrained(self) -> bool:
        """Whether the weights were learned."""
        return self.weights is not None

    @property
    def _modules(self) -> tuple[nn.Module, ...]:
        return tuple(module for _, module in self.stages)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return the features of a batch: what the last stage makes of it."""
        return self.prefix(self.n_stages)(x)

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        """Return what the network's own output layer makes of a batch.

        Raises
        ------
        CutError
            Where the backbone has lost its output layer or never had one.
        """
        if self.output_layer is None:
            raise CutError(f"the backbone {self.name!r} has no output layer of its own")
        with torch.no_grad():
            return self.output_layer(self(x))

    def stage_sizes(self) -> list[int]:
        """Return the number of parameters of each stage."""
        return [sum(p.numel() for p in module.parameters()) for module in self._modules]

    def prefix(self, depth: int) -> FrozenStages:
        """Return the first ``depth`` stages themselves, frozen."""
        return self.between(0, depth)

    def between(self, start: int, stop: int) -> FrozenStages:
        """Return the stages from ``start`` up to, not including, ``stop`` themselves, frozen."""
        return FrozenStages(self._modules[start:stop])

    def suffix(self, depth: int) -> nn.ModuleList:
        """Return copies of the stages from ``depth`` on, in order, to be trained."""
        return nn.ModuleList(copy.deepcopy(self._modules[depth:])).requires_grad_(True)

    def with_suffix(self, depth: int, modules: Sequence[nn.Module], weights: WeightsInfo | None) -> "Backbone":
        """Return a backbone that shares the first ``depth`` stages with this one and has ``modules`` as the others.

        Parameters
        ----------
        depth : int
            How many stages are shared.
        modules : sequence of torch.nn.Module
            One for each stage from ``depth`` on, on the CPU; kept, not copied.
        weights : WeightsInfo or None
            Where the weights of the new backbone come from.
        """
        named = tuple(zip(self.stage_names[depth:], modules, strict=True))
        return dataclasses.replace(
            self,
            stages=tuple(self.stages)[:depth] + named,
            output_layer=None,
            weights=weights,
            rebuild=(Backbone.with_suffix, (self, depth, tuple(modules), weights)),
        )

    def self_contained(self) -> "Backbone":
        """Return the same backbone with pickles that carry all weights."""
        return dataclasses.replace(self, rebuild=None)

    def pool(self, activations: torch.Tensor) -> torch.Tensor:
        """Return one vector (b, n_features) per sample: activations averaged over all axes but channels."""
        if self.skips_padding:
            return pool_tokens(activations)
        return pool_channels(activations, self.channel_axis)

    def fingerprint(self, depth: int | None = None) -> bytes:
        """Return 16 bytes that stand for the weights and the code of the first ``depth`` stages (default: all)."""
        return join_fingerprints(
            *(fingerprint_code(module) for module in self._modules[:depth]), self.weights_fingerprint(depth)
        )

    def fingerprints(self) -> tuple[bytes, ...]:
        """Return the fingerprints of the first 0, 1, 2, ... stages, for which the code of each is read once."""
        codes = [fingerprint_code(module) for module in self._modules]
        weights = [self._weights_of(module) for module in self._modules]
        return tuple(
            join_fingerprints(*codes[:depth], join_fingerprints(*weights[:depth])) for depth in range(len(codes) + 1)
        )

    def weights_fingerprint(self, depth: int | None = None) -> bytes:
        """Return 16 bytes that stand for the weights alone of the first ``depth`` stages (default: all)."""
        return join_fingerprints(*(self._weights_of(module) for module in self._modules[:depth]))

    def _weights_of(self, module: nn.Module) -> bytes:
        """Return the fingerprint of a stage's weights, read again only after a change in place."""
        version = tuple((id(tensor), tensor._version) for tensor in module.state_dict(keep_vars=True).values())
        known, digest = self._fingerprints.get(id(module), ((), b""))
        if not digest or known != version:
            digest = fingerprint_weights(module)
            self._fingerprints[id(module)] = (version, digest)
        return digest

    def __deepcopy__(self, memo: dict) -> "Backbone":
        return self

    def __reduce__(self):
        if self.rebuild is not None:
            return _rebuild, (self.name, *self.rebuild, self.weights_fingerprint())
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.init}
        return _from_fields, (fields,)


def _from_fields(fields: dict[str, Any]) -> Backbone:
    return Backbone(**fields)


def _rebuild(name: str, function: Callable[..., Backbone], arguments: tuple, fingerprint: bytes) -> Backbone:
    """Return the backbone that was pickled as a call, if it has the weights that it had."""
    backbone = function(*arguments)
    if backbone.weights_fingerprint() != fingerprint:
        raise StateDictMismatchError(
            f"the backbone {name!r} that is found here has other weights than the one that was "
            "pickled. Pickle backbone.self_contained(), or an estimator with self_contained=True, to "
            "carry the weights along."
        )
    return backbone
