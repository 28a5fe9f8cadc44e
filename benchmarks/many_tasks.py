"""The cost of many tasks: one network for all against a network each, and small towers as one product against a loop.

python benchmarks/many_tasks.py
"""

from unittest import mock

import numpy as np
from _seconds import least_seconds
from _table import save_table

from sktl import MultiTaskClassifier, TransferClassifier
from sktl.backbones import MLP
from sktl.sharing import SoftSharing, _tower_stages

REPEATS = 3


def made_table(n, n_columns, n_tasks):
    """Return a table and the signs of linear functions of it."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, n_columns))
    return X, (X @ rng.normal(size=(n_columns, n_tasks)) > 0).astype(float)


def one_for_all():
    """Return the rows of a network for 12 tasks."""
    X, y = made_table(4000, 200, 12)
    mlp = MLP(hidden_layer_sizes=(500,), dropout=0.5)
    common = {"max_epochs": 10, "random_state": 0}

    def each():
        for labels in y.T:
            TransferClassifier(mlp, **common).fit(X, labels)

    joint = least_seconds(lambda: MultiTaskClassifier(mlp, **common).fit(X, y), REPEATS)
    apart = least_seconds(each, REPEATS)
    towers = least_seconds(lambda: MultiTaskClassifier(mlp, sharing="none", **common).fit(X, y), REPEATS)
    return [
        ["one network, 12 tasks", f"{joint:.1f}", "1.0"],
        ["12 networks of its width, one after the other", f"{apart:.1f}", f"{apart / joint:.1f}"],
        ['the same side by side, sharing="none"', f"{towers:.1f}", f"{towers / joint:.1f}"],
    ]


def small_towers():
    """Return the rows of soft sharing between 100 small towers."""
    X, y = made_table(1000, 20, 100)
    estimator = MultiTaskClassifier(MLP((32,)), sharing=SoftSharing(), max_epochs=20, random_state=0)
    product = least_seconds(lambda: estimator.fit(X, y), REPEATS)
    with mock.patch.object(_tower_stages, "stack", lambda modules: None):
        loop = least_seconds(lambda: estimator.fit(X, y), REPEATS)
    single = least_seconds(lambda: MultiTaskClassifier(MLP((32,)), max_epochs=20, random_state=0).fit(X, y), REPEATS)
    return [
        ['sharing="soft", 100 towers as one product', f"{product:.2f}", "1.0"],
        ["the same, a loop over the towers", f"{loop:.2f}", f"{loop / product:.1f}"],
        ['one network, sharing="hard"', f"{single:.2f}", f"{single / product:.2f}"],
    ]


def main():
    notes = [f"The least of {REPEATS} fits of 4,000 rows of 200 columns, 500 hidden units, 10 epochs."]
    save_table("one-network-for-12-tasks", ["fit", "seconds", "of the first"], one_for_all(), notes)
    notes = [f"The least of {REPEATS} fits of 1,000 rows of 20 columns, 32 hidden units, 20 epochs."]
    save_table("soft-sharing-100-towers", ["fit", "seconds", "of the first"], small_towers(), notes)


if __name__ == "__main__":
    main()
