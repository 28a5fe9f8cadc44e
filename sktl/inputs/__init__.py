"""Pictures and tensors in: every container a user may hand over, read sample by sample."""

from sktl.inputs._images import Images, open_images
from sktl.inputs._tensors import Tensors, open_tensors
from sktl.inputs._values import find_scale

__all__ = ["Images", "Tensors", "find_scale", "open_images", "open_tensors"]
