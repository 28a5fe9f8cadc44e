"""Decoders of JPEG compared: to arrays, whole, and scaled in part while they decode.

Pillow is what sktl decodes by. simplejpeg and OpenCV take part where they are installed.

    python benchmarks/decoders.py
"""

import argparse
import importlib.util
import io
import math
import pathlib
import tempfile
import time

import numpy as np
import torch
from _table import save_table
from decoding import save_photographs
from PIL import Image
from torchvision.io import ImageReadMode, decode_jpeg

from sktl.inputs._decode import LEFT_TO_SCALE

SIDE = 224


def by_pillow(data, least=None):
    with Image.open(io.BytesIO(data)) as picture:
        if least is not None:
            picture.draft(None, least_size(picture.size, least))
        return np.asarray(picture.convert("RGB"))


def by_torchvision(data):
    return decode_jpeg(torch.frombuffer(bytearray(data), dtype=torch.uint8), ImageReadMode.RGB).numpy()


def by_simplejpeg(data, least=None):
    import simplejpeg

    if least is None:
        return simplejpeg.decode_jpeg(data)
    height, width, _, _ = simplejpeg.decode_jpeg_header(data)
    width, height = least_size((width, height), least)
    return simplejpeg.decode_jpeg(data, min_height=height, min_width=width)


def by_opencv(data, flag):
    import cv2

    return cv2.imdecode(np.frombuffer(data, np.uint8), getattr(cv2, flag))


def least_size(size, least):
    """Return the width and height of which decoders shall leave at least so much."""
    factor = least / min(size)
    return math.ceil(size[0] * factor), math.ceil(size[1] * factor)


def milliseconds(decode, files):
    """Return those of a file, the least of three turns."""
    found = []
    for _ in range(3):
        start = time.perf_counter()
        for data in files:
            decode(data)
        found.append((time.perf_counter() - start) / len(files))
    return 1000 * min(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        large = [pathlib.Path(path).read_bytes() for path in save_photographs(pathlib.Path(folder), options.files)]
    small = []
    for data in large:
        buffer = io.BytesIO()
        Image.open(io.BytesIO(data)).resize((500, 375)).save(buffer, "JPEG", quality=90)
        small.append(buffer.getvalue())
    least = LEFT_TO_SCALE * SIDE
    whole = {"Pillow": by_pillow, "torchvision": by_torchvision}
    scaled = {"Pillow, draft: sktl": lambda data: by_pillow(data, least)}
    if importlib.util.find_spec("simplejpeg"):
        whole["simplejpeg"] = by_simplejpeg
        scaled["simplejpeg, min_height"] = lambda data: by_simplejpeg(data, least)
    if importlib.util.find_spec("cv2"):
        whole["OpenCV"] = lambda data: by_opencv(data, "IMREAD_COLOR")
        scaled["OpenCV, a quarter"] = lambda data: by_opencv(data, "IMREAD_REDUCED_COLOR_4")
    rows = []
    for how, sides in (("whole", whole), ("scaled in part", scaled)):
        for name, decode in sides.items():
            shape = decode(large[0]).shape
            size = " x ".join(str(number) for number in sorted(shape, reverse=True)[:2])
            rows.append([name, how, size, f"{milliseconds(decode, large):.1f}", f"{milliseconds(decode, small):.2f}"])
    header = ["decoder", "how", "leaves of 4000 x 3000", "ms, 4000 x 3000", "ms, 500 x 375"]
    notes = [f"{options.files} files from memory to arrays, in one thread. Scaled: {least} pixels are left, at least."]
    save_table("decoders", header, rows, notes)


if __name__ == "__main__":
    main()
