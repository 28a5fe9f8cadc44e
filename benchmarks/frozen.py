"""A frozen fit, and a search over freeze depth, against the recipes people use today.

The skorch recipe sets ``requires_grad=False`` and trains with a DataLoader, so every epoch of every fold decodes the
pictures and runs the whole network again. fastai's is ``vision_learner(...).fine_tune(4)``, if fastai is installed.
The floor is one bare pass of the fastest engine: decode, preprocess, and the network, which was compiled before.

    python benchmarks/frozen.py --train FOLDER --test FOLDER --backbone mobilenet_v2 --weights FILE
"""

import argparse
import collections
import pathlib
import time
import warnings

import numpy as np
import torch
from _fastai import DEFAULT_LR, FastaiFineTune, has_fastai
from _peers import PictureFiles, accuracy, preprocessing_of, skorch_recipe
from _table import save_table
from sklearn.linear_model import LogisticRegressionCV
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sktl import ActivationCache, TransferClassifier
from sktl.backbones import get_backbone
from sktl.engines import TorchEngine, choose_engine
from sktl.freezing import stage_depth

DEPTHS = [-3, -2, -1, "all"]
SEARCH_LR = 4e-4  # of the recipe's search, and of sktl's where both have as many epochs


def read_folder(folder):
    paths = sorted(path for path in pathlib.Path(folder).glob("*/*") if path.is_file())
    return np.array([str(path) for path in paths], dtype=object), np.array([path.parent.name for path in paths])


def timed(function):
    start = time.perf_counter()
    result = function()
    return result, time.perf_counter() - start


def least(function, times=3):
    """Return the result, and the least of some times."""
    found = [timed(function) for _ in range(times)]
    return found[-1][0], min(seconds for _, seconds in found)


def bare_pass(files, network):
    """Return the features of all files, decoded one by one."""
    with torch.no_grad():
        return torch.cat([network(x) for x, _ in torch.utils.data.DataLoader(files, batch_size=32)]).numpy()


def networks_of(backbone):
    """Return the fastest engine, and the network as it runs it, as torch does, and as most people write it."""
    plain = backbone.prefix(backbone.n_stages)
    example = torch.zeros(1, 3, *backbone.preprocessing.size)
    engine = choose_engine("auto", "auto", backbone, torch.device("cpu"), 10_000, lambda: example)
    return engine, {
        f"the fastest engine ({engine.name}, {engine.precision}): the floor": lambda x: torch.from_numpy(
            engine.run(x, 0, backbone.n_stages, pooled=True)
        ),
        "torch, channels last": lambda x: plain(x.contiguous(memory_format=torch.channels_last)),
        "torch, as most people write it": plain,
    }


class StageCounter:
    """Counts the rows that torch passes through each frozen stage while it is open."""

    def __enter__(self):
        self.rows, run = collections.Counter(), TorchEngine.run

        def counted(engine, x, start, stop, *others):
            self.rows.update({number: len(x) for number in range(start, stop)})
            return run(engine, x, start, stop, *others)

        self._run, TorchEngine.run = run, counted
        return self

    def __exit__(self, *_):
        TorchEngine.run = self._run


def compare_fits(options, backbone, train, test, coded):
    (X, y), (X_test, y_test) = train, test
    transform = preprocessing_of(backbone, options.size)
    files, test_files = PictureFiles(X, coded[0], transform), PictureFiles(X_test, coded[1], transform)
    n_classes, rows = len(set(y)), []

    def add(name, seconds, score=None):
        rows.append([name, seconds, "" if score is None else f"{score:.3f}"])

    # First, while nothing is compiled.
    for engine in ("auto", "torch"):
        estimator = TransferClassifier(
            options.backbone,
            weights=options.weights,
            freeze="all",
            image_size=options.size,
            engine=engine,
            random_state=0,
        )
        for which, clock in (("the first", timed), ("the next", least)):
            _, seconds = clock(lambda e=estimator: e.set_params(cache=ActivationCache()).fit(X, y))
            name = f'sktl, freeze="all", {estimator.engine_} in {estimator.precision_}, {which} fit'
            add(name, seconds, estimator.score(X_test, y_test))
    engine, networks = networks_of(backbone)
    for name, network in networks.items():
        bare_pass(PictureFiles(X[:32], coded[0][:32], transform), network)  # warm up
        features, seconds = least(lambda network=network: bare_pass(files, network))
        add(f"one bare pass of {name}", seconds)
    floor = rows[-3][1]
    plain = networks["torch, as most people write it"]

    def by_hand():
        model = make_pipeline(StandardScaler(), LogisticRegressionCV(Cs=np.logspace(-4, 2, 7), cv=5, max_iter=1000))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return model.fit(bare_pass(files, plain), coded[0])

    model, seconds = least(by_hand)
    score = model.score(bare_pass(test_files, plain), coded[1])
    add("by hand: features once, logistic regression", seconds, score)
    net = skorch_recipe(
        backbone, backbone.n_stages, n_classes=n_classes, n_features=features.shape[1], epochs=options.epochs, lr=1e-3
    )
    _, seconds = timed(lambda: net.fit(files, coded[0]))
    add(f"skorch recipe, {options.epochs} epochs", seconds, accuracy(net, test_files))
    if has_fastai():
        model = FastaiFineTune(backbone, DEFAULT_LR, 4, augment=False, size=options.size)
        _, seconds = timed(lambda: model.fit(X, coded[0], n_classes))
        add("fastai, fine_tune(4)", seconds, float((model.logits(X_test).argmax(1).numpy() == coded[1]).mean()))
    fastest = rows[1][1]
    save_table(
        f"frozen-fit-{options.backbone}",
        [
            "a new head on a frozen network, from files",
            "seconds",
            "of the floor",
            "of sktl's next fit",
            "test accuracy",
        ],
        [[name, f"{s:.2f}", f"{s / floor:.2f}", f"{s / fastest:.1f}", score] for name, s, score in rows],
        [
            f"{len(X)} pictures to fit, {len(X_test)} to judge by, {options.size} pixels. The first fit of an engine "
            "converts and compiles the network; each has an empty cache. fastai trains the whole network. Passes, next "
            "fits and fits by hand are the least of three."
        ],
    )


def search_by_sktl(options, X, y, **given):
    """Return the fitted search."""
    start = {"weights": options.weights, "image_size": options.search_size, "random_state": 0}
    return GridSearchCV(TransferClassifier(options.backbone, **start, **given), {"freeze": DEPTHS}, cv=5).fit(X, y)


def search_by_recipe(options, backbone, X, y, coded, epochs):
    """Return the mean score of each depth, and the seconds of the 20 fits alone."""
    size = options.search_size
    files = PictureFiles(X, coded, preprocessing_of(backbone, size))
    with torch.no_grad():
        n_features = backbone.pool(backbone(torch.zeros(1, 3, size, size))).shape[1]

    def fit(depth, rows):
        net = skorch_recipe(
            backbone,
            stage_depth(depth, backbone.stage_names, "freeze"),
            n_classes=len(set(y)),
            n_features=n_features,
            epochs=epochs,
            lr=SEARCH_LR,
        )
        return timed(lambda: net.fit(torch.utils.data.Subset(files, rows), coded[rows]))

    scores, seconds = [], 0.0
    for depth in DEPTHS:
        right = 0
        for rows, held in StratifiedKFold(5).split(X, y):
            net, fit_seconds = fit(depth, rows)
            seconds += fit_seconds
            answers = net.predict(torch.utils.data.Subset(files, held))
            right += int((answers == coded[held]).sum())
        scores.append(right / len(X))
    fit(DEPTHS[int(np.argmax(scores))], np.arange(len(X)))
    return scores, seconds


def by_depth(means):
    """Return scores in words."""
    return ", ".join(f"{depth}: {score:.3f}" for depth, score in zip(DEPTHS, means, strict=True))


def compare_defaults(options, backbone, train, coded):
    """Compare the searches as they come: sktl with what it chooses, the recipe with its epochs."""
    X, y = train
    own, seconds = timed(lambda: search_by_sktl(options, X, y, cache=ActivationCache()))
    (scores, fits_seconds), recipe_seconds = timed(
        lambda: search_by_recipe(options, backbone, X, y, coded[0], options.epochs)
    )
    last = own.best_estimator_
    save_table(
        f"depth-search-as-it-comes-{options.backbone}",
        ["search over freeze depth, 4 candidates, 5 folds", "seconds", "the recipe's, times that", "best mean score"],
        [
            ["sktl, its defaults", f"{seconds:.1f}", f"{recipe_seconds / seconds:.1f}", f"{own.best_score_:.3f}"],
            [f"skorch recipe, {options.epochs} epochs", f"{recipe_seconds:.1f}", "1.0", f"{max(scores):.3f}"],
        ],
        [
            f"{len(X)} pictures of {options.search_size} pixels. sktl took {last.max_epochs_} epochs for the refit, by "
            f"{last.engine_}, and trains stages in {last.training_precision_}; its cache was empty. Both times hold 20 "
            f"fits, their scores, and a refit; the recipe's 20 fits alone take {fits_seconds:.1f} s.",
            "",
            f"Cross-validated accuracy: {by_depth(own.cv_results_['mean_test_score'])}; by the recipe: "
            f"{by_depth(scores)}.",
        ],
    )


def compare_searches(options, backbone, train, coded):
    """Compare searches with as many epochs on both sides."""
    X, y = train

    def search(engine, cache, precision="auto"):
        common = {"max_epochs": options.search_epochs, "lr": SEARCH_LR}
        return search_by_sktl(options, X, y, engine=engine, precision=precision, cache=cache, **common)

    with StageCounter() as counter:
        cached, seconds = timed(lambda: search("torch", ActivationCache()))
    most = max(counter.rows.values()) / len(X)
    exact, exact_seconds = timed(lambda: search("torch", ActivationCache(), "float32"))
    plain, plain_seconds = timed(lambda: search("torch", None))
    fast, fast_seconds = timed(lambda: search("auto", ActivationCache()))
    (recipe_scores, fits_seconds), recipe_seconds = timed(
        lambda: search_by_recipe(options, backbone, X, y, coded[0], options.search_epochs)
    )
    same = np.array_equal(cached.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"])
    scores = [by_depth(one.cv_results_["mean_test_score"]) for one in (cached, exact, fast)]
    engine = f"{fast.best_estimator_.engine_} in {fast.best_estimator_.precision_}"
    sides = {
        "sktl, torch, cached": seconds,
        'sktl, torch, cached, precision="float32"': exact_seconds,
        "sktl, torch, cache=None": plain_seconds,
        f"sktl, frozen stages by {engine}, cached": fast_seconds,
        "skorch recipe": recipe_seconds,
    }
    save_table(
        f"depth-search-{options.backbone}",
        ["search over freeze depth, 4 candidates, 5 folds", "seconds", "the recipe's, times that"],
        [[name, f"{one:.1f}", f"{recipe_seconds / one:.1f}"] for name, one in sides.items()],
        [
            f"{len(X)} pictures of {options.search_size} pixels, {options.search_epochs} epochs; sktl trains stages in "
            f"{cached.best_estimator_.net_.module_.training_precision}. All times hold 20 fits, "
            f"their scores, and a refit; the recipe's 20 fits alone take {fits_seconds:.1f} s.",
            "",
            f"Passes of a picture through a frozen stage, at most, over all 21 fits by torch: {most:g}.",
            "",
            f"Cross-validated accuracy by torch: {scores[0]}; the same with cache=None: {same}.",
            f"In float32: {scores[1]}. By {engine}: {scores[2]}. By the recipe: {by_depth(recipe_scores)}.",
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
    parser.add_argument("--search-size", type=int, default=224, help="pixels, for the search")
    parser.add_argument("--search-epochs", type=int, default=4, help="of both sides where they have as many")
    parser.add_argument("--only", choices=["fit", "search", "as it comes"], help="one of the three tables")
    options = parser.parse_args()
    backbone = get_backbone(options.backbone, options.weights)
    train, test = read_folder(options.train), read_folder(options.test)
    coded = [np.unique(labels, return_inverse=True)[1] for _, labels in (train, test)]
    if options.only in (None, "fit"):
        compare_fits(options, backbone, train, test, coded)
    if options.only in (None, "search"):
        compare_searches(options, backbone, train, coded)
    if options.only in (None, "as it comes"):
        compare_defaults(options, backbone, train, coded)


if __name__ == "__main__":
    main()
