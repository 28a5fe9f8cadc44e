"""Which backbone, and whether transfer is worth it."""

from sktl.transferability._backbone_ranking import BackboneFailure, BackboneRanking, BackboneScore
from sktl.transferability._gain import TransferGain
from sktl.transferability._logme import logme
from sktl.transferability._rank_backbones import rank_backbones
from sktl.transferability._transfer_gain import transfer_gain

__all__ = [
    "rank_backbones",
    "BackboneRanking",
    "BackboneScore",
    "BackboneFailure",
    "logme",
    "transfer_gain",
    "TransferGain",
]
