"""A frozen fit, and a search over freeze depth, against the recipe people use today.

The recipe sets ``requires_grad=False`` and trains by skorch with a DataLoader, so every epoch of every fold decodes the
pictures and runs the whole network again. The floor is one bare pass: decode, preprocess, and the network in eval mode.

    python benchmarks/frozen.py --train FOLDER --test FOLDER --backbone mobilenet_v2 --weights FILE
"""

import argparse
import pathlib
import time
import warnings

import numpy as np
import torch
from _peers import PictureFiles, accuracy, preprocessing_of, skorch_recipe
from _table import save_table
from sklearn.linear_model import LogisticRegressionCV
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sktl import ActivationCache, TransferClassifier
from sktl.backbones import get_backbone
from sktl.backbones._backbone import FrozenStages
from sktl.freezing import stage_depth

DEPTHS = [-3, -2, -1, "all"]


def read_folder(folder):
    paths = sorted(path for path in pathlib.Path(folder).glob("*/*") if path.is_file())
    return np.array([str(path) for path in paths], dtype=object), np.array([path.parent.name for path in paths])


def timed(function):
    start = time.perf_counter()
    result = function()
    return result, time.perf_counter() - start


def bare_pass(backbone, files, channels_last):
    """Return the features of all files, computed as plainly as torch allows."""
    network = backbone.prefix(backbone.n_stages)
    parts = []
    with torch.no_grad():
        for x, _ in torch.utils.data.DataLoader(files, batch_size=32):
            parts.append(network(x.contiguous(memory_format=torch.channels_last) if channels_last else x))
    return torch.cat(parts).numpy()


class StageCounter:
    """Counts the rows that pass through each frozen stage while it is open."""

    def __enter__(self):
        self.rows, forward = {}, FrozenStages.forward

        def counted(stages, x):
            for stage in stages:
                self.rows[id(stage)] = self.rows.get(id(stage), 0) + len(x)
            return forward(stages, x)

        self._forward, FrozenStages.forward = forward, counted
        return self

    def __exit__(self, *_):
        FrozenStages.forward = self._forward


def compare_fits(options, backbone, train, test, coded):
    (X, y), (X_test, y_test) = train, test
    transform = preprocessing_of(backbone, options.size)
    files, test_files = PictureFiles(X, coded[0], transform), PictureFiles(X_test, coded[1], transform)
    bare_pass(backbone, PictureFiles(X[:32], coded[0][:32], transform), True)  # warm up
    features, floor = timed(lambda: bare_pass(backbone, files, True))
    _, plain = timed(lambda: bare_pass(backbone, files, False))
    rows = [
        ["one bare pass, channels last (the floor)", f"{floor:.1f}", "1.00", ""],
        ["one bare pass, as most people write it", f"{plain:.1f}", f"{plain / floor:.2f}", ""],
    ]

    def add(name, seconds, score):
        rows.append([name, f"{seconds:.1f}", f"{seconds / floor:.2f}", f"{score:.3f}"])

    estimator = TransferClassifier(
        options.backbone,
        weights=options.weights,
        freeze="all",
        image_size=options.size,
        engine="torch",  # as the peers; engines.py compares others
        cache=ActivationCache(),
        random_state=0,
    )
    _, seconds = timed(lambda: estimator.fit(X, y))
    add('sktl, freeze="all"', seconds, estimator.score(X_test, y_test))

    def by_hand():
        model = make_pipeline(StandardScaler(), LogisticRegressionCV(Cs=np.logspace(-4, 2, 7), cv=5, max_iter=1000))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return model.fit(bare_pass(backbone, files, False), coded[0])

    model, seconds = timed(by_hand)
    add(
        "by hand: features once, logistic regression",
        seconds,
        model.score(bare_pass(backbone, test_files, False), coded[1]),
    )
    net = skorch_recipe(
        backbone, backbone.n_stages, n_classes=len(set(y)), n_features=features.shape[1], epochs=options.epochs, lr=1e-3
    )
    _, seconds = timed(lambda: net.fit(files, coded[0]))
    add(f"skorch recipe, {options.epochs} epochs", seconds, accuracy(net, test_files))
    save_table(
        f"frozen-fit-{options.backbone}",
        ["fit of a new head on a frozen network", "seconds", "of the floor", "test accuracy"],
        rows,
        [f"{len(X)} pictures to fit, {len(X_test)} to judge by, {options.size} pixels."],
    )
    return features.shape[1]


def compare_searches(options, backbone, train, coded, n_features):
    X, y = train
    lr = 4e-4

    def search(cache):
        estimator = TransferClassifier(
            options.backbone,
            weights=options.weights,
            image_size=options.search_size,
            max_epochs=options.search_epochs,
            lr=lr,
            engine="torch",
            cache=cache,
            random_state=0,
        )
        return GridSearchCV(estimator, {"freeze": DEPTHS}, cv=5).fit(X, y)

    with StageCounter() as counter:
        cached, seconds = timed(lambda: search(ActivationCache()))
    most = max(counter.rows.values()) / len(X)
    plain, plain_seconds = timed(lambda: search(None))
    files = PictureFiles(X, coded[0], preprocessing_of(backbone, options.search_size))

    def recipe():
        for depth in DEPTHS:
            for fold, _ in StratifiedKFold(5).split(X, y):
                skorch_recipe(
                    backbone,
                    stage_depth(depth, backbone.stage_names, "freeze"),
                    n_classes=len(set(y)),
                    n_features=n_features,
                    epochs=options.search_epochs,
                    lr=lr,
                ).fit(torch.utils.data.Subset(files, fold), coded[0][fold])

    _, recipe_seconds = timed(recipe)
    same = np.array_equal(cached.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"])
    scores = ", ".join(
        f"{depth}: {score:.3f}" for depth, score in zip(DEPTHS, cached.cv_results_["mean_test_score"], strict=True)
    )
    save_table(
        f"depth-search-{options.backbone}",
        ["search over freeze depth, 4 candidates, 5 folds", "seconds", "of sktl's"],
        [
            ["sktl, cached, with scores and a refit", f"{seconds:.1f}", "1.00"],
            ["sktl, cache=None, with scores and a refit", f"{plain_seconds:.1f}", f"{plain_seconds / seconds:.2f}"],
            ["skorch recipe, fits alone", f"{recipe_seconds:.1f}", f"{recipe_seconds / seconds:.2f}"],
        ],
        [
            f"{len(X)} pictures of {options.search_size} pixels, {options.search_epochs} epochs.",
            f"Passes of a picture through a frozen stage, at most, over all 21 fits: {most:g}.",
            f"Cross-validated accuracy: {scores}; the same with cache=None: {same}.",
        ],
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", required=True, help="a folder with a subfolder of pictures per class")
    parser.add_argument("--test", required=True, help="another")
    parser.add_argument("--backbone", default="efficientnet_lite0")
    parser.add_argument("--weights", default="default")
    parser.add_argument("--size", type=int, default=224, help="pixels, for the fit")
    parser.add_argument("--epochs", type=int, default=20, help="of the recipe")
    parser.add_argument("--search-size", type=int, default=96, help="pixels, for the search")
    parser.add_argument("--search-epochs", type=int, default=3)
    options = parser.parse_args()
    backbone = get_backbone(options.backbone, options.weights)
    train, test = read_folder(options.train), read_folder(options.test)
    coded = [np.unique(labels, return_inverse=True)[1] for _, labels in (train, test)]
    n_features = compare_fits(options, backbone, train, test, coded)
    compare_searches(options, backbone, train, coded, n_features)


if __name__ == "__main__":
    main()
