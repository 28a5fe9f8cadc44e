import os

import pytest

from sktl.inputs._threads import count_threads


@pytest.mark.parametrize(
    ("n_jobs", "n_cpus", "expected"),
    [(None, 2, 2), (None, 64, 4), (None, None, 1), (3, 2, 3), (-1, 8, 8), (-2, 8, 7), (-9, 2, 1)],
)
def test_how_many(n_jobs, n_cpus, expected, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: n_cpus)
    assert count_threads(n_jobs) == expected


def test_none_at_all():
    with pytest.raises(ValueError, match="n_jobs is 0: expected None, a positive number"):
        count_threads(0)
