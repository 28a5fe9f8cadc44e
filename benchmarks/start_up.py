"""What it takes to import sktl, and to get to work.

    python benchmarks/start_up.py

Each time is the least of some fresh processes.
"""

import argparse
import json
import subprocess
import sys

from _table import save_table

CODE = """
import json, time
start = time.perf_counter()
def lap(name):
    global start
    found[name] = time.perf_counter() - start
    start = time.perf_counter()
found = {}
import sklearn
lap("import sklearn")
import sktl
lap("then import sktl")
import torch
lap("then import torch")
import torchvision
lap("then import torchvision")
from sktl import TransferClassifier
lap("then from sktl import TransferClassifier")
import numpy as np
from sktl.engines import TorchEngine
X, y = np.zeros((20, 64, 64, 3), dtype=np.uint8), np.arange(20) % 2
run = TorchEngine.run
def began(*args):
    if "then fit, up to the first pass" not in found:
        lap("then fit, up to the first pass")
    return run(*args)
TorchEngine.run = began
start = time.perf_counter()
TransferClassifier(BACKBONE, freeze="all", image_size=64).fit(X, y)
lap("the rest of a fit to twenty pictures")
print(json.dumps(found))
"""


def seconds_of_steps(backbone):
    """Return the time of each step in a fresh process."""
    command = [sys.executable, "-c", CODE.replace("BACKBONE", repr(backbone))]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", default="efficientnet_lite0", help="its weights have to be on this machine")
    parser.add_argument("--processes", type=int, default=5)
    options = parser.parse_args()
    seconds_of_steps(options.backbone)  # reads the files once
    found = [seconds_of_steps(options.backbone) for _ in range(options.processes)]
    lines = [[step, f"{1000 * min(one[step] for one in found):.1f}"] for step in found[0]]
    save_table("start_up", ["step", "ms"], lines, [f"The least of {options.processes} processes."])


if __name__ == "__main__":
    main()
