"""
A table of labels with holes
============================

1,500 molecules, six tests of toxicity, rare positives, and a fifth of the results missing: the table goes through a
grid search as it is, holes and all. Does it pay to learn the six tests with one network?

The molecules are made up, in the manner of the Tox21 data: random bits in place of fingerprints, and tests that share
three hidden mechanisms. So this shows how to work, and what sharing can do where tasks have causes in common. It does
not show that yours have::

    python -m pip install ".[plot]" pandas && python examples/several_tasks_table.py
"""

# %%
# The table
# ---------
# A molecule is 256 bits. Each of three mechanisms responds to twenty of them, and each test to a mixture of mechanisms.
# What a test calls positive are its strongest responses.

import argparse
import time

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from sktl import MultiTaskClassifier
from sktl.backbones import MLP
from sktl.metrics import make_multitask_scorer, multitask_report, multitask_score
from sktl.model_selection import MultiTaskStratifiedKFold, compare_with_single_task, multitask_train_test_split
from sktl.sharing import SoftSharing

parser = argparse.ArgumentParser(description="Several tasks, with labels missing, in a grid search.")
parser.add_argument("--plot", metavar="FILE", default="several_tasks_table.png", help="where the plot goes")
options, _ = parser.parse_known_args()

N_MOLECULES, N_BITS, N_MECHANISMS = 1500, 256, 3
POSITIVE = {
    "estrogen": 0.08,
    "aromatase": 0.035,
    "oxidation": 0.1,
    "heat shock": 0.05,
    "membrane": 0.07,
    "DNA damage": 0.03,
}


def make_molecules(rng):
    """Return bits (n_molecules, n_bits), and which tests come out positive, a column for each."""
    bits = rng.random((N_MOLECULES, N_BITS)) < rng.beta(1.2, 6, N_BITS)
    weights = np.zeros((N_BITS, N_MECHANISMS))
    for mechanism in range(N_MECHANISMS):
        weights[rng.choice(N_BITS, 20, replace=False), mechanism] = rng.normal(size=20)
    doses = bits @ weights
    doses = (doses - doses.mean(axis=0)) / doses.std(axis=0)
    responses = 1 / (1 + np.exp(-3 * (doses - 0.5)))  # nothing, then a rise, then no more
    mixtures = rng.dirichlet(np.full(N_MECHANISMS, 0.7), len(POSITIVE)).T
    measured = responses @ mixtures + 0.1 * rng.normal(size=(N_MOLECULES, len(POSITIVE)))
    cuts = [np.quantile(column, 1 - share) for column, share in zip(measured.T, POSITIVE.values(), strict=True)]
    return bits.astype("float32"), pd.DataFrame(measured > cuts, columns=list(POSITIVE)).astype("Int64")


rng = np.random.default_rng(0)
X, complete = make_molecules(rng)
y = complete.mask(rng.random(complete.shape) < 0.2)  # pandas.NA where nothing is known
print(y.head().to_string(), "\n")

X_train, X_test, y_train, y_test = multitask_train_test_split(X, y, test_size=500, random_state=0)
print(f"{len(y_train)} molecules to learn from, {len(y_test)} to judge by; labelled positives to learn from:")
print(", ".join(f"{task} {count}" for task, count in y_train.sum().items()), "\n")

# %%
# A grid search over what is shared
# ---------------------------------
# ``sharing`` is a parameter like any other. ``"hard"`` is one network for all tests; ``SoftSharing`` is a network for
# each, all drawn together; ``"none"`` is a network for each, and no more. The scorer goes by the labels that are there,
# and the folds spread the positives and the holes of every test evenly.

classifier = MultiTaskClassifier(MLP(hidden_layer_sizes=(96,)), max_epochs=30, random_state=0)
grid = [
    {"sharing": ["hard"], "weight_decay": [0.3, 3.0]},
    {"sharing": [SoftSharing()], "sharing__strength": [10.0, 1000.0]},
    {"sharing": ["none"], "weight_decay": [0.3, 3.0]},
]
folds = MultiTaskStratifiedKFold(3, random_state=0)

start = time.perf_counter()
search = GridSearchCV(classifier, grid, scoring=make_multitask_scorer("roc_auc"), cv=folds).fit(X_train, y_train)
seconds = time.perf_counter() - start


def sharing_of(params):
    """Return what a candidate shares, in a word."""
    return "soft" if isinstance(params["sharing"], SoftSharing) else params["sharing"]


def describe(params):
    """Return a candidate in words."""
    number = {name.rpartition("__")[2].replace("_", " "): value for name, value in params.items() if name != "sharing"}
    return ", ".join([sharing_of(params), *(f"{name} {value:g}" for name, value in number.items())])


candidates = search.cv_results_["params"]
means, spreads = search.cv_results_["mean_test_score"], search.cv_results_["std_test_score"]
print(
    f"GridSearchCV, {len(candidates)} candidates, {search.n_splits_} folds, in {seconds:.0f} s; ROC-AUC, mean of tests:"
)
for params, mean, spread in zip(candidates, means, spreads, strict=True):
    print(f"    {describe(params):24}{mean:.3f} ± {spread:.3f}")

# %%
# On molecules that nothing was chosen by
# ---------------------------------------
# Where positives are rare, hardly any probability exceeds one half. ``thresholds`` says above what ``predict`` calls a
# molecule positive; here it is the share of positives in training. It may be set after the fit.

network = search.best_estimator_.set_params(thresholds=y_train.mean().to_dict())
probabilities = network.predict_proba(X_test)
print(f"\nThe best of them ({describe(search.best_params_)}) on the test molecules:\n")
print(multitask_report(y_test, network.predict(X_test), probabilities))

# %%
# What most people would do first is one logistic regression per test, on the molecules labelled for it. Each gets a
# penalty of its own, found by as many folds.

by_regression = []
for test in y_train:
    labelled = y_train[test].notna().to_numpy()
    penalties = {"C": np.logspace(-4, 1, 6)}
    regression = GridSearchCV(LogisticRegression(max_iter=1000), penalties, scoring="roc_auc", cv=3)
    regression.fit(X_train[labelled], y_train[test][labelled].astype(int))
    by_regression.append(regression.predict_proba(X_test))

ours = multitask_score(y_test, probabilities, "roc_auc", average=None)
theirs = multitask_score(y_test, by_regression, "roc_auc", average=None)
n_ahead = sum(ours[test] > theirs[test] for test in ours)
print("\nROC-AUC on the test molecules, mean of tests:")
print(
    f"    {'one network for all tests':32}{np.mean(list(ours.values())):.3f}, ahead on {n_ahead} of {len(ours)} tests"
)
print(f"    {'a logistic regression for each':32}{np.mean(list(theirs.values())):.3f}\n")

# %%
# Was any test hurt?
# ------------------
# The best candidate that shares, against the best that does not, on the same five folds. An interval that lies on one
# side of zero is a verdict. With so few positives a single test seldom gets one; the last interval, that of the mean,
# is narrower.


def best(*sharings):
    """Return an estimator with the best parameters among some ways of sharing, not fitted."""
    _, params = max(
        ((mean, params) for mean, params in zip(means, candidates, strict=True) if sharing_of(params) in sharings),
        key=lambda scored: scored[0],
    )
    return clone(classifier).set_params(**params)


comparison = compare_with_single_task(best("hard", "soft"), X_train, y_train, single=best("none"))
print(comparison)

# %%
# One plot
# --------

colors = {"hard": "#1f6fb2", "soft": "#7fb3d9", "none": "#9a9ea3"}
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained", width_ratios=(2, 3))

for place, (params, mean, spread) in enumerate(zip(candidates, means, spreads, strict=True)):
    left.errorbar(mean, -place, xerr=spread, fmt="o", color=colors[sharing_of(params)], capsize=3, markersize=8)
left.set_yticks(range(0, -len(candidates), -1), [describe(params) for params in candidates])
left.set(title="The search: what to share", xlabel="ROC-AUC, mean of six tests, three folds")

order = np.argsort(comparison.n_positive)
for place, test in enumerate(order):
    joint, single = comparison.mean_joint[test], comparison.mean_single[test]
    right.plot([single, joint], [place, place], color="#d5d8db", linewidth=4, solid_capstyle="round", zorder=1)
right.scatter(comparison.mean_single[order], range(len(order)), s=70, color=colors["none"], label="a network for each")
right.scatter(comparison.mean_joint[order], range(len(order)), s=70, color=colors["hard"], label="learned together")
names = [f"{comparison.tasks[test]} ({comparison.n_positive[test]:.0f})" for test in order]
right.set_yticks(range(len(order)), names)
right.set(title="Test by test, with the number of positives", xlabel="ROC-AUC, five folds")
figure.legend(loc="outside lower right", ncols=2, frameon=False)
for axes in (left, right):
    axes.grid(axis="x", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
figure.savefig(options.plot, dpi=120)
print(f"\nThe plot is in {options.plot}")
