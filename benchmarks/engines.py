"""Engines for the frozen stages: the network alone, and fits and predictions from files of pictures.

    python benchmarks/engines.py --train FOLDER --test FOLDER --backbone mobilenet_v2 --weights FILE

A folder holds a subfolder of pictures per class. The extra ``openvino`` has to be installed.
"""

import argparse
import functools
import itertools
import pathlib
import time

import numpy as np
import torch
from _peers import PictureFiles, preprocessing_of
from _table import save_table

from sktl import ActivationCache, TransferClassifier
from sktl.backbones import get_backbone
from sktl.engines import OpenVINOEngine, TorchEngine

AT_ONCE = 32
REPEATS = 3


def read_folder(folder):
    paths = sorted(path for path in pathlib.Path(folder).glob("*/*") if path.is_file())
    return np.array([str(path) for path in paths], dtype=object), np.array([path.parent.name for path in paths])


def seconds_of(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def bare(backbone, batches):
    """Run the network as most people write it."""
    network = backbone.prefix(backbone.n_stages)
    for x in batches:
        network(x)


def by_engine(engine, batches):
    for x in batches:
        engine.run(x, 0, engine.backbone.n_stages, pooled=True)


def compare_networks(backbone, batches):
    engines = [
        ("torch, channels last", TorchEngine(backbone, folds=False)),
        ("torch, folded", TorchEngine(backbone)),
        ("torch, folded", TorchEngine(backbone, "bfloat16")),
        ("openvino", OpenVINOEngine(backbone)),
        ("openvino", OpenVINOEngine(backbone, "bfloat16")),
    ]
    sides = {("torch, channels first", "float32"): lambda: bare(backbone, batches)}
    sides |= {(name, one.precision): lambda one=one: by_engine(one, batches) for name, one in engines}
    best = {side: min(seconds_of(run) for _ in range(1 + REPEATS)) for side, run in sides.items()}
    n_pictures, base = sum(len(x) for x in batches), best["torch, channels last", "float32"]
    lines = [[*side, f"{n_pictures / best[side]:.0f}", f"{base / best[side]:.2f}"] for side in sides]
    return lines, min(best.values())


def loops_by_hand(backbone, files):
    """Return pictures a second from files, by precision, of the best of some loops in torch."""
    network = backbone.prefix(backbone.n_stages)

    def loop(precision, n_workers, at_once):
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            for x, _ in torch.utils.data.DataLoader(files, batch_size=at_once, num_workers=n_workers):
                network(x.contiguous(memory_format=torch.channels_last))

    rates = {}
    for precision in ("float32", "bfloat16"):
        runs = [functools.partial(loop, precision, *how) for how in itertools.product((0, 1, 2), (8, AT_ONCE))]
        rates[precision] = len(files) / min(seconds_of(run) for run in runs * REPEATS)
    return rates


def compare_estimators(options, train, test):
    (X, y), (X_test, y_test) = train, test
    lines = []
    sides = (
        ("openvino", "bfloat16"),
        ("openvino", "float32"),
        ("torch", "auto"),
        ("torch", "float32"),
        ("torch", "bfloat16"),
    )
    for engine, precision in sides:
        estimator = TransferClassifier(
            options.backbone,
            weights=options.weights,
            freeze="all",
            image_size=options.size,
            engine=engine,
            precision=precision,
            random_state=0,
        )
        seconds = [seconds_of(lambda e=estimator: e.set_params(cache=ActivationCache()).fit(X, y)) for _ in range(2)]
        estimator.predict(X_test[:AT_ONCE])
        estimator.set_params(cache=None)
        rate = len(X_test) / min(seconds_of(lambda e=estimator: e.predict(X_test)) for _ in range(REPEATS))
        lines.append((engine, precision, estimator.precision_, seconds, rate, estimator.score(X_test, y_test)))
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", required=True)
    parser.add_argument("--test", required=True)
    parser.add_argument("--backbone", default="efficientnet_lite0")
    parser.add_argument("--weights", default="default")
    parser.add_argument("--size", type=int, default=224, help="pixels")
    options = parser.parse_args()
    backbone = get_backbone(options.backbone, options.weights)
    train, test = read_folder(options.train), read_folder(options.test)
    files = PictureFiles(train[0], np.zeros(len(train[0])), preprocessing_of(backbone, options.size))
    loaded = []
    decoding = seconds_of(lambda: loaded.extend(x for x, _ in torch.utils.data.DataLoader(files, batch_size=AT_ONCE)))
    fits = compare_estimators(options, train, test)  # first, while nothing is compiled yet
    by_hand = loops_by_hand(
        backbone, PictureFiles(test[0], np.zeros(len(test[0])), preprocessing_of(backbone, options.size))
    )
    networks, fastest = compare_networks(backbone, loaded)
    floor = decoding + fastest
    notes = [
        f"Above, {len(train[0])} pictures of {options.size} pixels in batches of {AT_ONCE}, decoded beforehand; the "
        f"best of {1 + REPEATS} passes. Folded: batch normalisation is computed within convolutions.",
        "",
        '| `freeze="all"`, from files: engine, precision given | precision | s first fit | s next fit | '
        "predicted a second | of the loop | "
        "test accuracy |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| sktl, {engine}, {given} | {precision} | {first:.2f} | {then:.2f} | {rate:.0f} "
            f"| {rate / by_hand[precision]:.2f} | {score:.3f} |"
            for engine, given, precision, (first, then), rate, score in fits
        ),
        *(f"| a loop in torch | {precision} | | | {rate:.0f} | 1.00 | |" for precision, rate in by_hand.items()),
        "",
        "A loop in torch is the best of three with no, one and two processes that load, and batches of 8 and of "
        f"{AT_ONCE}; the loop is that in the same precision. The first fit in bfloat16 converts and compiles the "
        "network, the one in float32 only compiles it; the next fit has a compiled network and an empty cache. One "
        f"bare pass of the fastest, from files decoded by PIL in one process: {floor:.2f} s, of which {decoding:.2f} s "
        "are decoding and preprocessing.",
    ]
    header = ["the network alone", "precision", "pictures a second", "times torch, channels last"]
    save_table(f"engines-{options.backbone}", header, networks, notes)


if __name__ == "__main__":
    main()
