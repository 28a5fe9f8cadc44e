"""``torch.compile`` on the frozen stages, against the engine of torch as it is: what compiling costs, and when it pays.

    python benchmarks/compiled.py

Both sides have batch normalisation within convolutions and channels last in memory. Weights are random. A C++ compiler
has to be there.
"""

import argparse
import time

import torch
from _seconds import least_seconds
from _table import save_table
from torch import nn

from sktl.backbones import get_backbone
from sktl.engines import TorchEngine

AT_ONCE, PASSES = 32, 4


@torch.no_grad()
def run(network, x, precision):
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
        network(x)


def compare(name, precision, x):
    """Return the row of a network in a precision."""
    engine = TorchEngine(get_backbone(name, None), precision)
    stages = nn.Sequential(*(engine._stage(number) for number in range(engine.backbone.n_stages)))
    compiled = torch.compile(stages, dynamic=True)
    start = time.perf_counter()
    run(compiled, x, precision)
    compiling = time.perf_counter() - start
    plain, fast = (least_seconds(lambda n=one: run(n, x, precision), PASSES) for one in (stages, compiled))
    after = f"{compiling / (plain - fast) * len(x):,.0f}" if fast < plain else "never"
    rates = [f"{len(x) / plain:.0f}", f"{len(x) / fast:.0f}", f"{plain / fast:.2f}"]
    return [name, precision, *rates, f"{compiling:.0f}", after]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbones", nargs="+", default=["mobilenet_v2", "resnet50"])
    parser.add_argument("--size", type=int, default=224, help="pixels")
    options = parser.parse_args()
    x = torch.rand(AT_ONCE, 3, options.size, options.size).contiguous(memory_format=torch.channels_last)
    rows = [compare(name, precision, x) for name in options.backbones for precision in ("float32", "bfloat16")]
    header = ["network", "precision", "pictures a second, as it is", "compiled", "ratio", "s first batch", "pays after"]
    notes = [
        f"Batches of {AT_ONCE} pictures of {options.size} pixels, the best of {PASSES} passes. The last column: the "
        "pictures after which the seconds of the first batch have come in again."
    ]
    save_table("compiled", header, rows, notes)


if __name__ == "__main__":
    main()
