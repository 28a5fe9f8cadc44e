"""Training: linear probes, then skorch. No other folder imports skorch."""

from sktl.training._batches import BatchIterator
from sktl.training._fit import FitPlan, fit_network, new_network
from sktl.training._joint_loss import JointLoss
from sktl.training._network import Network
from sktl.training._outputs import network_outputs
from sktl.training._settings import TrainingSettings
from sktl.training._train import make_net

__all__ = [
    "BatchIterator",
    "FitPlan",
    "JointLoss",
    "Network",
    "TrainingSettings",
    "fit_network",
    "make_net",
    "network_outputs",
    "new_network",
]
