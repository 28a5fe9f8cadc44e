"""The accuracy of heads on frozen features in bfloat16 against those in float32, both by torch.

    python benchmarks/feature_precision.py --data FOLDER

``FOLDER`` holds ``data`` and ``weights``; ``_picture_sets.py`` says what is read.
"""

import argparse
import itertools
import pathlib

import numpy as np
from _paired import difference_in_words
from _picture_sets import picture_sets
from _table import save_table

from sktl import ActivationCache, TransferClassifier
from sktl.backbones import get_backbone

WEIGHTS = {"mobilenet_v2": "weights/mobilenet_v2-imagenet.pth", "efficientnet_lite0": None}
SIZES = (5, 50)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--draws", type=int, default=3)
    options = parser.parse_args()
    rows, everything = [], {"float32": [], "bfloat16": []}
    for name, file in WEIGHTS.items():
        backbone = get_backbone(name, "default" if file is None else str(options.data / file))
        for one in picture_sets(options.data).values():
            test, cache = one.pictures(one.test, backbone.preprocessing), ActivationCache()
            scores = {"float32": [], "bfloat16": []}
            for per_class, draw in itertools.product(SIZES, range(options.draws)):
                chosen = one.draw(per_class, draw)
                X = one.pictures(chosen, backbone.preprocessing)
                for precision, found in scores.items():
                    model = TransferClassifier(
                        backbone, freeze="all", image_size=None, engine="torch", precision=precision, cache=cache,
                        random_state=draw,
                    )  # fmt: skip
                    found.append(model.fit(X, one.y[chosen]).score(test, one.y[one.test]))
            row = [name, one.name, *(f"{np.mean(scores[p]):.3f}" for p in scores)]
            rows.append([*row, difference_in_words(scores["bfloat16"], scores["float32"])])
            for precision, found in scores.items():
                everything[precision] += found
    notes = [
        f'Accuracy with `freeze="all"`, {" and ".join(map(str, SIZES))} pictures per class, {options.draws} draws '
        "each; the last column is bfloat16 less float32, with its 95 % interval.",
        "",
        f"All together: {difference_in_words(everything['bfloat16'], everything['float32'])}.",
    ]
    save_table("feature_precision", ["network", "set", "float32", "bfloat16", "difference"], rows, notes)


if __name__ == "__main__":
    main()
