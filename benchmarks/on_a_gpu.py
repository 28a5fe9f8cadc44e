"""A frozen fit and predictions on a GPU, against a raw loop in half precision with channels last; and the memory there.

    python benchmarks/on_a_gpu.py

Pictures are bytes in one array, at the size that the network takes, and weights are random: both sides do the same work
on them. With ``--device cpu`` it runs on a CPU, which takes minutes for a network of this size.
"""

import argparse
import pathlib
import tempfile

import numpy as np
import torch
import torchvision
from _seconds import least_seconds
from _table import save_table

from sktl import ActivationCache, TransferClassifier
from sktl.backbones import get_backbone
from sktl.utils._device import choose_device

REPEATS = 3
SIZES_OF_BATCHES = (64, 128, 256)
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def make_pictures(n, size):
    """Return pictures (n, size, size, 3) of two kinds, which differ in brightness, and their labels."""
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    X = rng.integers(0, 160, (n, size, size, 3), dtype=np.uint8)
    X += (90 * y).astype(np.uint8)[:, None, None, None]
    return X, y


def save_weights(name, file):
    """Save random weights that serve both sides."""
    torch.manual_seed(0)
    torch.save(torchvision.models.get_model(name).state_dict(), file)


class RawLoop:
    """The network as an engineer runs it: all in half precision, pinned copies of bytes, standardised there."""

    def __init__(self, name, file, device, dtype):
        network = torchvision.models.get_model(name)
        network.load_state_dict(torch.load(file, weights_only=True))
        network.fc = torch.nn.Identity()
        self.network = network.eval().to(device, dtype, memory_format=torch.channels_last)
        self.device, self.dtype = device, dtype
        self.mean, self.std = (255 * torch.tensor(of, device=device, dtype=torch.float32) for of in (MEAN, STD))

    @torch.inference_mode()
    def features(self, X, at_once):
        """Return the features of all pictures, which are fetched once at the end."""
        parts = []
        for chunk in torch.from_numpy(X).split(at_once):
            pinned = chunk.pin_memory() if self.device.type == "cuda" else chunk
            x = pinned.to(self.device, non_blocking=True).float().sub_(self.mean).div_(self.std)
            parts.append(self.network(x.to(self.dtype).permute(0, 3, 1, 2)))
        return torch.cat(parts).float().cpu().numpy()


def compare(options, device, X, y, file):
    """Return the rows of the table."""
    raw = {}
    for dtype in (torch.bfloat16, torch.float16) if device.type == "cuda" else (torch.bfloat16,):
        loop = RawLoop(options.backbone, file, device, dtype)
        for at_once in SIZES_OF_BATCHES:
            loop.features(X[: 2 * at_once], at_once)
            seconds = least_seconds(lambda loop=loop, n=at_once: loop.features(X, n), REPEATS)
            raw[f"{str(dtype).removeprefix('torch.')}, batches of {at_once}"] = len(X) / seconds
    model = TransferClassifier(
        options.backbone, weights=file, freeze="all", image_size=None, device=str(device), engine="torch",
        precision=options.precision, random_state=0,
    )  # fmt: skip
    model.fit(X[:256], y[:256])
    fit = len(X) / least_seconds(lambda: model.set_params(cache=ActivationCache()).fit(X, y), REPEATS)
    model.set_params(cache=None)
    predict = len(X) / least_seconds(lambda: model.predict(X), REPEATS)
    best = max(raw.values())
    sides = {f"sktl, fit, {model.precision_}": fit, f"sktl, predict, {model.precision_}": predict}
    sides |= {f"raw loop, {how}": rate for how, rate in raw.items()}
    return [[side, f"{rate:.0f}", f"{rate / best:.2f}"] for side, rate in sides.items()]


def memory_of_search(options, device, X, y, file):
    """Return the MiB that are in use on the GPU after each candidate of a search over depth."""
    used, cache = [], ActivationCache()
    for freeze in ("all", -1, -2, "all", -1, -2):
        TransferClassifier(
            options.backbone, weights=file, freeze=freeze, image_size=None, max_epochs=1, device=str(device),
            cache=cache, random_state=0,
        ).fit(X, y)  # fmt: skip
        used.append(f"{torch.cuda.memory_allocated(device) / 2**20:.0f}" if device.type == "cuda" else "-")
    return used


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", default="resnet50", help="one of torchvision's whose last layer is called fc")
    parser.add_argument("--pictures", type=int, default=8192)
    parser.add_argument("--size", type=int, default=224, help="pixels")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    device = choose_device(options.device)
    X, y = make_pictures(options.pictures, options.size)
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "weights.pth"
        save_weights(options.backbone, file)
        used = memory_of_search(options, device, X[:512], y[:512], file)
        rows = compare(options, device, X, y, file)
    notes = [
        f"{len(X)} pictures of {options.size} pixels through {get_backbone(options.backbone, None).name}, the best of "
        f"{REPEATS}. The raw loop returns features; the fit also makes keys, fills an empty cache and solves for the "
        "head, with the folds that find its penalty.",
        "",
        "MiB in use on the device after fits to 512 pictures with all stages frozen, all but one, and all but two, "
        f"twice: {', '.join(used)}.",
    ]
    save_table(f"on_a_gpu-{options.backbone}", ["", "pictures a second", "of the best raw loop"], rows, notes)


if __name__ == "__main__":
    main()
