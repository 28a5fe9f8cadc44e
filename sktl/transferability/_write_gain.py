"""The table that a transfer gain prints as."""

from typing import TYPE_CHECKING

import numpy as np

from sktl.transferability._columns import Column, align_columns, format_interval, format_number

if TYPE_CHECKING:
    from sktl.transferability._gain import TransferGain

__all__ = ["write_gain"]


def write_gain(gain: "TransferGain") -> str:
    """Return a table with a line for each size, and two lines that sum it up."""
    n_splits = gain.pretrained.shape[1]
    title = f"Pretrained against from scratch: {gain.metric}, {n_splits} splits, {100 * gain.confidence:g} % intervals"
    columns = [
        Column("samples", [str(size) for size in gain.train_sizes]),
        Column("pretrained", [format_number(mean, ".3f") for mean in gain.mean_pretrained]),
        Column("scratch", [format_number(mean, ".3f") for mean in gain.mean_scratch]),
        Column("difference", [format_number(mean, "+.3f") for mean in gain.mean_difference]),
        Column("interval", [format_interval(*bounds) for bounds in zip(gain.low, gain.high, strict=True)]),
        Column("verdict", list(gain.verdicts), is_left=True),
    ]
    return "\n".join([title, "", *align_columns(columns), "", _verdict(gain), *_saved(gain)])


def _verdict(gain: "TransferGain") -> str:
    """Return the verdicts in words."""
    parts: list[str] = []
    for verdict in ("gains", "hurts", "level", "unknown"):
        sizes = [str(size) for size, its in zip(gain.train_sizes, gain.verdicts, strict=True) if its == verdict]
        if sizes:
            listed = sizes[0] if len(sizes) == 1 else f"{', '.join(sizes[:-1])} and {sizes[-1]}"
            parts.append(f"{verdict} with {listed}" + ("" if parts else " samples"))
    return f"transfer {', '.join(parts)}"


def _saved(gain: "TransferGain") -> list[str]:
    """Return how many samples the pretrained side needs, in words; nothing where that cannot be told."""
    if np.isnan(gain.mean_scratch[-1]):
        return []
    largest, enough = gain.train_sizes[-1], gain.size_that_suffices
    if enough is None:
        return [f"pretrained, no size does what {largest} samples do from scratch"]
    return [f"pretrained, {enough} samples do what {largest} do from scratch"]
