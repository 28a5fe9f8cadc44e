"""The table of the study on freezing."""

import collections

import numpy as np
from _table import save_table

from sktl.freezing import Situation, choose_freeze

__all__ = ["save_freeze_table"]


def save_freeze_table(by_case: dict) -> None:
    """Keep a table with a row for each network, set and size, as means over the draws; points are of 100."""
    rows = collections.defaultdict(list)
    for (backbone, name, per_class, _), records in sorted(by_case.items()):
        rows[backbone, name, per_class].append(records)
    lines, regrets, losses = [], [], []
    for (backbone, name, per_class), draws in rows.items():
        depths = sorted(set.intersection(*(set(records) for records in draws)))
        means = {depth: np.mean([records[depth]["score"] for records in draws]) for depth in depths}
        chosen = [_chosen(records, depths) for records in draws]
        auto = np.mean([records[depth]["score"] for records, depth in zip(draws, chosen, strict=True)])
        best, last = max(means, key=means.get), depths[-1]
        regrets.append(100 * (means[best] - auto))
        losses.append(100 * (means[last] - auto))
        cells = [f"{100 * means[last]:.1f}", f"{100 * means[best]:.1f} ({best})", f"{100 * auto:.1f}"]
        cells += [" ".join(map(str, chosen)), " ".join(f"{100 * means[depth]:.1f}" for depth in depths)]
        seconds = [np.mean([records[depth]["seconds"] for records in draws]) for depth in (last, depths[0])]
        lines.append([backbone, name, str(per_class), str(len(draws)), *cells, f"{seconds[0]:.1f}, {seconds[1]:.1f}"])
    header = ["network", "set", "per class", "draws", "head only", "best depth in hindsight", '"auto"']
    header += ["depths it took", "every depth, 0 first", "s head only, s deepest"]
    notes = [
        "Balanced accuracy on the test set, of 100. A depth is the number of frozen stages.",
        "",
        f'`"auto"` is {np.mean(regrets):.2f} points below the best depth on average, {np.max(regrets):.1f} at '
        f"most; it is below head only by {max(0.0, np.max(losses)):.1f} at most.",
    ]
    save_table("auto_freeze", header, lines, notes)


def _chosen(records: dict, depths: list[int]) -> int:
    """Return the depth that the policy takes, or the nearest that was fitted."""
    record = next(iter(records.values()))
    scores = record["stage_scores"]
    situation = Situation(
        stage_sizes=tuple(record["stage_sizes"]),
        n_samples=record["n_samples"],
        samples_per_class=record["per_class"],
        score_stages=None if scores is None else lambda: tuple(scores.values()),
    )
    depth = choose_freeze("auto", record["stage_names"], situation).depth
    return min(depths, key=lambda one: abs(one - depth))
