import threading

import pytest

from sktl.utils._prefetch import prefetch


@pytest.mark.parametrize("n", [0, 1, 2, 7])
def test_items_in_order_with_what_was_loaded(n):
    assert list(prefetch(lambda item: 10 * item, range(n))) == [(i, 10 * i) for i in range(n)]


def test_the_next_is_loaded_while_one_is_used():
    second_is_loading = threading.Event()

    def load(item):
        if item == 1:
            second_is_loading.set()
        return item

    loaded = prefetch(load, range(3))
    next(loaded)
    assert second_is_loading.wait(timeout=30)
    assert list(loaded) == [(1, 1), (2, 2)]


def test_no_more_than_one_ahead():
    asked = []

    def items():
        for item in range(9):
            asked.append(item)
            yield item

    loaded = prefetch(lambda item: item, items())
    next(loaded)
    assert asked == [0, 1]


def test_another_thread_loads():
    ((_, name),) = prefetch(lambda item: threading.current_thread(), [0])
    assert name is not threading.main_thread()


def test_an_error_comes_in_its_turn():
    def load(item):
        if item == 2:
            raise ValueError("item two")
        return item

    seen = []
    with pytest.raises(ValueError, match="item two"):
        for item, _ in prefetch(load, range(5)):
            seen.append(item)
    assert seen == [0, 1]


def test_its_thread_ends_with_it():
    before = threading.active_count()
    loaded = prefetch(lambda item: item, range(5))
    next(loaded)
    assert threading.active_count() == before + 1
    loaded.close()
    assert threading.active_count() == before
