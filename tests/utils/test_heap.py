import subprocess
import sys
import threading

import pytest

from sktl.utils import _heap
from sktl.utils._heap import M_MMAP_MAX, M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, freed_memory_kept

KEPT = [(M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, 2**31 - 1)]
GIVEN_BACK = [(M_MMAP_MAX, 65536), (M_MMAP_THRESHOLD, 32 * 2**20), (M_TRIM_THRESHOLD, 512 * 2**20)]


class Libc:
    """Stands for the C library, and lists what it is told."""

    def __init__(self):
        self.calls = []

    def mallopt(self, name, value):
        self.calls.append((name, value))


@pytest.fixture
def libc(monkeypatch):
    one = Libc()
    monkeypatch.setattr(_heap, "_glibc", lambda: one)
    return one


def test_it_is_kept_inside_and_given_back_behind(libc):
    with freed_memory_kept():
        assert libc.calls == KEPT
    assert libc.calls == KEPT + GIVEN_BACK


def test_an_error_gives_it_back(libc):
    with pytest.raises(ValueError, match="inside"), freed_memory_kept():
        raise ValueError("inside")
    assert libc.calls == KEPT + GIVEN_BACK


def test_the_last_of_several_gives_it_back(libc):
    inside, outer_is_done = threading.Event(), threading.Event()

    def other():
        with freed_memory_kept():
            inside.set()
            outer_is_done.wait(10)

    thread = threading.Thread(target=other)
    with freed_memory_kept():
        thread.start()
        inside.wait(10)
    assert libc.calls == KEPT
    outer_is_done.set()
    thread.join()
    assert libc.calls == KEPT + GIVEN_BACK


def test_another_c_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(_heap, "_glibc", lambda: None)
    with freed_memory_kept():
        pass
    monkeypatch.undo()
    monkeypatch.setattr(_heap.sys, "platform", "darwin")
    assert _heap._glibc.__wrapped__() is None


FAULTS = """
import resource
import torch
from sktl.utils._heap import freed_memory_kept

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(4):
        torch.empty(2**24).fill_(1)  # 64 MiB
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

before = faults()
with freed_memory_kept():
    inside = min(faults() for _ in range(4))  # the heap takes a turn or two to find its places
print(before, inside)
"""


@pytest.mark.skipif(_heap._glibc() is None, reason="the C library is not glibc")
def test_pages_that_were_touched_once_are_not_cleared_again():
    # In a process of its own: in this one, other tests have left memory that is kept.
    done = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, timeout=120, check=True)
    before, inside = map(int, done.stdout.split())
    assert inside * 10 < before
