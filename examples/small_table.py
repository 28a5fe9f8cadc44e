"""
A small table beside a large one
================================

Six properties of 2,000 materials have been measured, and a seventh of only a few. Both tables have the same columns. A
network that has learned the six is a start for the seventh, if it has causes in common with them. If it has none, an
ordinary model does better.

The materials are made up: this shows how to work, and what can be expected in the two cases. It does not show which of
them is yours::

    python -m pip install ".[plot]" && python examples/small_table.py
"""

# %%
# The tables
# ----------
# A material is twelve numbers. What is measured depends on eight hidden causes, each of which bends: it rises and falls
# with one direction in the twelve. The six properties of the large table are mixtures of the causes. So is the first
# property of the small table; the second depends on the columns directly, and each column counts for itself.

import argparse

import matplotlib.pyplot as plt
import numpy as np
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import StandardScaler

from sktl import MultiTaskRegressor, TransferRegressor
from sktl.backbones import MLP

N_COLUMNS, N_CAUSES, N_PROPERTIES = 12, 8, 6
NETWORK = MLP(hidden_layer_sizes=(64, 64))


def standardised(values):
    """Return columns of mean 0 and variance 1."""
    return (values - values.mean(axis=0)) / values.std(axis=0)


def make_tables(rng, n_large=2000, n_small=1400):
    """Return the columns and properties of the large table, and the columns and two properties of the small one."""
    X = rng.normal(size=(n_large + n_small, N_COLUMNS))
    directions = rng.normal(size=(N_COLUMNS, N_CAUSES)) / np.sqrt(N_COLUMNS)
    causes = np.sin(2.0 * X @ directions + rng.uniform(0, 2 * np.pi, N_CAUSES))
    mixtures = standardised(causes @ rng.normal(size=(N_CAUSES, N_PROPERTIES + 1)))
    of_its_own = standardised(X @ rng.normal(size=(N_COLUMNS, 1)))
    measured = np.hstack([mixtures, of_its_own]) + 0.2 * rng.normal(size=(n_large + n_small, N_PROPERTIES + 2))
    small = {"of the same causes": measured[n_large:, -2], "of the columns themselves": measured[n_large:, -1]}
    return X[:n_large], measured[:n_large, :N_PROPERTIES], X[n_large:], small


# %%
# The source
# ----------
# One network learns the six properties together, so that its hidden layers have to hold what they have in common. Its
# ``backbone_`` is the start for a new property. Both tables are standardised by the large one.


def fit_source(X, y, max_epochs):
    """Return the scaler of the columns, and the network that was trained on all properties."""
    scaler = StandardScaler().fit(X)
    source = MultiTaskRegressor(NETWORK, weight_decay=0.01, max_epochs=max_epochs, random_state=0)
    return scaler, source.fit(scaler.transform(X), y)


# %%
# The contestants
# ---------------
# ``freeze="all"`` solves a linear model on the source's features. From scratch, the same network learns from the small
# table alone. Ridge regression and a forest are what one would try first.


def contestants(source):
    """Return estimators by name, none of them fitted."""
    return {
        "from the large table": TransferRegressor(source.backbone_, freeze="all", random_state=0),
        "from scratch": TransferRegressor(NETWORK, random_state=0),
        "ridge regression": RidgeCV(np.logspace(-3, 3, 13)),
        "random forest": RandomForestRegressor(100, random_state=0),
    }


def learning_curves(source, X, y, counts, n_draws, n_test):
    """Return R² on the last rows of a table, (n_counts, n_draws) for each contestant."""
    curves = {name: np.zeros((len(counts), n_draws)) for name in contestants(source)}
    for draw in range(n_draws):
        order = np.random.default_rng(draw).permutation(len(X) - n_test)
        for number, count in enumerate(counts):
            rows = order[:count]
            for name, model in contestants(source).items():
                curves[name][number, draw] = model.fit(X[rows], y[rows]).score(X[-n_test:], y[-n_test:])
    return curves


def print_curves(title, curves, counts):
    """Print the mean R² over the draws."""
    print(f"\nR² on new materials, a property {title}")
    print(f"{'rows to learn from':24}" + "".join(f"{count:8}" for count in counts))
    for name, values in curves.items():
        print(f"{name:24}" + "".join(f"{mean:8.2f}" for mean in values.mean(axis=1)))


def draw_curves(found, counts, path):
    """Draw a panel for each property, and save the figure."""
    colors = ("#1f6fb2", "#9a9ea3", "#d08a2e", "#5b9a5b")
    figure, panels = plt.subplots(1, len(found), figsize=(10, 3.8), layout="constrained", sharey=True, squeeze=False)
    for axes, (title, curves) in zip(panels[0], found.items(), strict=True):
        for color, (name, values) in zip(colors, curves.items(), strict=True):
            axes.errorbar(
                counts, values.mean(axis=1), values.std(axis=1), marker="o", capsize=3, color=color, label=name
            )
        axes.set(title=f"A property {title}", xlabel="rows to learn from", xscale="log", ylim=(-0.6, 1.02))
        axes.set_xticks(counts, [str(count) for count in counts], minor=False)
        axes.minorticks_off()
        axes.grid(axis="y", alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0, 0].set_ylabel("R² on 1,000 materials")
    panels[0, -1].legend(frameon=False, loc="lower right")
    figure.savefig(path, dpi=120)
    print(f"\nThe plot is in {path}")


# %%
# Where it helps, and where it does not
# -------------------------------------


def main(plot="small_table.png", counts=(20, 50, 100, 300), n_draws=3, max_epochs=80):
    """Fit everything, print the scores and draw them."""
    X_large, y_large, X_small, small = make_tables(np.random.default_rng(0))
    scaler, source = fit_source(X_large[:-500], y_large[:-500], max_epochs)
    r2 = source.score(scaler.transform(X_large[-500:]), y_large[-500:])
    print(f"R² of the source on 500 materials that it has not seen, mean of the six properties: {r2:.2f}")
    X, n_test = scaler.transform(X_small), 1000
    found = {title: learning_curves(source, X, y, counts, n_draws, n_test) for title, y in small.items()}
    for title, curves in found.items():
        print_curves(title, curves, counts)
    draw_curves(found, counts, plot)
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A network from a large table serves a small one.")
    parser.add_argument("--plot", metavar="FILE", default="small_table.png", help="where the plot goes")
    options, _ = parser.parse_known_args()
    main(options.plot)
