"""``TransferClassifier`` with its defaults against fastai, a fine-tune by hand, and a regression on features.

Five sets of pictures, 10 and 50 per class, three draws. All sides get the same network, weights, pixels and draw, as
arrays that are decoded beforehand, and run in one process on as many threads. The fine-tunes and fastai choose their
settings on the first draw, on a fifth held out (on two fifths in turn for up to 40 pictures), and keep them for the
other draws; each fit then has all pictures of its draw. The regression chooses anew at each draw. Seconds are
of the processor, so that what else runs counts little.

    OMP_NUM_THREADS=1 python benchmarks/recipes.py --data FOLDER

``FOLDER`` holds ``data`` and ``weights``. fastai needs ``pip install fastai``, and is left out where it is absent. The
peers take most of the time: ``--peers-only FILE`` fits them alone and keeps what they reach in a file (it goes on where
it stopped), ``--settings FILE`` takes the settings found there and fits again, in one run with sktl, and ``--reuse
FILE`` takes the figures too.
"""

import argparse
import dataclasses
import json
import pathlib
import time
from collections.abc import Callable

import numpy as np
import torch
from _fastai import FastaiFineTune, has_fastai, tune_fastai
from _peers import PlainFineTune, features_by_hand, regression_by_hand, tune_plainly
from _picture_sets import PictureSet, picture_sets
from _recipes_table import save_recipes
from sklearn.metrics import balanced_accuracy_score

from sktl import ActivationCache, TransferClassifier
from sktl.backbones import Backbone, get_backbone

MAIN = "efficientnet_lite0"  # its BatchNorm is real
SECOND = "mobilenet_v2"  # its BatchNorm is folded into the weights: batch statistics, and so fine-tunes, would ruin it
DRAWN_BY_HAND = ("MNIST",)  # mirrored, these mean something else


@dataclasses.dataclass(frozen=True)
class Case:
    """The pictures of one draw, and those to judge by, on one network."""

    backbone: Backbone
    weights: str
    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    n_classes: int
    flip: bool
    seed: int


@dataclasses.dataclass(frozen=True)
class Side:
    """One way: ``fit`` takes a case and settings and returns what predicts, with words on what it chose."""

    fit: Callable[[Case, dict], tuple[Callable[[np.ndarray], np.ndarray], str]]
    tune: Callable[[Case], dict] | None = None


def fit_sktl(case, settings):
    classifier = TransferClassifier(
        case.backbone.name,
        weights=case.weights,
        image_size=None,  # the pictures have their size
        cache=ActivationCache(),  # nothing is kept from fit to fit
        random_state=case.seed,
    ).fit(case.X, case.y)
    return classifier.predict, f"freeze {classifier.freeze_} of {case.backbone.n_stages}"


def fit_regression(case, settings):
    model = regression_by_hand(features_by_hand(case.X, case.backbone), case.y)
    scaled = "raw" if model.best_params_["scale"] == "passthrough" else "standardised"
    return (
        lambda X: model.predict(features_by_hand(X, case.backbone)),
        f"C {model.best_params_['regress__C']:g}, {scaled}",
    )


def fit_plainly(case, settings):
    model = PlainFineTune(case.backbone, **settings, seed=case.seed).fit(case.X, case.y, case.n_classes)
    norm = "trained" if settings["trained_norm"] else "held"
    words = f"lr {settings['lr']:g}, {settings['epochs']} epochs, BatchNorm {norm}"
    return lambda X: model.logits(X).argmax(1).numpy(), words


def fit_fastai(case, settings):
    model = FastaiFineTune(case.backbone, **settings, seed=case.seed).fit(case.X, case.y, case.n_classes)
    augmented = "augmented" if settings["augment"] else "not augmented"
    words = f"lr {settings['lr']:.2g}, {settings['epochs']} epochs, {augmented}"
    return lambda X: model.logits(X).argmax(1).numpy(), words


def sides_for(name: str) -> dict[str, Side]:
    """Return the ways that are compared on a network."""
    sides = {"sktl": Side(fit_sktl), "regression": Side(fit_regression)}
    if name == MAIN:
        sides["fine-tune"] = Side(fit_plainly, lambda case: tune_plainly(case.backbone, case.X, case.y, case.n_classes))
        if has_fastai():
            sides["fastai"] = Side(
                fit_fastai, lambda case: tune_fastai(case.backbone, case.X, case.y, case.n_classes, case.flip)
            )
    return sides


def timed(function):
    """Return what a function returns, and the seconds of the processor that it took."""
    start = time.process_time()
    result = function()
    return result, time.process_time() - start


class Ledger:
    """What each side reached in each case, some of it known from earlier runs."""

    def __init__(self, reuse: list[pathlib.Path], settings: list[pathlib.Path], keep: pathlib.Path | None):
        self._keep, self.records, self._settings = keep, {}, {}
        for path in [*settings, *reuse, *([keep] if keep and keep.exists() else [])]:
            for record in json.loads(path.read_text()):
                key = self.key(record)
                self._settings[key[:-1]] = record["settings"], record["tuning_seconds"]
                if path not in settings:
                    self.records[key] = record

    @staticmethod
    def key(record):
        """Return what tells a record from the others."""
        return tuple(record[name] for name in ("backbone", "set", "per_class", "side", "seed"))

    def settings_of(self, key, side: Side, case: Case):
        """Return the settings of a side and the seconds they took, found at the first draw and then remembered."""
        if key[:-1] not in self._settings:
            self._settings[key[:-1]] = timed(lambda: side.tune(case)) if side.tune else ({}, 0.0)
        return self._settings[key[:-1]]

    def add(self, record):
        """Print a record, and keep it."""
        self.records[self.key(record)] = record
        shown = {name: f"{value:.3f}" if isinstance(value, float) else value for name, value in record.items()}
        print(*(shown[name] for name in shown if name != "settings"), sep="  ", flush=True)
        if self._keep:
            self._keep.write_text(json.dumps(list(self.records.values()), indent=1))


def compare(ledger: Ledger, pictures: PictureSet, backbone: Backbone, weights: str, sides: dict, options) -> None:
    """Fit all sides to all draws of one set."""
    X_test, y_test = pictures.pictures(pictures.test, backbone.preprocessing), pictures.y[pictures.test]
    for per_class in options.per_class:
        for seed in range(options.seeds):
            drawn = pictures.draw(per_class, seed)
            case = Case(
                backbone,
                weights,
                pictures.pictures(drawn, backbone.preprocessing),
                pictures.y[drawn],
                X_test,
                pictures.n_classes,
                pictures.name not in DRAWN_BY_HAND,
                seed,
            )
            for name, side in sides.items():
                record = {
                    "backbone": backbone.name,
                    "set": pictures.name,
                    "per_class": per_class,
                    "side": name,
                    "seed": seed,
                }
                key = ledger.key(record)
                if key in ledger.records:
                    continue
                settings, tuning_seconds = ledger.settings_of(key, side, case)
                (predict, words), seconds = timed(lambda: side.fit(case, settings))  # noqa: B023 - called at once
                answers = predict(X_test)
                record["balanced_accuracy"] = float(balanced_accuracy_score(y_test, answers))
                record["accuracy"] = float(np.mean(answers == y_test))
                record |= {"seconds": seconds, "tuning_seconds": tuning_seconds, "words": words, "settings": settings}
                ledger.add(record)


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--sets", nargs="+", help="names, in place of all")
    parser.add_argument("--per-class", nargs="+", type=int, default=[10, 50])
    parser.add_argument("--sides", nargs="+", help="of sktl, regression, fine-tune and fastai")
    parser.add_argument("--seeds", type=int, default=3, help="how many draws")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--quick", action="store_true", help="one set of tiny pictures and one draw, to see that it runs"
    )
    parser.add_argument("--peers-only", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--settings", nargs="+", type=pathlib.Path, default=[], metavar="FILE")
    parser.add_argument("--reuse", nargs="+", type=pathlib.Path, default=[], metavar="FILE")
    options = parser.parse_args()
    if options.quick and options.reuse:
        parser.error("--quick has pictures of other pixels than the figures of --reuse: leave one of them out")
    return options


def main():
    options = read_options()
    torch.set_num_threads(options.threads)
    sets = picture_sets(options.data)
    if options.quick:
        options.sets, options.per_class, options.seeds = ["ants/bees"], [10], 1
        sets = {"ants/bees": dataclasses.replace(sets["ants/bees"], pixels=32)}
    ledger = Ledger(options.reuse, options.settings, options.peers_only)
    weights = {MAIN: "default", SECOND: str(options.data / "weights" / "mobilenet_v2-imagenet.pth")}
    for name in options.sets or sets:
        for network, version in weights.items():
            sides = sides_for(network)
            if options.peers_only:
                del sides["sktl"]
            sides = {side: way for side, way in sides.items() if side in (options.sides or sides)}
            compare(ledger, sets[name], get_backbone(network, version), version, sides, options)
    if not options.peers_only:
        shown = [
            record
            for record in ledger.records.values()
            if record["set"] in (options.sets or sets)
            and record["per_class"] in options.per_class
            and record["seed"] < options.seeds
        ]
        save_recipes(shown, options.seeds, reused=bool(options.reuse), keep=not options.quick)


if __name__ == "__main__":
    main()
