"""The table that a ranking of backbones prints as."""

from typing import TYPE_CHECKING

import numpy as np

from sktl.transferability._columns import Column, align_columns, format_interval, format_number

if TYPE_CHECKING:
    from sktl.transferability._backbone_ranking import BackboneRanking, BackboneScore

__all__ = ["write_ranking"]

# Where more than these are level with the best, their number alone is told.
MAX_NAMES = 6
# Characters of a reason that are printed; the whole stands in ``failures``.
MAX_REASON = 150


def write_ranking(ranking: "BackboneRanking") -> str:
    """Return a table with a line for each backbone, a line that sums it up, and the reasons of failures."""
    n_folds = len(ranking.best.scores)
    title = (
        f"Backbones by a linear head: {ranking.metric}, {ranking.n_samples} samples, {n_folds} folds, "
        f"{100 * ranking.confidence:g} % intervals"
    )
    lines = [title, "", *align_columns(_columns(ranking)), "", _summary(ranking)]
    if ranking.failures:
        lines += ["", "could not be ranked:"]
        lines += [f"  {failure.name}: {_shorten(failure.reason)}" for failure in ranking.failures]
    return "\n".join(lines)


def _columns(ranking: "BackboneRanking") -> list[Column]:
    rows, behind = ranking.rows, ranking.behind
    differences = [format_number(mean, "+.3f") for mean in behind.mean_difference]
    intervals = [format_interval(*bounds) for bounds in zip(behind.low, behind.high, strict=True)]
    return [
        Column("backbone", [row.name for row in rows], is_left=True),
        Column("weights", [row.weights for row in rows], is_left=True),
        Column("score", [format_number(row.mean, ".3f") for row in rows]),
        Column("s.e.", [format_number(row.standard_error, ".3f") for row in rows]),
        Column("to best", ["", *differences[1:]]),
        Column("interval", ["", *intervals[1:]]),
        Column("LogME", [format_number(row.logme, ".3f") for row in rows]),
        Column("ms/sample", [_milliseconds(row) for row in rows]),
        Column("parameters", [f"{row.n_parameters:,}" for row in rows]),
        Column("features", [str(row.n_features) for row in rows]),
    ]


def _shorten(reason: str) -> str:
    first = reason.splitlines()[0]
    return first if len(first) <= MAX_REASON else f"{first[:MAX_REASON].rsplit(' ', 1)[0]} ..."


def _milliseconds(row: "BackboneScore") -> str:
    return "cached" if np.isnan(row.seconds_per_sample) else f"{1000 * row.seconds_per_sample:.3g}"


def _summary(ranking: "BackboneRanking") -> str:
    """Return which is best, and which are not shown to be worse, in words."""
    words, level = f"{_title(ranking.best)} is first", ranking.level_with_best
    if len(level) > MAX_NAMES:
        return f"{words}, and {len(level)} others level with it"
    if level:
        return f"{words}, and {', '.join(map(_title, level))} level with it"
    verdicts = ranking.behind.verdicts[1:]
    return f"{words}, and better than all others" if verdicts and "unknown" not in verdicts else words


def _title(row: "BackboneScore") -> str:
    return f"{row.name} ({row.weights})"
