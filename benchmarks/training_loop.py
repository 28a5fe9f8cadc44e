"""The training loop on rows that lie in memory, against a loop written by hand in torch, and skorch's own.

    python benchmarks/training_loop.py

Times are those of an epoch: that of a long fit less that of a short one, by the epochs between them.
"""

import argparse
import dataclasses
import itertools
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from _table import save_table
from skorch import NeuralNetClassifier
from torch import nn

from sktl import ActivationCache, TransferClassifier
from sktl.backbones import MLP, WeightsInfo, get_backbone

BATCH = 128
SHORT, LONG, LONG_OF_MAPS = 2, 14, 6
RATE, DECAY = 1e-3, 1e-2


@dataclasses.dataclass
class Case:
    """A network for rows, by hand and for an estimator.

    ``rows`` are what the first layer takes, ``X`` what the estimator takes.
    """

    name: str
    rows: np.ndarray
    X: np.ndarray
    y: np.ndarray
    network: Callable[[], nn.Module]
    estimator: dict[str, Any]


def perceptron(rng, n_rows, n_features, widths):
    """Return a table with layers for it."""
    sizes = [n_features, *widths]
    X = rng.normal(size=(n_rows, n_features)).astype(np.float32)

    def network():
        layers = [layer for a, b in itertools.pairwise(sizes) for layer in (nn.Linear(a, b), nn.ReLU())]
        return nn.Sequential(*layers, nn.Linear(sizes[-1], 10))

    given = {"backbone": MLP(widths, dropout=0.0, input_dropout=0.0), "cache": None}
    return Case(f"{n_features} to {' to '.join(map(str, widths))}", X, X, X[:, :10].argmax(axis=1), network, given)


def last_stages(rng, n_rows, name, n_stages, size):
    """Return activations with the last stages of a network, which has random weights."""
    backbone = get_backbone(name, None)
    backbone = backbone.with_suffix(0, backbone.suffix(0), WeightsInfo("made", "this benchmark"))
    depth = backbone.n_stages - n_stages
    shape = backbone.prefix(depth)(torch.zeros(1, 3, size, size)).shape[1:]
    rows = rng.normal(size=(n_rows, *shape)).astype(np.float32)
    X = rng.integers(0, 256, (n_rows, size, size, 3)).astype(np.uint8)

    def network():
        stages = nn.Sequential(*backbone.suffix(depth)).eval()  # batch statistics are held, as they should be
        return nn.Sequential(stages, nn.Linear(stages(torch.zeros(1, *shape)).shape[1], 10))

    given = {"backbone": backbone, "freeze": depth, "image_size": size, "engine": "torch", "cache": ActivationCache()}
    what = "stage" if n_stages == 1 else f"{n_stages} stages"
    return Case(
        f"last {what} of {name}, on {'x'.join(map(str, shape))}", rows, X, np.arange(n_rows) % 10, network, given
    )


def by_hand(case, epochs):
    """Fit by the loop that an engineer writes: slices of tensors, a schedule, and no decay of biases and scales."""
    torch.manual_seed(0)
    net, X, y = case.network(), torch.from_numpy(case.rows), torch.from_numpy(case.y)
    is_maps = X.ndim == 4
    if is_maps:
        net, X = net.to(memory_format=torch.channels_last), X.contiguous(memory_format=torch.channels_last)
    weights, others = ([p for p in net.parameters() if (p.ndim > 1) is wanted] for wanted in (True, False))
    groups = [{"params": weights, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=RATE, fused=True)
    n_steps = epochs * -(-len(X) // BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)
    for _ in range(epochs):
        total = 0.0
        for indices in torch.randperm(len(X)).split(BATCH):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(net(X[indices]), y[indices])
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(indices)


class Held(nn.Module):
    """Keeps a network in evaluation mode, so that a net of skorch does not go by batch statistics."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def train(self, mode=True):
        """Stay as it is."""
        return super().train(False)

    def forward(self, x):
        """Return logits."""
        return self.network(x)


def by_skorch(case, epochs):
    """Fit by skorch as its documentation shows it."""
    torch.manual_seed(0)
    NeuralNetClassifier(
        Held(case.network()),
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.AdamW,
        lr=RATE,
        optimizer__weight_decay=DECAY,
        batch_size=BATCH,
        max_epochs=epochs,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    ).fit(case.rows, case.y)


def by_sktl(case, epochs, precision="float32"):
    TransferClassifier(
        **case.estimator,
        batch_size=BATCH,
        max_epochs=epochs,
        lr=RATE,
        lr_decay=1.0,
        weight_decay=DECAY,
        precision=precision,
        random_state=0,
    ).fit(case.X, case.y)


def by_sktl_in_bfloat16(case, epochs):
    by_sktl(case, epochs, "bfloat16")


def seconds_per_epoch(fit, case):
    """Return the least of three."""
    found, long = [], LONG if case.rows.ndim == 2 else LONG_OF_MAPS
    for _ in range(3):
        seconds = []
        for epochs in (SHORT, long):
            start = time.perf_counter()
            fit(case, epochs)
            seconds.append(time.perf_counter() - start)
        found.append((seconds[1] - seconds[0]) / (long - SHORT))
    return min(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000, help="of the tables")
    parser.add_argument("--pictures", type=int, default=384)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    sides = (by_hand, by_sktl, by_sktl_in_bfloat16, by_skorch)
    cases = [perceptron(rng, options.rows, *sizes) for sizes in ((128, (64,)), (512, (256,)), (1280, (256, 256)))]
    cases += [last_stages(rng, options.pictures, *which, 128) for which in (("mobilenet_v2", 2), ("resnet18", 1))]
    lines = []
    for case in cases:
        by_hand(case, 1)
        by_sktl(case, 1)  # fills the cache
        by_sktl_in_bfloat16(case, 1)
        hand, *others = (seconds_per_epoch(fit, case) for fit in sides)
        lines.append([case.name, f"{1000 * hand:.0f}", *(f"{other / hand:.2f}" for other in others)])
    notes = [
        f"{options.rows} rows or {options.pictures} activations, batches of {BATCH}, ten classes, AdamW at one rate. "
        "All report the loss of each epoch. By hand, AdamW is fused, biases do not decay, as in sktl, and maps have "
        "their channels last; skorch decays all. Products are in float32 but where the table says so.",
    ]
    header = ["network", "ms an epoch by hand", "sktl, times that", "sktl in bfloat16", "skorch"]
    save_table("training_loop", header, lines, notes)


if __name__ == "__main__":
    main()
