"""The parameter ``on_unreadable``."""

import numpy as np

from sktl.exceptions import SkippedImageWarning
from sktl.inputs import Images, Tensors
from sktl.utils._warn import warn_user

__all__ = ["readable_samples"]

MOST_NAMED = 10  # samples in a warning, which is read at a glance


def readable_samples(inputs: Images | Tensors, on_unreadable: str) -> np.ndarray:
    """Return the indices of the samples to fit to: all, or the readable ones if others shall be skipped.

    Parameters
    ----------
    inputs : Images or Tensors
        The samples.
    on_unreadable : {"raise", "skip"}
        "raise" looks at none of them: whoever loads one that cannot be read gets an error.
    """
    everything = np.arange(len(inputs))
    if on_unreadable == "raise":
        return everything
    reasons = inputs.unreadable()
    if reasons:
        listed = "\n".join(reasons[index] for index in sorted(reasons)[:MOST_NAMED])
        more = f"\n(and {len(reasons) - MOST_NAMED} more)" if len(reasons) > MOST_NAMED else ""
        warn_user(f"{len(reasons)} of {len(inputs)} samples are left out:\n{listed}{more}", SkippedImageWarning)
    return np.setdiff1d(everything, list(reasons))
