"""Tables in plain text."""

import numpy as np

from sktl.transferability._columns import Column, align_columns, format_interval, format_number


def test_columns_are_aligned():
    """Words stand to the left, numbers to the right, and no line ends in blanks."""
    lines = align_columns([Column("a", ["x", "longer"], is_left=True), Column("number", ["1", ""])])
    assert lines == ["a       number", "x            1", "longer"]


def test_numbers():
    """Zero has no minus, and what is not there is a dash."""
    assert format_number(-0.0001, "+.3f") == "+0.000"
    assert format_number(np.nan, ".3f") == "–"
    assert format_interval(-0.25, 0.5) == "[-0.250, +0.500]"
    assert format_interval(np.nan, np.nan) == "–"
