"""The peak memory of a fit from paths, by the number of files.

    python benchmarks/memory.py

Each fit runs in a fresh process. The files are made, and deleted afterwards.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from _table import save_table
from PIL import Image

CODE = """
import pathlib, resource, sys
import numpy as np
from sktl import ActivationCache, TransferClassifier
from sktl.backbones import WeightsInfo, get_backbone
folder, n, bound, freeze = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
paths = [str(path) for path in sorted(pathlib.Path(folder).iterdir())[:n]]
backbone = get_backbone("resnet18", None)
backbone = backbone.with_suffix(0, backbone.suffix(0), WeightsInfo("made", "this benchmark"))
freeze = freeze if freeze == "all" else int(freeze)
def fit(paths):
    cache = ActivationCache(max_bytes=int(bound * 2**20))
    TransferClassifier(
        backbone, freeze=freeze, image_size=96, engine="torch", cache=cache, max_epochs=1, random_state=0
    ).fit(paths, np.arange(len(paths)) % 2)
fit(paths[:250])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
fit(paths)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def make_files(folder, n, rng):
    """Write pictures of 128 pixels."""
    for number in range(n):
        picture = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).resize((128, 128))
        picture.save(pathlib.Path(folder) / f"{number:05}.jpg")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, nargs="+", default=[500, 1_000, 2_000, 4_000])
    parser.add_argument("--bound", type=float, default=50, help="of the cache, in MiB")
    options = parser.parse_args()
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        make_files(folder, max(options.files), np.random.default_rng(0))
        for n in options.files:
            found = []
            for freeze in ("all", "3"):
                command = [sys.executable, "-c", CODE, folder, str(n), str(options.bound), freeze]
                found.append(float(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
            pixels = n * 3 * 96 * 96 * 4 / 2**20
            rows = n * 128 * 12 * 12 * 4 / 2**20
            lines.append([str(n), f"{pixels:.0f}", f"{rows:.0f}", *(f"{one:.0f}" for one in found)])
    header = ["files", "MiB of pixels, as float32", "MiB of rows behind stage 3", 'freeze="all"', "freeze=3"]
    notes = [
        f"ResNet-18, 96 pixels, a cache of {options.bound:g} MiB. The last two columns are MiB of peak memory above "
        "that of a fit to 250 files in the same process.",
    ]
    save_table("memory", header, lines, notes)


if __name__ == "__main__":
    main()
