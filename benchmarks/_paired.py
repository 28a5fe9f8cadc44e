"""A side against another over repeats: the mean difference, and how far it can be trusted."""

import numpy as np
from scipy.stats import t as student

__all__ = ["difference_in_words"]


def difference_in_words(ours: list[float], theirs: list[float]) -> str:
    """Return the mean of paired differences with its 95 % interval, by Student's t over the repeats.

    Parameters
    ----------
    ours, theirs : list of float, length n_repeats
        Scores of the two sides, repeat by repeat.

    Returns
    -------
    str
        As ``+.031 [+.012, +.050]``.
    """
    differences = np.subtract(ours, theirs)
    reach = student.ppf(0.975, len(differences) - 1) * differences.std(ddof=1) / np.sqrt(len(differences))
    mean = differences.mean()
    return f"{mean:+.3f} [{mean - reach:+.3f}, {mean + reach:+.3f}]"
