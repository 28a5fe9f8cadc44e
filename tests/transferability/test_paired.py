"""Intervals and verdicts for differences on the same splits."""

import numpy as np
import pytest
from scipy.stats import t as student

from sktl.transferability._paired import compare_paired


def test_it_is_the_corrected_interval_of_each_column(rng):
    """Nadeau and Bengio's, written out."""
    first, second = rng.normal(size=(5, 3)) + [3, 0, -3], rng.normal(size=(5, 3))
    paired = compare_paired(first, second, 0.25, 0.9)
    difference = first - second
    reach = student.ppf(0.95, 4) * difference.std(axis=0, ddof=1) * np.sqrt(1 / 5 + 0.25)
    assert paired.mean_difference == pytest.approx(difference.mean(axis=0))
    assert paired.high - paired.mean_difference == pytest.approx(reach)
    assert paired.verdicts[0] == "gains"
    assert paired.verdicts[2] == "hurts"
