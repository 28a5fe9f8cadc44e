"""Eleven toxicity tests teach a network, which then learns the twelfth from 50 to 200 labels.

Each of the twelve tests is the new one in turn. Seven tenths of the molecules, with their results in the other eleven
tests, are for the source network; the new test's labels, and the molecules to judge by, come from the other three
tenths. No fingerprint occurs twice. A fifth of the labels to learn from are positive, as in a set that was put together
on purpose; the judge is the ROC-AUC on all labelled molecules that are left.

    python benchmarks/table_transfer.py --data FILE
"""

import argparse

import numpy as np
from _paired import difference_in_words
from _table import save_table
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from sktl import MultiTaskClassifier, TransferClassifier

COUNTS = (50, 100, 200)
POSITIVE = 0.2
SOURCE_SHARE = 0.7
SCRATCH = "from scratch"


def read_table(path):
    """Return bits (n, 1024), labels (n, 12) with NaN, and the names of the tests, each fingerprint once."""
    data = np.load(path)
    _, first = np.unique(data["X_packed"], axis=0, return_index=True)
    first.sort()
    bits = np.unpackbits(data["X_packed"][first], axis=1).astype(np.float32)
    return bits, data["y"][first].astype(float), [str(name) for name in data["tasks"]]


def transferred(freeze):
    def make(source, seed):
        return TransferClassifier(source.backbone_, freeze=freeze, random_state=seed)

    return make


SIDES = {
    'sktl, freeze="auto"': transferred("auto"),
    'sktl, freeze="all"': transferred("all"),
    "sktl, freeze=1": transferred(1),
    "logistic regression": lambda source, seed: LogisticRegression(max_iter=2000),
    "random forest": lambda source, seed: RandomForestClassifier(500, random_state=seed),
    SCRATCH: lambda source, seed: TransferClassifier("mlp", random_state=seed),
}


def choose(labels, pool, count, rng):
    """Return the molecules of ``pool`` to learn from, a fifth of them positive, and the labelled ones that are left."""
    n_positive = round(POSITIVE * count)
    positive, negative = (rng.permutation(pool[labels[pool] == value]) for value in (1, 0))
    train = np.concatenate([positive[:n_positive], negative[: count - n_positive]])
    return train, np.concatenate([positive[n_positive:], negative[count - n_positive :]])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    arguments = parser.parse_args()
    X, y, names = read_table(arguments.data)
    scores = {(name, count): [] for name in SIDES for count in COUNTS}
    for number, test_name in enumerate(names):
        rng = np.random.default_rng(number)
        order = rng.permutation(len(X))
        of_source, pool = np.split(order, [round(SOURCE_SHARE * len(X))])
        others = np.delete(y[of_source], number, axis=1)
        known = ~np.isnan(others).all(axis=1)
        source = MultiTaskClassifier("mlp", random_state=number).fit(X[of_source][known], others[known])
        for count in COUNTS:
            train, test = choose(y[:, number], pool, count, rng)
            for name, make in SIDES.items():
                fitted = make(source, number).fit(X[train], y[train, number])
                scores[name, count].append(roc_auc_score(y[test, number], fitted.predict_proba(X[test])[:, 1]))
        print(test_name, {key: round(values[-1], 3) for key, values in scores.items()}, flush=True)
    rows = []
    for name in SIDES:
        rows.append([name, *(f"{np.mean(scores[name, count]):.3f}" for count in COUNTS)])
        if name != SCRATCH:
            gains = [difference_in_words(scores[name, count], scores[SCRATCH, count]) for count in COUNTS]
            rows.append(["... above from scratch", *gains])
    save_table("table_transfer", ["labels of the new test", *map(str, COUNTS)], rows, notes(X, names, scores))


def notes(X, names, scores):
    """Return what one has to know to read the table, and where transfer loses."""
    ours, best = 'sktl, freeze="all"', ("logistic regression", "random forest")
    lines = [
        f"ROC-AUC, mean over the {len(names)} tests of Tox21, each the new one in turn; {len(X)} molecules, no two "
        "of one fingerprint. The differences with 95 % intervals, by Student's t over the tests."
    ]
    for count in COUNTS:
        below = [
            name
            for place, name in enumerate(names)
            if scores[ours, count][place] < max(scores[side, count][place] for side in best)
        ]
        lines.append(
            f"With {count} labels, {ours} is below the better of regression and forest on {len(below)} of {len(names)} "
            f"tests: {', '.join(below) or 'none'}."
        )
    return lines


if __name__ == "__main__":
    main()
