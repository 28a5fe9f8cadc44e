"""Whether inputs are of the kind that a network was fitted to."""

from collections.abc import Sequence

from sktl.backbones import WeightsInfo
from sktl.inputs import Images, Tensors

__all__ = ["check_same_kind", "describe_inputs"]


def describe_inputs(inputs: Images | Tensors, columns: Sequence[str] | None) -> dict:
    """Return what is to be known of the inputs of a fit by whoever goes on from its network."""
    if isinstance(inputs, Images):
        return {}
    return {"columns": tuple(columns or ()), "sample_shape": inputs.shape, "sample_type": _type_of(inputs)}


def check_same_kind(weights: WeightsInfo | None, inputs: Images | Tensors, columns: Sequence[str] | None) -> None:
    """Check inputs against those that weights were fitted to.

    Parameters
    ----------
    weights : WeightsInfo or None
        Of the network.
    inputs : Images or Tensors
        What it shall take in.
    columns : sequence of str or None
        The names of the columns of a table that has them.

    Raises
    ------
    ValueError
        Where columns are named otherwise or in another order, where numbers of another type come in, or samples with
        another number of axes.
    """
    if weights is None or isinstance(inputs, Images):
        return
    whose = f"the network was fitted to ({weights.source})"
    if weights.columns and columns is not None and tuple(columns) != weights.columns:
        known, given = list(weights.columns), list(columns)
        if sorted(known) == sorted(given):
            raise ValueError(f"X has the columns that {whose}, in another order: give them as X[{known}]")
        missing = [name for name in known if name not in given]
        others = [name for name in given if name not in known]
        raise ValueError(
            f"X has other columns than {whose}: it lacks {missing[:10]}, and has {others[:10]} in their place. A "
            "network takes the columns of its first task; train a new one for others, backbone='mlp'"
        )
    if weights.sample_type and weights.sample_type != _type_of(inputs):
        raise ValueError(f"X holds {_type_of(inputs)}, but {whose} were {weights.sample_type}")
    shapes = weights.sample_shape, inputs.shape
    if None not in shapes and len(shapes[0]) != len(shapes[1]):
        raise ValueError(f"X has samples of shape {shapes[1]}, but those {whose} had the shape {shapes[0]}")


def _type_of(inputs: Tensors) -> str:
    return "floats" if inputs.load([0]).is_floating_point() else "whole numbers"
