"""Training: linear probes, then skorch. No other folder imports skorch."""

from sktl.training._added_task import STRENGTHS, TRUNKS, fit_added_task
from sktl.training._batches import BatchIterator
from sktl.training._continued_heads import unknown_memory
from sktl.training._fit import FitPlan, fit_network, new_network
from sktl.training._grown_sharing import GrownSharing
from sktl.training._head_memory import HeadMemory
from sktl.training._held_out import mean_held_out_loss
from sktl.training._joint_loss import JointLoss
from sktl.training._network import Network
from sktl.training._outputs import network_outputs
from sktl.training._part_share import PartShare
from sktl.training._probe import LinearProbe
from sktl.training._prototype_head import fit_prototypes
from sktl.training._prototypes import PrototypeSums
from sktl.training._settings import TrainingSettings
from sktl.training._train import make_net

__all__ = [
    "STRENGTHS",
    "TRUNKS",
    "BatchIterator",
    "FitPlan",
    "GrownSharing",
    "HeadMemory",
    "JointLoss",
    "LinearProbe",
    "Network",
    "PartShare",
    "PrototypeSums",
    "TrainingSettings",
    "fit_added_task",
    "fit_network",
    "fit_prototypes",
    "make_net",
    "mean_held_out_loss",
    "network_outputs",
    "new_network",
    "unknown_memory",
]
