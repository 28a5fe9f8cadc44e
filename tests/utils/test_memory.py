import ctypes
import mmap
import subprocess
import sys
import types

import numpy as np
import pytest

from sktl.utils import _memory
from sktl.utils._memory import available_memory, copy_apart

GIB = 2**30


@pytest.fixture
def machine(tmp_path):
    """Return a function that writes files of a machine that does not exist."""

    def write(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write


MEMINFO = {"proc/meminfo": "MemTotal:       33554432 kB\nMemFree:  1 kB\nMemAvailable:   16777216 kB\n"}


def test_this_machine_has_some_memory():
    assert 2**20 < available_memory() < 2**50


def test_what_the_kernel_calls_available(machine):
    assert available_memory(machine(MEMINFO)) == 16 * GIB


def test_second_version_of_control_groups(machine):
    group = "sys/fs/cgroup/jobs/one/"
    root = machine(
        MEMINFO
        | {
            "proc/self/cgroup": "0::/jobs/one\n",
            group + "memory.max": f"{4 * GIB}\n",
            group + "memory.current": f"{3 * GIB}\n",
            group + "memory.stat": f"anon 5\ninactive_file {GIB}\nactive_file 7\n",
        }
    )
    assert available_memory(root) == 2 * GIB


def test_first_version_of_control_groups(machine):
    group = "sys/fs/cgroup/memory/job/"
    root = machine(
        MEMINFO
        | {
            "proc/self/cgroup": "5:cpu,cpuacct:/\n4:memory:/job\n",
            group + "memory.limit_in_bytes": f"{4 * GIB}\n",
            group + "memory.usage_in_bytes": f"{3 * GIB}\n",
        }
    )
    assert available_memory(root) == GIB


def test_the_limit_of_a_parent_counts(machine):
    root = machine(
        MEMINFO
        | {
            "proc/self/cgroup": "0::/jobs/one\n",
            "sys/fs/cgroup/jobs/one/memory.max": "max\n",
            "sys/fs/cgroup/jobs/one/memory.current": "10\n",
            "sys/fs/cgroup/jobs/memory.max": f"{2 * GIB}\n",
            "sys/fs/cgroup/jobs/memory.current": f"{GIB}\n",
        }
    )
    assert available_memory(root) == GIB


def test_a_container_that_sees_its_group_at_the_top(machine):
    root = machine(
        MEMINFO
        | {
            "proc/self/cgroup": "0::/../elsewhere\n",
            "sys/fs/cgroup/memory.max": f"{GIB}\n",
            "sys/fs/cgroup/memory.current": "0\n",
        }
    )
    assert available_memory(root) == GIB


def test_no_limit(machine):
    root = machine(
        MEMINFO
        | {
            "proc/self/cgroup": "0::/\n",
            "sys/fs/cgroup/memory.max": "max\n",
            "sys/fs/cgroup/memory.current": "10\n",
        }
    )
    assert available_memory(root) == 16 * GIB


def test_never_negative(machine):
    root = machine(
        MEMINFO
        | {
            "proc/self/cgroup": "0::/\n",
            "sys/fs/cgroup/memory.max": "5\n",
            "sys/fs/cgroup/memory.current": "10\n",
        }
    )
    assert available_memory(root) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="sysconf is not there on Windows")
def test_half_of_the_physical_memory_where_the_kernel_is_silent(tmp_path, monkeypatch):
    monkeypatch.setattr(_memory.sys, "platform", "darwin")
    monkeypatch.setattr(_memory.os, "sysconf", {"SC_PHYS_PAGES": 1000, "SC_PAGE_SIZE": 4096}.__getitem__)
    assert available_memory(tmp_path) == 2_048_000


@pytest.mark.skipif(sys.platform == "win32", reason="sysconf is not there on Windows")
def test_a_stated_number_where_nothing_is_known(tmp_path, monkeypatch):
    def unknown(name):
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr(_memory.sys, "platform", "plan9")
    monkeypatch.setattr(_memory.os, "sysconf", unknown)
    assert available_memory(tmp_path) == _memory.FALLBACK_BYTES


@pytest.mark.parametrize(("answers", "expected"), [(True, 12345), (False, _memory.FALLBACK_BYTES)])
def test_free_memory_of_windows(tmp_path, monkeypatch, answers, expected):
    def fill(pointer):
        status = pointer._obj
        assert status.length == 64  # two numbers of four bytes and seven of eight, as Windows lays them out
        status.physical, status.available = 99999, 12345
        return answers

    library = types.SimpleNamespace(kernel32=types.SimpleNamespace(GlobalMemoryStatusEx=fill))
    monkeypatch.setattr(_memory.sys, "platform", "win32")
    monkeypatch.setattr(_memory.ctypes, "windll", library, raising=False)
    assert available_memory(tmp_path) == expected


class TestCopyApart:
    @pytest.mark.parametrize("dtype", [np.float32, np.uint8, bool, np.complex128])
    def test_is_a_copy_in_c_order(self, dtype):
        rows = (np.arange(24_000).reshape(20, 30, 40) % 5).astype(dtype).transpose(2, 0, 1)
        copy = copy_apart(rows)
        assert np.array_equal(copy, rows)
        assert copy.dtype == rows.dtype
        assert copy.flags["C_CONTIGUOUS"]
        assert not np.shares_memory(copy, rows)

    def test_has_pages_of_its_own(self):
        owner = copy_apart(np.ones(1000))
        while isinstance(owner, np.ndarray):
            owner = owner.base
        assert isinstance(owner.obj if isinstance(owner, memoryview) else owner, mmap.mmap)

    @pytest.mark.parametrize("shape", [(3, 0), (2, 3)])
    def test_less_than_a_page(self, shape):
        assert copy_apart(np.ones(shape)).shape == shape

    def test_no_more_areas_of_memory(self, monkeypatch):
        def refuse(*arguments, **others):
            raise OSError("Cannot allocate memory")

        monkeypatch.setattr(_memory.mmap, "mmap", refuse)
        assert np.array_equal(copy_apart(np.arange(5000.0)), np.arange(5000.0))

    def test_what_was_large_may_come_and_go_beside_it(self):
        """The heap does not grow with what is kept, though each copy is made while a larger array is there."""
        libc = ctypes.CDLL(None)
        if not hasattr(libc, "mallinfo2"):
            pytest.skip("only glibc tells the size of its heap")
        code = (
            "import ctypes, numpy as np\n"
            "from sktl.utils._memory import copy_apart\n"
            "class Info(ctypes.Structure):\n"
            "    _fields_ = [(name, ctypes.c_size_t) for name in 'abcdefghij']\n"
            "libc = ctypes.CDLL(None)\n"
            "libc.mallinfo2.restype = Info\n"
            "libc.mallopt(-3, 2**26)\n"  # M_MMAP_THRESHOLD, where it comes to be by itself: large arrays on the heap
            "before, kept = libc.mallinfo2().a, []\n"
            "for _ in range(50):\n"
            "    large = [np.ones(size) for size in (2**19, 2**18)]\n"
            "    kept.append(copy_apart(np.ones(2**16)))\n"
            "    del large\n"
            "print((libc.mallinfo2().a - before) / sum(one.nbytes for one in kept))\n"
        )
        found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
        assert float(found.stdout) < 0.5
