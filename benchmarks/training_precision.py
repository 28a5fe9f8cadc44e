"""The time of training stages in bfloat16 against float32, by network and size of the pictures.

What ``precision="auto"`` goes by on a CPU that multiplies bfloat16.

    python benchmarks/training_precision.py

Times are those of an epoch: that of a longer fit less that of one epoch, by the epochs between them.
"""

import argparse
import time

import numpy as np
from _table import save_table

from sktl import ActivationCache, TransferClassifier
from sktl.backbones import WeightsInfo, get_backbone
from sktl.utils._device import bfloat16_unit, choose_device

SHORT, LONG = 1, 4
DEPTHS = (2, -2)


def seconds_per_epoch(estimator, X, y):
    """Return the least of three, with a full cache."""
    found = []
    estimator.set_params(max_epochs=SHORT).fit(X, y)
    for _ in range(3):
        seconds = []
        for epochs in (SHORT, LONG):
            estimator.set_params(max_epochs=epochs)
            start = time.perf_counter()
            estimator.fit(X, y)
            seconds.append(time.perf_counter() - start)
        found.append((seconds[1] - seconds[0]) / (LONG - SHORT))
    return min(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbones", nargs="+", default=["mobilenet_v2", "efficientnet_b0", "resnet18"])
    parser.add_argument("--sizes", nargs="+", type=int, default=[64, 128, 224])
    parser.add_argument("--pictures", type=int, default=96)
    options = parser.parse_args()
    rng, rows = np.random.default_rng(0), []
    for name in options.backbones:
        backbone = get_backbone(name, None)
        backbone = backbone.with_suffix(0, backbone.suffix(0), WeightsInfo("made", "this benchmark"))
        for size in options.sizes:
            X = rng.integers(0, 256, (options.pictures, size, size, 3)).astype(np.uint8)
            row = [name, str(size)]
            for depth in DEPTHS:
                common = {"freeze": depth, "image_size": size, "engine": "torch", "cache": ActivationCache()}
                common |= {"head_l2": 1e-3, "head_stages": "last", "random_state": 0}
                plain, reduced = (
                    seconds_per_epoch(
                        TransferClassifier(backbone, precision=precision, **common), X, np.arange(len(X)) % 4
                    )
                    for precision in ("float32", "bfloat16")
                )
                row += [f"{1000 * plain:.0f}", f"{reduced / plain:.2f}"]
            rows.append(row)
            print(*row, flush=True)
    header = ["network", "pixels"]
    for depth in DEPTHS:
        header += [f"freeze={depth}: ms an epoch in float32", "bfloat16, times that"]
    unit = bfloat16_unit(choose_device("cpu"))
    notes = [f"{options.pictures} pictures in batches of 32, random weights. The CPU multiplies bfloat16 by {unit}."]
    save_table("training_precision", header, rows, notes)


if __name__ == "__main__":
    main()
