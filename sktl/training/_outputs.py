"""Predicting with a fitted network."""

import numpy as np
import torch

from sktl.features import Rows
from sktl.training._network import Network
from sktl.utils._heap import freed_memory_kept

__all__ = ["network_outputs"]


@torch.no_grad()
def network_outputs(network: Network, rows: Rows, *, batch_size: int, device: torch.device) -> np.ndarray:
    """Return what a network makes of rows, in order: (n, n_outputs)."""
    network.eval()
    with freed_memory_kept():
        parts = [
            network(rows.batch(np.arange(start, min(start + batch_size, len(rows)))).to(device)).cpu().numpy()
            for start in range(0, len(rows), batch_size)
        ]
    return np.concatenate(parts)
