"""Places at which the activations of a backbone are kept."""

import dataclasses
import hashlib

import torch

from sktl.backbones import Backbone

__all__ = ["Cut"]


@dataclasses.dataclass(frozen=True)
class Cut:
    """The activations behind the first ``depth`` stages, as they are or averaged to a vector per sample."""

    depth: int
    pooled: bool = False

    def space(self, backbone: Backbone, view: str, device: torch.device) -> bytes:
        """Return 16 bytes that stand for everything a row of activations depends on but the sample itself.

        Versions of torch and kinds of device count, as both change the last bits of a result.
        """
        digest = hashlib.blake2b(backbone.fingerprint(self.depth), digest_size=16)
        digest.update(repr((self, view, torch.__version__, device.type)).encode())
        return digest.digest()
