"""How deep to freeze: depths on sets of pictures, by samples per class; what ``freeze="auto"`` goes by.

    OMP_NUM_THREADS=1 python benchmarks/auto_freeze.py --data FOLDER --keep FILE

Pictures are scaled and cropped by the weights' own preprocessing, as ``image_size`` does.
``FOLDER`` holds ``data`` and ``weights``. Each record goes to FILE, a line of JSON each, and a further run goes on
where the last one stopped. ``--table-only FILE ...`` makes the table of what lies in files. "auto" is not fitted to the
end: what it decides is found out, and looked up among the depths, whose fits are the same.
"""

import argparse
import json
import pathlib
import time

import numpy as np
import torch
from _freeze_table import STUDY, save_freeze_table
from _picture_sets import PictureSet, picture_sets
from sklearn.metrics import balanced_accuracy_score

from sktl import ActivationCache, TransferClassifier
from sktl.backbones import Backbone, get_backbone

MOST_TEST = 300  # of each set
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
        print(*record.values(), flush=True)


def study(records: Records, pictures: PictureSet, backbone: Backbone, seed: int, options) -> None:
    """Fit every depth to one draw of each size of one set."""
    chosen = np.linspace(0, len(pictures.test) - 1, min(MOST_TEST, len(pictures.test))).astype(int)
    test = pictures.test[chosen]
    X_test, y_test = pictures.pictures(test, backbone.preprocessing), pictures.y[test]
    depths = options.depths or range(backbone.n_stages + 1)
    cache = ActivationCache(max_bytes=2**31)
    for per_class in options.per_class:
        case = {"backbone": backbone.name, "set": pictures.name, "per_class": per_class, "seed": seed}
        drawn = pictures.draw(per_class, seed)
        y = pictures.y[drawn]
        X = pictures.pictures(drawn, backbone.preprocessing)
        given = {"image_size": pictures.pixels, "cache": cache, "random_state": seed}
        record = case | {"depth": "auto"}
        if record not in records:
            asked = TransferClassifier(backbone, freeze="all", **given).fit(X, y)
            record |= {"n_samples": len(y), "smallest_class": int(np.bincount(y).min())}
            record |= {"stage_sizes": list(backbone.stage_sizes()), "probe_losses": asked.probe_losses_}
            records.add(record)
        for depth in sorted({depth % (backbone.n_stages + 1) for depth in depths}, reverse=True):
            record = case | {"depth": depth}
            if record not in records:
                start = time.process_time()
                estimator = TransferClassifier(backbone, freeze=depth, **given).fit(X, y)
                record["seconds"] = round(time.process_time() - start, 2)
                record["score"] = round(float(balanced_accuracy_score(y_test, estimator.predict(X_test))), 4)
                records.add(record)


def run(options) -> Records:
    """Fit what is not in the file yet."""
    records = Records(options.keep)
    torch.set_num_threads(1)
    sets = picture_sets(options.data)
    for name in options.backbones:
        file = BACKBONES[name]
        backbone = get_backbone(name, str(options.data / file) if file else "default")
        for seed in options.seeds:
            for one in options.sets or sets:
                study(records, sets[one], backbone, seed, options)
    return records


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--keep", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--sets", nargs="+", help="names, in place of all")
    parser.add_argument("--backbones", nargs="+", default=list(BACKBONES))
    parser.add_argument("--per-class", nargs="+", type=int, default=[2, 5, 10, 20, 50])
    parser.add_argument("--depths", nargs="+", type=int, help="in place of all")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2], help="of the draws")
    parser.add_argument("--name", default=STUDY, help="of the table")
    parser.add_argument("--table-only", nargs="+", type=pathlib.Path, metavar="FILE")
    options = parser.parse_args()
    if options.table_only:
        found = [record for path in options.table_only for record in Records(path).all]
    elif options.data and options.keep:
        found = run(options).all
    else:
        parser.error("give --data and --keep, or --table-only")
    save_freeze_table(found, options.name)


if __name__ == "__main__":
    main()
