"""The time of a prediction for one picture, against the network by hand in torch.

    python benchmarks/one_picture.py

Weights are random, and pictures differ from call to call.
"""

import argparse
import time

import numpy as np
import torch
from _table import save_table

from sktl import TransferClassifier
from sktl.backbones import WeightsInfo, get_backbone
from sktl.inputs import open_images

CALLS = 40


def milliseconds(function, pictures):
    """Return the median over the pictures, behind a first call."""
    function(pictures[0])
    seconds = []
    for picture in pictures[1:]:
        start = time.perf_counter()
        function(picture)
        seconds.append(time.perf_counter() - start)
    return 1000 * float(np.median(seconds))


class ByHand:
    """Standardises a picture and runs the network with channels last, in one type throughout."""

    def __init__(self, backbone, dtype):
        network = torch.nn.Sequential(*backbone.suffix(0)).eval().requires_grad_(False)
        self.network, self.dtype = network.to(dtype, memory_format=torch.channels_last), dtype
        self.preprocessing = backbone.preprocessing.at_size(None)

    @torch.inference_mode()
    def predict(self, picture):
        """Return what the network makes of a picture."""
        x = open_images(picture[None]).load([0], self.preprocessing)
        return self.network(x.to(self.dtype).contiguous(memory_format=torch.channels_last)).float().numpy()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbones", nargs="+", default=["mobilenet_v2", "resnet18", "resnet50"])
    parser.add_argument("--size", type=int, default=224, help="pixels")
    options = parser.parse_args()
    rng, rows = np.random.default_rng(0), []
    shape = (options.size, options.size, 3)
    X, y = rng.integers(0, 256, (24, *shape), dtype=np.uint8), np.arange(24) % 2
    for name in options.backbones:
        backbone = get_backbone(name, None)
        backbone = backbone.with_suffix(0, backbone.suffix(0), WeightsInfo("made", "this benchmark"))
        for precision in ("float32", "bfloat16"):
            hand = ByHand(backbone, getattr(torch, precision))
            model = TransferClassifier(backbone, freeze="all", image_size=None, precision=precision, random_state=0)
            model.fit(X, y)
            found = [milliseconds(hand.predict, rng.integers(0, 256, (CALLS, *shape), dtype=np.uint8))]
            for cache in (None, "auto"):
                model.set_params(cache=cache)
                pictures = rng.integers(0, 256, (CALLS, 1, *shape), dtype=np.uint8)
                found.append(milliseconds(model.predict, pictures))
            rows.append([name, precision, *(f"{one:.1f}" for one in found), f"{found[1] / found[0]:.2f}"])
    notes = [f"One picture of {options.size} pixels, as an array; the median of {CALLS - 1} calls, by torch."]
    header = ["network", "precision", "ms by hand", "predict, cache=None", "predict, default cache", "of by hand"]
    save_table("one_picture", header, rows, notes)


if __name__ == "__main__":
    main()
