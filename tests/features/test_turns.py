import contextlib

import numpy as np
import pytest

from sktl.features._turns import split_into_turns, work_in_turns


def keys_of(numbers):
    return [bytes([255, int(number)]) for number in numbers]


def turns_of(numbers, n_shares=4, least=1, missing=None):
    is_missing = np.ones(len(numbers), dtype=bool) if missing is None else np.isin(numbers, missing)
    return [
        (shares, positions.tolist())
        for shares, positions in split_into_turns(keys_of(numbers), is_missing, n_shares, least)
    ]


def test_rows_belong_to_shares_by_their_keys():
    assert turns_of([4, 1, 2, 0, 3]) == [([0], [0, 3]), ([1], [1]), ([2], [2]), ([3], [4])]


@pytest.mark.parametrize("least", [1, 3, 10, 30, 1000])
def test_each_row_has_one_turn_and_each_share_one_part(least):
    numbers = np.random.default_rng(0).integers(0, 256, size=200)
    turns = turns_of(numbers, n_shares=16, least=least)
    assert sorted(position for _, positions in turns for position in positions) == list(range(200))
    shares = [share for shares, _ in turns for share in shares]
    assert shares == sorted(set(shares))
    assert all(len(positions) >= least for _, positions in turns) or len(turns) == 1


def test_two_processes_with_other_rows_agree_on_shares():
    one, other = turns_of(range(40), least=1), turns_of(range(20, 60), least=1)
    assert [shares for shares, _ in one] == [shares for shares, _ in other] == [[0], [1], [2], [3]]


def test_rows_that_are_there_need_no_lock():
    assert turns_of([0, 1, 2, 3], missing=[2]) == [([2], [0, 1, 2, 3])]
    assert turns_of([0, 1, 2, 3], missing=[]) == [([0], [0, 1, 2, 3])]


def test_one_share_is_one_turn():
    assert turns_of(range(6), n_shares=1) == [([0], [0, 1, 2, 3, 4, 5])]


def test_no_rows():
    assert turns_of([]) == [([0], [])]


class TestWork:
    """Locks are told from their log; busy ones are another's until they are waited for."""

    @pytest.fixture
    def log(self):
        return []

    @pytest.fixture
    def lock(self, log):
        @contextlib.contextmanager
        def lock(share, *, waits):
            if share == 1 and not waits:
                raise TimeoutError
            log.append(f"take {share}")
            yield
            log.append(f"leave {share}")

        return lock

    def test_turns_of_others_come_last(self, lock, log):
        turns = [([0, 1], np.array([5])), ([2, 3], np.array([6, 7]))]

        def work(positions):
            log.append(positions.tolist())
            return len(positions)

        assert work_in_turns(turns, lock, work) == [2, 1]
        order = ["take 0", "leave 0", "take 2", "take 3", [6, 7], "leave 3", "leave 2"]
        assert log == [*order, "take 0", "take 1", [5], "leave 1", "leave 0"]

    def test_work_that_fails_lets_go(self, log):
        @contextlib.contextmanager
        def careful(share, *, waits):
            log.append("take")
            try:
                yield
            finally:
                log.append("leave")

        def fail(positions):
            raise TimeoutError("of the work itself")

        with pytest.raises(TimeoutError, match="of the work itself"):
            work_in_turns([([0], np.arange(2))], careful, fail)
        assert log == ["take", "leave"]
