"""From files of full-size photographs to features: Pillow, torchvision and eager torch, against ``BackboneFeatures``.

The photographs are those that scikit-image ships with, scaled to 4000 x 3000 pixels with noise, saved as JPEG.

    python benchmarks/decoding.py --backbone mobilenet_v2 --weights FILE
"""

import argparse
import pathlib
import tempfile
import time

import numpy as np
import skimage.data
import torch
from _peers import PictureFiles, preprocessing_of
from _table import save_table
from PIL import Image

from sktl import BackboneFeatures
from sktl.backbones import get_backbone
from sktl.inputs import open_images

NAMES = ("astronaut", "coffee", "rocket", "chelsea")
SIZE = 4000, 3000
AT_ONCE = 32


def save_photographs(folder, n_files):
    """Return the paths of files of photographs."""
    rng, paths = np.random.default_rng(0), []
    for number in range(n_files):
        picture = Image.fromarray(getattr(skimage.data, NAMES[number % len(NAMES)])())
        pixels = np.asarray(picture.resize(SIZE, Image.Resampling.BICUBIC)).astype(int)
        pixels += rng.integers(-6, 7, pixels.shape)
        paths.append(str(folder / f"{number}.jpg"))
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(paths[-1], quality=90)
    return paths


def seconds_of(function):
    start = time.perf_counter()
    found = function()
    return time.perf_counter() - start, found


def by_hand(backbone, files, n_workers):
    """Return features as most people compute them."""
    network, found = backbone.prefix(backbone.n_stages), []
    for x, _ in torch.utils.data.DataLoader(files, batch_size=AT_ONCE, num_workers=n_workers):
        found.append(backbone.pool(network(x)).numpy())
    return np.concatenate(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", default="efficientnet_lite0")
    parser.add_argument("--weights", default="default")
    parser.add_argument("--files", type=int, default=64)
    parser.add_argument("--size", type=int, default=224, help="pixels")
    options = parser.parse_args()
    backbone = get_backbone(options.backbone, options.weights)
    with tempfile.TemporaryDirectory() as folder:
        paths = save_photographs(pathlib.Path(folder), options.files)
        files = PictureFiles(paths, np.zeros(len(paths)), preprocessing_of(backbone, options.size))
        preprocessing = backbone.preprocessing.at_size(options.size)
        by_hand(backbone, torch.utils.data.Subset(files, range(2)), 0)  # warm up
        decoding = seconds_of(lambda: [files[index] for index in range(len(files))])[0]
        quick = seconds_of(lambda: open_images(paths, n_jobs=1).load(range(len(paths)), preprocessing))[0]
        sides = {"Pillow, torchvision, eager torch": lambda: by_hand(backbone, files, 0)}
        sides["the same, DataLoader with 2 workers"] = lambda: by_hand(backbone, files, 2)
        for engine, precision in (("torch", "float32"), ("openvino", "float32"), ("openvino", "bfloat16")):
            given = {"image_size": options.size, "engine": engine, "precision": precision, "cache": None}
            extractor = BackboneFeatures(backbone, **given).fit(paths)
            sides[f"sktl, {engine}, {precision}"] = lambda one=extractor: one.transform(paths)
        found = {side: seconds_of(run) for side, run in sides.items()}
        plain, scaled = files[0][0], open_images(paths[:1]).load([0], preprocessing)[0]
    base, reference = found["Pillow, torchvision, eager torch"]
    rows = []
    for side, (seconds, features) in found.items():
        distance = np.linalg.norm(features - reference) / np.linalg.norm(reference)
        rows.append([side, f"{len(paths) / seconds:.1f}", f"{base / seconds:.2f}", f"{distance:.3f}"])
    levels = (plain - scaled).abs() * torch.tensor(preprocessing.std).view(3, 1, 1) * 255
    notes = [
        f"{len(paths)} files of {SIZE[0]} x {SIZE[1]} pixels, to {options.size} pixels. Decoding and preprocessing "
        f"alone, in one thread: {1000 * decoding / len(paths):.0f} ms a picture by Pillow and torchvision, "
        f"{1000 * quick / len(paths):.0f} by sktl. Of 255 levels, pixels differ by {levels.mean():.2f} on the mean and "
        f"by {levels.max():.0f} at most. The last column: how far features are from the first row's, by their length.",
    ]
    header = ["from files to features", "pictures a second", "times the first", "distance"]
    save_table(f"decoding-{options.backbone}", header, rows, notes)


if __name__ == "__main__":
    main()
