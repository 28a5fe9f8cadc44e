"""How deep to freeze: every depth on sets of pictures, by samples per class; what ``freeze="auto"`` goes by.

    OMP_NUM_THREADS=1 python benchmarks/auto_freeze.py --data FOLDER --keep FILE

``FOLDER`` holds ``data`` and ``weights``. Each record goes to FILE, a line of JSON each, and a further run goes on
where the last one stopped. ``--table-only`` makes the table of what is there. "auto" is not fitted anew: what the
policy says of the data is looked up among the depths.
"""

import argparse
import collections
import json
import pathlib
import time

import torch
from _freeze_table import save_freeze_table
from _picture_sets import PictureSet, picture_sets
from sklearn.metrics import balanced_accuracy_score

from sktl import ActivationCache, TransferClassifier
from sktl.backbones import Backbone, get_backbone

BACKBONES = {"mobilenet_v2": "weights/mobilenet_v2-imagenet.pth", "efficientnet_lite0": None}


class Records:
    """What was found, kept in a file line by line."""

    def __init__(self, path: pathlib.Path):
        self._path = path
        lines = path.read_text().splitlines() if path.exists() else []
        self.all = [json.loads(line) for line in lines]
        self._known = {self._key(record) for record in self.all}

    @staticmethod
    def _key(record):
        return tuple(record[name] for name in ("backbone", "set", "per_class", "seed", "depth"))

    def __contains__(self, record):
        return self._key(record) in self._known

    def add(self, record):
        """Keep a record, and show it."""
        self.all.append(record)
        self._known.add(self._key(record))
        with self._path.open("a") as file:
            file.write(json.dumps(record) + "\n")
        print(*(record[name] for name in ("backbone", "set", "per_class", "seed", "depth", "score")), flush=True)


def study(records: Records, pictures: PictureSet, backbone: Backbone, options) -> None:
    """Fit every depth to every draw of one set."""
    X_test, y_test = pictures.pictures(pictures.test, backbone.preprocessing), pictures.y[pictures.test]
    everything = range(backbone.n_stages + 1)
    depths = everything if options.depths is None else [depth % (backbone.n_stages + 1) for depth in options.depths]
    for seed in range(options.seeds):
        cache = ActivationCache(max_bytes=2**31)
        for per_class in options.per_class:
            drawn = pictures.draw(per_class, seed)
            X, y = pictures.pictures(drawn, backbone.preprocessing), pictures.y[drawn]
            case = {"backbone": backbone.name, "set": pictures.name, "per_class": per_class, "seed": seed}
            if all(case | {"depth": depth} in records for depth in depths):
                continue
            given = {"image_size": pictures.pixels, "cache": cache, "random_state": seed}
            auto = TransferClassifier(backbone, max_epochs=1, **given).fit(X, y)
            situation = {
                "n_samples": len(y),
                "stage_names": list(backbone.stage_names),
                "stage_sizes": list(backbone.stage_sizes()),
                "stage_scores": auto.stage_scores_,
            }
            for depth in sorted(depths, reverse=True):
                record = case | {"depth": depth}
                if record not in records:
                    start = time.process_time()
                    estimator = TransferClassifier(backbone, freeze=depth, **given).fit(X, y)
                    record["seconds"] = round(time.process_time() - start, 2)
                    record["score"] = round(float(balanced_accuracy_score(y_test, estimator.predict(X_test))), 4)
                    records.add(record | {"n_head_stages": len(estimator.head_stages_)} | situation)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--keep", required=True, type=pathlib.Path, metavar="FILE")
    parser.add_argument("--sets", nargs="+", help="names, in place of all")
    parser.add_argument("--backbones", nargs="+", default=list(BACKBONES))
    parser.add_argument("--per-class", nargs="+", type=int, default=[2, 5, 10, 20, 50])
    parser.add_argument("--depths", nargs="+", type=int, help="in place of all")
    parser.add_argument("--seeds", type=int, default=3, help="how many draws")
    parser.add_argument("--table-only", action="store_true")
    options = parser.parse_args()
    records = Records(options.keep)
    torch.set_num_threads(1)
    if not options.table_only:
        sets = picture_sets(options.data)
        for name in options.backbones:
            file = BACKBONES[name]
            backbone = get_backbone(name, str(options.data / file) if file else "default")
            for one in options.sets or sets:
                study(records, sets[one], backbone, options)
    by_case = collections.defaultdict(dict)
    for record in records.all:
        key = tuple(record[name] for name in ("backbone", "set", "per_class", "seed"))
        by_case[key][record["depth"]] = record
    save_freeze_table(by_case)


if __name__ == "__main__":
    main()
