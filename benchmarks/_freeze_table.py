"""The tables of the study on freezing."""

import collections
import csv
import dataclasses
from collections.abc import Iterable

import numpy as np
from _table import RESULTS, save_table

from sktl.freezing import Situation, choose_freeze

__all__ = ["STUDY", "save_freeze_table"]

STUDY = "auto_freeze"


@dataclasses.dataclass(frozen=True)
class Row:
    """What was found of one network, set and size: points of 100, means over the draws."""

    cell: tuple
    auto: float
    by_depth: dict[int, float]
    on_the_other_draws: float  # the depth that does best on all draws but the one it is judged on: no luck of a maximum

    @property
    def head_only(self) -> float:
        """The points with every stage frozen."""
        return self.by_depth[max(self.by_depth)]


def save_freeze_table(records: Iterable[dict], name: str = STUDY) -> None:
    """Keep a table with a row for each network, set and size, as means over the draws; points are of 100.

    Of the study, a short one goes to ``results/auto_freeze.csv``, where the docs read it.
    """
    cases: dict = collections.defaultdict(lambda: collections.defaultdict(dict))
    for record in records:
        cell = record["backbone"], record["set"], record["per_class"]
        cases[cell][record["seed"]][record["depth"]] = record
    lines, short, everything = [], collections.defaultdict(dict), collections.defaultdict(list)
    for cell, every_draw in sorted(cases.items()):
        draws = {
            seed: found for seed, found in every_draw.items() if "auto" in found and _taken(found["auto"]) in found
        }
        if not draws:
            continue
        depths = sorted(set.intersection(*(set(found) - {"auto"} for found in draws.values())))
        means = {depth: 100 * np.mean([found[depth]["score"] for found in draws.values()]) for depth in depths}
        taken = [_taken(found["auto"]) for found in draws.values()]
        auto = 100 * np.mean([found[depth]["score"] for found, depth in zip(draws.values(), taken, strict=True)])
        best, last = max(means, key=means.get), depths[-1]
        ratio = np.mean([_ratio(found["auto"]) for found in draws.values()])
        seconds = [np.mean([found[depth]["seconds"] for found in draws.values()]) for depth in (last, depths[0])]
        every = ", ".join(f"{depth}: {means[depth]:.1f}" for depth in depths)
        lines.append([*map(str, cell), str(len(draws)), f"{means[last]:.1f}", f"{means[best]:.1f} ({best})"])
        lines[-1] += [f"{auto:.1f}", " ".join(map(str, taken)), f"{ratio:.2f}", every]
        lines[-1] += [f"{seconds[0]:.1f}, {seconds[1]:.1f}"]
        short[cell[1:]][cell[0]] = [f"{auto:.1f}", f"{means[last]:.1f}", f"{means[best]:.1f} ({best})"]
        everything[cell[0]].append(Row(cell, auto, means, _best_on_the_other_draws(draws, depths)))
    header = ["network", "set", "per class", "draws", "head only", "best depth in hindsight", '"auto"']
    header += ["depths it took", "loss late / last", "every depth", "s head only, s deepest"]
    notes = [
        "Balanced accuracy on up to 300 test pictures, of 100. A depth is the number of frozen stages; those that were "
        "fitted to all draws are shown. The loss late / last is that of a linear head on the later stages side by "
        "side, over that of one on the last stage, on held-out folds.",
        "",
        *(_in_words(backbone, found) for backbone, found in everything.items()),
    ]
    save_table(name, header, lines, notes)
    if name == STUDY:
        _save_short(short, list(everything))


def _save_short(rows: dict, backbones: list[str]) -> None:
    columns = ('"auto"', "head only", "best depth")
    with (RESULTS / f"{STUDY}.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["set", "per class", *(f"{name}: {column}" for name in backbones for column in columns)])
        for (name, per_class), found in rows.items():
            cells = (found.get(backbone, [""] * len(columns)) for backbone in backbones)
            writer.writerow([name, per_class, *(cell for row in cells for cell in row)])


def _in_words(backbone: str, rows: list[Row]) -> str:
    """Return how "auto" compares with the best depth of each row, with one depth for all rows, and with head only."""
    regrets = [max(row.by_depth.values()) - row.auto for row in rows]
    worst = max(rows, key=lambda row: row.head_only - row.auto)
    below = max(0.0, worst.head_only - worst.auto)
    common = set.intersection(*(set(row.by_depth) for row in rows))
    fixed = {depth: np.mean([row.by_depth[depth] for row in rows]) for depth in common}
    best = max(fixed, key=fixed.get)
    where = f" ({worst.cell[1]}, {worst.cell[2]} per class)" if below else ""
    return (
        f'- {backbone}: `"auto"` gets {np.mean([row.auto for row in rows]):.1f} on the mean of {len(rows)} rows, '
        f"head only {np.mean([row.head_only for row in rows]):.1f}, and the best depth that is the same for all rows "
        f"{fixed[best]:.1f} (depth {best}). Against the best depth of each row in hindsight it is "
        f"{np.mean(regrets):.2f} points short on the mean, {max(regrets):.1f} at most; against the depth that does "
        f"best on the other draws of the row, {np.mean([row.on_the_other_draws - row.auto for row in rows]):.2f}. "
        f"It is below head only by {below:.1f} at most{where}."
    )


def _best_on_the_other_draws(draws: dict, depths: list[int]) -> float:
    """Return the mean score of each draw at the depth that does best on the others."""
    scores = 100 * np.array([[found[depth]["score"] for depth in depths] for found in draws.values()])
    others = scores.sum(axis=0) - scores
    return float(np.mean(scores[np.arange(len(scores)), others.argmax(axis=1)]))


def _taken(asked: dict) -> int:
    """Return the depth that the policy takes."""
    situation = Situation(
        stage_sizes=tuple(asked["stage_sizes"]),
        n_samples=asked["n_samples"],
        samples_per_class=asked["smallest_class"],
        probe_losses=lambda: asked["probe_losses"],
    )
    return choose_freeze("auto", [""] * situation.n_stages, situation).depth


def _ratio(asked: dict) -> float:
    losses = asked["probe_losses"]
    return losses["late"] / losses["last"] if losses else float("nan")
