"""Networks as ordered lists of named stages."""

from sktl.backbones._backbone import Backbone
from sktl.backbones._mlp import MLP
from sktl.backbones._module import backbone_from_module
from sktl.backbones._normalized import behind_normalization, normalized_convolutions
from sktl.backbones._pool import pool_channels
from sktl.backbones._registry import get_backbone, input_kind_of, list_backbones, list_weights, register_backbone
from sktl.backbones._tokenizer import Tokenizer
from sktl.backbones._weights import WeightsInfo

__all__ = [
    "MLP",
    "Backbone",
    "Tokenizer",
    "WeightsInfo",
    "backbone_from_module",
    "behind_normalization",
    "get_backbone",
    "input_kind_of",
    "list_backbones",
    "list_weights",
    "normalized_convolutions",
    "pool_channels",
    "register_backbone",
]
