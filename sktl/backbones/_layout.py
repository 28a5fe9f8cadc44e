"""What stages return, told by shapes."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

import torch
from torch import nn

__all__ = ["channel_axis_of", "join_at_tensors", "outputs_of"]


def outputs_of(stages: Sequence[nn.Module], shape: Sequence[int]) -> list[Any]:
    """Return what each stage makes of a batch of a shape; shapes without values, but for stages that need values.

    Parameters
    ----------
    stages : sequence of torch.nn.Module
        First to last, in eval mode.
    shape : sequence of int
        Of the input.

    Returns
    -------
    list
        One tensor, or whatever a stage returns, per stage.
    """
    try:
        return _run([_OnMeta(stage) for stage in stages], torch.empty(*shape, device="meta"))
    # Some networks keep tensors that are neither parameters nor buffers, and those have values.
    except RuntimeError:  # NotImplementedError, where an operation knows no shapes alone, is one
        return _run(stages, torch.zeros(*shape))


def join_at_tensors(stages: Sequence[tuple[str, nn.Module]], outputs: Sequence[Any]) -> list[tuple[str, nn.Module]]:
    """Return the stages with each that returns no single tensor joined to the next, under the name of the first."""
    joined: list[tuple[str, nn.Module]] = []
    open_stages: list[tuple[str, nn.Module]] = []
    for stage, output in zip(stages, outputs, strict=True):
        open_stages.append(stage)
        if isinstance(output, torch.Tensor):
            modules = [module for _, module in open_stages]
            whole = modules[0] if len(modules) == 1 else nn.Sequential(*modules).eval()
            joined.append((open_stages[0][0], whole))
            open_stages = []
    return joined


def channel_axis_of(outputs: Sequence[Any]) -> Literal[1, -1]:
    """Return the axis of channels in the last of the outputs that tells it; 1 where none does.

    Tokens (b, tokens, channels) have them last. Of maps with height and width, that pair is square where pictures
    are.
    """
    axis: Literal[1, -1] = 1
    for x in outputs:
        shape = x.shape if isinstance(x, torch.Tensor) else ()
        if len(shape) == 3 or (len(shape) == 4 and shape[1] == shape[2] != shape[3]):
            axis = -1
        elif len(shape) == 4 and shape[2] == shape[3]:
            axis = 1
    return axis


class _OnMeta:
    """A stage that works on shapes, with its weights left where they are."""

    def __init__(self, stage: nn.Module):
        self._stage = stage
        tensors = {**dict(stage.named_parameters()), **dict(stage.named_buffers())}
        self._shapes = {name: tensor.to("meta") for name, tensor in tensors.items()}

    def __call__(self, x: Any) -> Any:
        return torch.func.functional_call(self._stage, self._shapes, (x,))


@torch.no_grad()
def _run(stages: Iterable[Callable[[Any], Any]], x: Any) -> list[Any]:
    outputs = []
    for stage in stages:
        x = stage(x)
        outputs.append(x)
    return outputs
