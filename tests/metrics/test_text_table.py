"""Tables in plain text."""

import math

import pytest

from sktl.metrics._text_table import format_number, format_score, text_table


def test_alignment():
    """The first column is to the left, others to the right, and long titles break at their underscores."""
    text = text_table(["task", "a_b", "long_title"], [["x", "1", "2"], ["yyyyy", "10", ""]], ["mean", "", "3"])
    assert text.splitlines() == [
        "             long",
        "task   a_b  title",
        "-----------------",
        "x        1      2",
        "yyyyy   10",
        "-----------------",
        "mean            3",
    ]


def test_no_last_row():
    """Without a last row there is no line above it."""
    assert text_table(["a"], [["x"]]).splitlines() == ["a", "-", "x"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (308.55, "309"),
        (0.03333, "0.0333"),
        (-2.5, "-2.50"),
        (0, "0"),
        (123456.7, "123457"),
        (1.5e12, "1.50e+12"),
        (2e-9, "2.00e-09"),
        (math.nan, "–"),
    ],
)
def test_numbers_in_units(value, text):
    """Numbers in units of their own show their leading figures."""
    assert format_number(value, 3) == text


def test_scores():
    """Scores show a fixed number of places."""
    assert (format_score(0.5, 3), format_score(math.nan, 3), format_score(1, 0)) == ("0.500", "–", "1")
