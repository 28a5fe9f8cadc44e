"""Random numbers that leave the global generators as they were."""

import contextlib
import threading
from collections.abc import Iterator

import torch

__all__ = ["seeded"]

# The generators are those of the process, and what one thread draws another would miss.
_LOCK = threading.RLock()


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch's generators within the block, and put them back after it; one thread at a time does so."""
    with _LOCK, torch.random.fork_rng():
        torch.manual_seed(seed)
        yield
