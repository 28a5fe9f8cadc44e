"""Random numbers that leave the global generators as they were."""

import contextlib
from collections.abc import Iterator

import torch

__all__ = ["seeded"]


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch's generators within the block, and put them back after it."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield
