"""The table of ``recipes.py``: means over draws, and in words where sktl wins and loses."""

from collections.abc import Iterable

import numpy as np
from _table import save_table

__all__ = ["save_recipes"]

PEERS = {"regression": "the regression", "fine-tune": "the fine-tune by hand", "fastai": "fastai"}


def save_recipes(records: Iterable[dict], n_draws: int, *, reused: bool, keep: bool) -> None:
    """Print the table of all records, with a line on each peer; keep it, unless it is a trial."""
    rows = _gathered(records)
    peers = [peer for peer in PEERS if any(peer in sides for sides in rows.values())]
    header = ["network, set, per class", "sktl", *peers, "sktl froze"]
    header += [f"seconds: {side}" for side in ("sktl", *peers)]
    table = [[", ".join(map(str, key)), *_cells(sides, peers)] for key, sides in rows.items()]
    notes = [
        "Accuracy as the mean over classes (the draws are balanced, the street scenes to judge by are not), ± the "
        f"standard deviation over {n_draws} draws. Seconds of the processor for one fit; in brackets what the "
        "search for settings took before, at the first draw. sktl has its defaults; the regression searches in each "
        "fit. Choices on the first draw:",
        "",
        *(f"- {', '.join(map(str, key))}: {_choices(sides, peers)}" for key, sides in rows.items()),
        "",
        *(f"- {_verdict(rows, peer)}" for peer in peers),
    ]
    if reused:
        notes.append("\nPart of these figures are of an earlier run: seconds of two runs do not compare.")
    if keep:
        sizes = sorted({per_class for _, _, per_class in rows})
        save_table(f"recipes-{'-'.join(map(str, sizes))}-per-class", header, table, notes)
    else:
        print(*(" | ".join(row) for row in (header, *table)), *notes, sep="\n")


def _gathered(records):
    """Return {(network, set, per class): {side: records by draw}}."""
    rows: dict = {}
    for record in records:
        key = record["backbone"], record["set"], record["per_class"]
        rows.setdefault(key, {}).setdefault(record["side"], []).append(record)
    return {key: sides for key, sides in rows.items() if "sktl" in sides}


def _mean(records, field):
    return float(np.mean([record[field] for record in records]))


def _cells(sides, peers):
    cells = []
    for side in ("sktl", *peers):
        if side not in sides:
            cells.append("")
            continue
        values = [record["balanced_accuracy"] for record in sides[side]]
        cells.append(f"{np.mean(values):.3f} ± {np.std(values):.3f}")
    cells.append(" ".join(sorted({record["words"].removeprefix("freeze ") for record in sides["sktl"]})))
    for side in ("sktl", *peers):
        if side not in sides:
            cells.append("")
            continue
        tuning = _mean(sides[side], "tuning_seconds")
        cells.append(f"{_mean(sides[side], 'seconds'):.1f}" + (f" ({tuning:.0f})" if tuning else ""))
    return cells


def _choices(sides, peers):
    return "; ".join(f"{peer} {sides[peer][0]['words']}" for peer in peers if peer in sides)


def _verdict(rows, peer):
    """Return a line: how often sktl reaches a peer, by how much, and in what share of its time."""
    both = {key: sides for key, sides in rows.items() if peer in sides}
    gains = {
        key: _mean(sides["sktl"], "balanced_accuracy") - _mean(sides[peer], "balanced_accuracy")
        for key, sides in both.items()
    }
    shares = [_mean(sides["sktl"], "seconds") / _mean(sides[peer], "seconds") for sides in both.values()]
    reached = sum(gain >= 0 for gain in gains.values())
    losses = [
        f"{', '.join(map(str, key))} ({100 * gain:+.1f})"
        for key, gain in sorted(gains.items(), key=lambda pair: pair[1])
        if gain < 0
    ]
    return (
        f"Against {PEERS[peer]}: sktl is as accurate or more so in {reached} of {len(gains)} rows, "
        f"{100 * np.mean(list(gains.values())):+.1f} points on the mean; a fit takes {min(shares):.2f} to "
        f"{max(shares):.2f} of its time without the search for settings, less than 1 in "
        f"{sum(share < 1 for share in shares)} rows. "
        + (f"It loses at {'; '.join(losses)}." if losses else "It loses nowhere.")
    )
