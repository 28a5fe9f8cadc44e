"""What a part of the data weighs beside those that came before."""

import dataclasses

import numpy as np

__all__ = ["PartShare"]


@dataclasses.dataclass(frozen=True)
class PartShare:
    """What a part of the data weighs, beside all parts so far, this one among them.

    Parameters
    ----------
    rate : float
        A factor of the rate of gradient steps, as AdamW does not see the scale of a loss. Its mean square over all
        parts is 1, which is to AdamW what the mean is to a loss: no part takes steps so long that all is forgotten.
    labels : ndarray of shape (n_tasks,)
        The labels of each task, where 1 is the mean, for heads that are solved.
    before : ndarray of shape (n_tasks,)
        The labels of each task in the parts before.
    """

    rate: float
    labels: np.ndarray
    before: np.ndarray

    @classmethod
    def even(cls, n_tasks: int) -> "PartShare":
        """Return the share of a part that weighs as much as all others."""
        return cls(1.0, np.ones(n_tasks), np.ones(n_tasks))
