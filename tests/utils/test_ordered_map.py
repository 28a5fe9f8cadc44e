"""Threads keep order and errors, and those that wait take part."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from sktl.utils._ordered_map import OpenWork, ordered_map


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


class TestTakingPart:
    """A thread that waits for another one takes part in its work."""

    def wait_for(self, function, indices, n_threads):
        open_work = OpenWork()
        with ThreadPoolExecutor(1) as pool:
            return open_work.take_part_until(pool.submit(open_work.do, ordered_map, function, indices, n_threads))

    def test_who_waits_takes_part(self):
        both = threading.Barrier(2, timeout=30)
        seen = set()

        def work(index):
            both.wait()  # neither gets on without the other
            seen.add(threading.get_ident())
            return -index

        assert self.wait_for(work, range(6), 2) == [0, -1, -2, -3, -4, -5]
        assert len(seen) == 2
        assert threading.get_ident() in seen

    def test_three_are_the_two_and_one_more(self):
        all_three = threading.Barrier(3, timeout=30)
        assert self.wait_for(lambda index: all_three.wait() >= 0, range(9), 3) == [True] * 9

    def test_no_more_than_asked_for(self):
        seen = set()

        def work(index):
            seen.add(threading.get_ident())
            return index

        assert self.wait_for(work, range(50), 1) == list(range(50))
        assert len(seen) == 1
        assert threading.get_ident() not in seen

    @pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt])
    def test_an_error_of_either_comes_out(self, kind):
        both = threading.Barrier(2, timeout=30)
        mine = threading.get_ident()

        def work(index):
            if index < 2:
                both.wait()
            if threading.get_ident() == mine:
                raise kind("of the one that waits")
            return index

        with pytest.raises(kind, match="of the one that waits"):
            self.wait_for(work, range(9), 2)

    def test_nothing_is_left_open(self):
        open_work = OpenWork()
        with ThreadPoolExecutor(1) as pool:
            for _ in range(3):
                future = pool.submit(open_work.do, ordered_map, abs, range(-5, 0), 2)
                assert open_work.take_part_until(future) == [5, 4, 3, 2, 1]
            assert open_work._work is None
            assert pool.submit(lambda: threading.current_thread().name).result()
            # Elsewhere nobody is waited for.
            assert ordered_map(abs, [-1, -2], 2) == [1, 2]

    def test_work_that_has_no_parts(self):
        open_work = OpenWork()
        with ThreadPoolExecutor(1) as pool:
            assert open_work.take_part_until(pool.submit(open_work.do, str, 7)) == "7"
