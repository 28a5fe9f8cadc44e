"""Data that come in parts: a head on frozen features that goes on, against one fit to all, and scikit-learn's SGD.

    python benchmarks/parts.py --data FOLDER --weights FILE

``FOLDER`` holds ``data``; the weights are of MobileNetV2.
"""

import argparse
import pathlib
import time

import numpy as np
from _picture_sets import picture_sets
from _table import save_table
from sklearn.linear_model import SGDClassifier
from sklearn.preprocessing import StandardScaler

from sktl import ActivationCache, BackboneFeatures, TransferClassifier
from sktl.backbones import get_backbone

SETS = ("sign digits", "MNIST", "Fashion-MNIST")
PER_CLASS, N_PARTS, N_DRAWS = 40, 8, 3
SHOWN = (1, 2, 4, 8)


def by_sgd(parts, features, y, test, y_test):
    """Return the accuracy behind all parts of what scikit-learn has for data in parts, a pass through each."""
    scaler = StandardScaler().fit(features[parts[0]])
    model = SGDClassifier(loss="log_loss", random_state=0)
    for part in parts:
        model.partial_fit(scaler.transform(features[part]), y[part], classes=np.unique(y))
    return model.score(scaler.transform(test), y_test)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--weights", required=True)
    options = parser.parse_args()
    backbone, sets = get_backbone("mobilenet_v2", options.weights), picture_sets(options.data)
    found, seconds = {}, []
    for name in SETS:
        pictures = sets[name]
        X_test, y_test = pictures.pictures(pictures.test, backbone.preprocessing), pictures.y[pictures.test]
        for seed in range(N_DRAWS):
            drawn = np.random.default_rng(seed).permutation(pictures.draw(PER_CLASS, seed))
            X, y = pictures.pictures(drawn, backbone.preprocessing), pictures.y[drawn]
            given = {"image_size": pictures.pixels, "cache": ActivationCache(max_bytes=2**30), "random_state": seed}
            orders = {"shuffled": np.arange(len(y)), "two classes after the other": np.argsort(y // 2, kind="stable")}
            whole = TransferClassifier(backbone, freeze="all", **given).fit(X, y).score(X_test, y_test)
            features = BackboneFeatures(backbone, **given)
            rows, test = features.fit_transform(X), features.transform(X_test)
            for order, indices in orders.items():
                parts = np.array_split(indices, N_PARTS)
                stream, scores = TransferClassifier(backbone, freeze="all", **given), []
                for number, part in enumerate(parts):
                    start = time.perf_counter()
                    stream.partial_fit(X[part], y[part], classes=np.unique(y))
                    if number:
                        seconds.append(time.perf_counter() - start)
                    scores.append(stream.score(X_test, y_test))
                shown = [scores[number - 1] for number in SHOWN]
                found.setdefault((name, order), []).append([*shown, whole, by_sgd(parts, rows, y, test, y_test)])
    lines = [[*key, *(f"{mean:.3f}" for mean in np.mean(draws, axis=0))] for key, draws in found.items()]
    header = [
        "set",
        "order",
        *(f"behind part {number}" for number in SHOWN),
        "one fit to all",
        "SGDClassifier, all parts",
    ]
    notes = [
        f"Accuracy of heads on the frozen network, mean of {N_DRAWS} draws of {PER_CLASS} pictures of each of ten "
        f"classes, in {N_PARTS} parts. Where its features are in the cache, a further part takes "
        f"{1000 * np.median(seconds):.0f} ms."
    ]
    save_table("parts", header, lines, notes)


if __name__ == "__main__":
    main()
