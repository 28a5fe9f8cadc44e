"""Which part of a network several tasks share, and how."""

from sktl.sharing._choose import SCHEMES, choose_sharing
from sktl.sharing._cross_stitch import CrossStitch
from sktl.sharing._hard import HardSharing
from sktl.sharing._none import NoSharing
from sktl.sharing._sharing import JoinedModules, Sharing, Tie
from sktl.sharing._soft import SoftSharing
from sktl.sharing._task_heads import TaskHead, fuse_heads
from sktl.sharing._tower_stages import tower_of

__all__ = [
    "SCHEMES",
    "CrossStitch",
    "HardSharing",
    "JoinedModules",
    "NoSharing",
    "Sharing",
    "SoftSharing",
    "TaskHead",
    "Tie",
    "choose_sharing",
    "fuse_heads",
    "tower_of",
]
