"""The pass through frozen stages in torch: by precision, and by how many pictures are at work at once.

What ``precision="auto"`` and the number of pictures at once go by on a CPU. Weights are random.

    python benchmarks/passes.py
"""

import argparse

import torch
from _seconds import least_seconds
from _table import save_table

from sktl.backbones import get_backbone
from sktl.engines import TorchEngine
from sktl.estimators._backbone_estimator import FEWEST, MOST, how_many_at_once
from sktl.features import Samples
from sktl.utils._device import bfloat16_unit
from sktl.utils._heap import freed_memory_kept

NETWORKS = [
    "mobilenet_v2",
    "efficientnet_lite0",
    "efficientnet_b0",
    "resnet18",
    "resnet50",
    "convnext_tiny",
    "vit_b_16",
]
PASSES = 3


def rate(engine, size, at_once):
    """Return pictures a second."""
    x = torch.rand(at_once, 3, size, size)
    n_batches = max(1, 64 // at_once)

    def several():
        for _ in range(n_batches):
            engine.run(x.clone(), 0, engine.backbone.n_stages, pooled=True)

    with freed_memory_kept():
        several()
        return at_once * n_batches / least_seconds(several, PASSES)


def taken_at_once(engine, size):
    samples = Samples(MOST, lambda i: torch.empty(len(i), 3, size, size), lambda i: [b""] * len(i), "plain")
    return how_many_at_once(engine, samples)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbones", nargs="+", default=NETWORKS)
    parser.add_argument("--sizes", nargs="+", type=int, default=[32, 64, 128, 224])
    options = parser.parse_args()
    rows = []
    for name in options.backbones:
        backbone = get_backbone(name, None)
        for size in options.sizes:
            if name.startswith("vit") and size != 224:
                continue
            plain, reduced = TorchEngine(backbone), TorchEngine(backbone, "bfloat16")
            n = taken_at_once(plain, size)
            few, many, rounded = rate(plain, size, FEWEST), rate(plain, size, n), rate(reduced, size, n)
            example = torch.empty(1, 3, size, size)
            auto = TorchEngine.natural_precision(plain.device, backbone, lambda one=example: one)
            rows.append([name, str(size), f"{few:.0f}", str(n), f"{many:.0f}", f"{many / few:.2f}", f"{rounded:.0f}"])
            rows[-1] += [f"{rounded / many:.2f}", auto]
    notes = [
        f"This machine multiplies {bfloat16_unit(torch.device('cpu')) or 'nothing'} of bfloat16 by a unit of its own. "
        f"Batch normalisation is computed within convolutions; the best of {PASSES} passes.",
    ]
    header = ["network", "pixels", "pictures a second, float32, 8 at once", "at once", "float32", "times 8 at once"]
    save_table("passes", [*header, "bfloat16", "times float32", '"auto"'], rows, notes)


if __name__ == "__main__":
    main()
