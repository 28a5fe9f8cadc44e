"""Pictures and tensors in: every container a user may hand over, read sample by sample."""

from sktl.inputs._augmentation import Augmentation, choose_augmentation
from sktl.inputs._images import Images, open_images
from sktl.inputs._tensors import Tensors, open_tensors
from sktl.inputs._values import find_scale
from sktl.inputs._views import Views, open_views

__all__ = [
    "Augmentation",
    "Images",
    "Tensors",
    "Views",
    "choose_augmentation",
    "find_scale",
    "open_images",
    "open_tensors",
    "open_views",
]
