"""Threads keep order and errors."""

import os
import threading

import pytest

from sktl.inputs._threads import count_threads, ordered_map


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


def test_results_keep_their_order():
    second_ran = threading.Event()

    def work(index):
        if index == 7:
            assert second_ran.wait(10)
        else:
            second_ran.set()
        return index * 10

    assert ordered_map(work, [7, 3, 5], 2) == [70, 30, 50]


@pytest.mark.parametrize("n_threads", [1, 3])
def test_the_first_error_is_raised(n_threads):
    def work(index):
        if index > 1:
            raise ValueError(f"picture {index}")

    with pytest.raises(ValueError, match="picture 2"):
        ordered_map(work, [0, 2, 3], n_threads)
