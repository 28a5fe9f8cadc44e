"""Places at which the activations of a backbone are kept."""

import dataclasses
import hashlib

from sktl.engines import Engine

__all__ = ["Cut"]


@dataclasses.dataclass(frozen=True)
class Cut:
    """The activations behind the first ``depth`` stages, as they are or averaged to a vector per sample."""

    depth: int
    pooled: bool = False

    def space(self, engine: Engine, view: str, shape: tuple[int, ...]) -> bytes:
        """Return 16 bytes that stand for everything a row of activations depends on but the sample itself.

        The shape of samples is part of it, as that of rows goes by it, and all rows of a space have one.
        """
        digest = hashlib.blake2b(engine.fingerprints[self.depth], digest_size=16)
        digest.update(repr((self, view, shape, engine.tag)).encode())
        return digest.digest()
