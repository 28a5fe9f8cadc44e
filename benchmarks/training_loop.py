"""The training loop on rows that lie in memory, against a loop written by hand in torch, and skorch's own.

    python benchmarks/training_loop.py

Times are those of an epoch: that of a long fit less that of a short one, by the epochs between them.
"""

import argparse
import itertools
import time

import numpy as np
import torch
from _table import save_table
from skorch import NeuralNetClassifier
from torch import nn

from sktl import TransferClassifier
from sktl.backbones import MLP

BATCH = 128
SHORT, LONG = 2, 14
RATE, DECAY = 1e-3, 1e-2


def network(n_features, widths, n_classes):
    """Return the layers of ``MLP`` with a head."""
    sizes = [n_features, *widths]
    layers = [layer for a, b in itertools.pairwise(sizes) for layer in (nn.Linear(a, b), nn.ReLU())]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], n_classes))


def by_hand(X, y, widths, epochs):
    """Fit by the loop that an engineer writes: slices of tensors, and a schedule."""
    torch.manual_seed(0)
    net, X, y = network(X.shape[1], widths, len(np.unique(y))), torch.from_numpy(X), torch.from_numpy(y)
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY, fused=True)
    n_steps = epochs * -(-len(X) // BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)
    net.train()
    for _ in range(epochs):
        total = 0.0
        for indices in torch.randperm(len(X)).split(BATCH):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(net(X[indices]), y[indices])
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(indices)


def by_skorch(X, y, widths, epochs):
    """Fit by skorch as its documentation shows it."""
    torch.manual_seed(0)
    NeuralNetClassifier(
        network(X.shape[1], widths, len(np.unique(y))),
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.AdamW,
        lr=RATE,
        optimizer__weight_decay=DECAY,
        batch_size=BATCH,
        max_epochs=epochs,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    ).fit(X, y)


def by_sktl(X, y, widths, epochs):
    TransferClassifier(
        MLP(widths, dropout=0.0, input_dropout=0.0),
        batch_size=BATCH,
        max_epochs=epochs,
        lr=RATE,
        weight_decay=DECAY,
        cache=None,
        random_state=0,
    ).fit(X, y)


def seconds_per_epoch(fit, *given):
    """Return the least of three."""
    found = []
    for _ in range(3):
        seconds = []
        for epochs in (SHORT, LONG):
            start = time.perf_counter()
            fit(*given, epochs)
            seconds.append(time.perf_counter() - start)
        found.append((seconds[1] - seconds[0]) / (LONG - SHORT))
    return min(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    lines = []
    for n_features, widths in ((128, (64,)), (512, (256,)), (1280, (256, 256))):
        X = rng.normal(size=(options.rows, n_features)).astype(np.float32)
        y = X[:, :10].argmax(axis=1)
        seconds = {fit: seconds_per_epoch(fit, X, y, widths) for fit in (by_hand, by_sktl, by_skorch)}
        base = seconds[by_hand]
        ratios = [f"{seconds[fit] / base:.2f}" for fit in (by_sktl, by_skorch)]
        lines.append([f"{n_features} to {' to '.join(map(str, widths))}", f"{1000 * base:.0f}", *ratios])
    notes = [f"{options.rows} rows, batches of {BATCH}, ten classes, AdamW. All three report the loss of each epoch."]
    save_table(
        "training_loop", ["network", "ms an epoch by hand", "sktl, times that", "skorch, times that"], lines, notes
    )


if __name__ == "__main__":
    main()
