import numpy as np

from sktl.features._gathered import GatheredRows


def test_parts_come_in_any_order_and_lie_at_their_positions():
    gathered = GatheredRows(3)
    gathered.add(np.array([2]), np.array([[5.0, 6.0]], dtype=np.float32))
    gathered.add(np.array([1, 0]), np.array([[3.0, 4.0], [1.0, 2.0]], dtype=np.float32))
    assert gathered.rows.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert gathered.rows.dtype == np.float32


def test_parts_may_be_let_go():
    gathered, part = GatheredRows(1), np.ones((1, 2))
    gathered.add(np.array([0]), part)
    part[:] = 7
    assert gathered.rows.tolist() == [[1, 1]]
