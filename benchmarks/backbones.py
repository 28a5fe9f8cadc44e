"""Which backbone: rankings by a linear head, and whether LogME's order agrees with them.

Two networks with ImageNet weights and the same two with random weights, on photographs of insects and of hand signs.
The judge is a test set that the ranking has not seen: an estimator with all stages frozen, and all else as it comes, is
fitted to the samples that were ranked by.

    python benchmarks/backbones.py --insects FOLDER --signs FOLDER --weights FILE
"""

import argparse
import pathlib
import time

import numpy as np
from _table import save_table
from scipy.stats import kendalltau

from sktl import ActivationCache, TransferClassifier
from sktl.model_selection import multitask_train_test_split
from sktl.transferability import rank_backbones

SEED = 0


def read_folder(folder):
    paths = sorted(path for path in folder.glob("*/*") if path.is_file())
    return np.array([str(path) for path in paths], dtype=object), np.array([path.parent.name for path in paths])


def load_problems(options):
    """Return samples to rank by and samples to judge by, of each problem."""
    (X, y), (X_test, y_test) = (read_folder(options.insects / part) for part in ("train", "val"))
    signs, digits = read_folder(options.signs)
    split = {"train_size": options.n_signs, "test_size": 2 * options.n_signs, "random_state": SEED}
    X_signs, X_others, y_signs, y_others = multitask_train_test_split(signs, digits, **split)
    return {"ants and bees": (X, y, X_test, y_test), "signs": (X_signs, y_signs, X_others, y_others)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--insects", required=True, type=pathlib.Path, help="a folder with train/<class> and val/<class>"
    )
    parser.add_argument("--signs", required=True, type=pathlib.Path, help="a folder with a subfolder per class")
    parser.add_argument("--weights", required=True, help="of mobilenet_v2")
    parser.add_argument("--size", type=int, default=96, help="pixels")
    parser.add_argument("--n-signs", type=int, default=300, help="pictures of signs to rank by")
    options = parser.parse_args()
    candidates = [
        ("mobilenet_v2", options.weights),
        ("mobilenet_v2", None),
        ("efficientnet_lite0", "default"),
        ("efficientnet_lite0", None),
    ]
    rows, notes = [], []
    for problem, (X, y, X_test, y_test) in load_problems(options).items():
        cache = ActivationCache()
        start = time.perf_counter()
        ranking = rank_backbones(X, y, candidates, image_size=options.size, cache=cache, random_state=SEED)
        seconds = time.perf_counter() - start
        print(ranking, flush=True)
        judged = []
        for row in ranking.rows:
            classifier = TransferClassifier(
                **row.parameters, freeze="all", image_size=options.size, cache=cache, random_state=SEED
            ).fit(X, y)
            judged.append(classifier.score(X_test, y_test))
            rows.append(
                [
                    problem,
                    row.name,
                    "random" if row.weights == "random" else "ImageNet",
                    f"{row.mean:.3f} ± {row.standard_error:.3f}",
                    f"{row.logme:.3f}",
                    f"{judged[-1]:.3f}",
                    f"{1000 * row.seconds_per_sample:.1f}",
                ]
            )
        by_score, by_logme = [row.mean for row in ranking.rows], [row.logme for row in ranking.rows]
        level = ", ".join(f"{row.name} ({row.weights})" for row in ranking.level_with_best) or "none"
        tau = {
            "the ranking with the test accuracy": kendalltau(by_score, judged).statistic,
            "LogME with the test accuracy": kendalltau(by_logme, judged).statistic,
            "the ranking with LogME": kendalltau(by_score, by_logme).statistic,
        }
        notes.append(
            f"{problem}: {len(X)} pictures to rank by, {len(X_test)} to judge by; the ranking took {seconds:.0f} s. "
            f"Level with the first: {level}. "
            f"Kendall's tau of {', of '.join(f'{pair} {value:.2f}' for pair, value in tau.items())}."
        )
    header = ["data", "backbone", "weights", "ranked by: accuracy of folds", "LogME", "test accuracy", "ms/picture"]
    save_table("backbones", header, rows, [f"Pictures of {options.size} pixels.", *notes])


if __name__ == "__main__":
    main()
