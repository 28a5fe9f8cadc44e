"""Tables in plain text and HTML."""

import html
import math
from collections.abc import Sequence
from typing import Any

__all__ = ["UNDEFINED", "format_number", "format_score", "html_table", "text_table"]

UNDEFINED = "–"
GAP = "  "


def format_score(value: Any, digits: int) -> str:
    """Return a score with ``digits`` places behind the point, or a dash for NaN."""
    return UNDEFINED if math.isnan(value) else f"{value:.{digits}f}"


def format_number(value: float, digits: int) -> str:
    """Return a number in units of its own: ``digits`` figures that say something, at least to the point."""
    if math.isnan(value):
        return UNDEFINED
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if not -digits - 3 <= size < 9:
        return f"{value:.{max(digits - 1, 0)}e}"
    return f"{value:.{max(digits - 1 - size, 0)}f}"


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]], last: Sequence[str] | None = None) -> str:
    """Return lines of a table: the first column to the left, the others to the right.

    Parameters
    ----------
    header : sequence of str
        Of the columns; an underscore begins a new line.
    rows : sequence of sequence of str
        The cells.
    last : sequence of str or None, default=None
        A row below a line.
    """
    words = [title.split("_") if len(title) > 8 else [title] for title in header]
    depth = max(len(parts) for parts in words)
    titles = [[[""] * (depth - len(parts)) + parts for parts in words][column] for column in range(len(header))]
    top = [[parts[level] for parts in titles] for level in range(depth)]
    everything = [*top, *rows, *([last] if last else [])]
    widths = [max(len(row[column]) for row in everything) for column in range(len(header))]

    def line(row: Sequence[str]) -> str:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        return GAP.join(cells).rstrip()

    rule = "-" * (sum(widths) + len(GAP) * (len(widths) - 1))
    lines = [*map(line, top), rule, *map(line, rows), *([rule, line(last)] if last else [])]
    return "\n".join(lines)


def html_table(header: Sequence[str], rows: Sequence[Sequence[str]], last: Sequence[str] | None = None) -> str:
    """Return the same table in HTML."""

    def line(row: Sequence[str], tag: str) -> str:
        first, *others = (html.escape(cell) for cell in row)
        right = "".join(f'<{tag} style="text-align: right">{cell}</{tag}>' for cell in others)
        return f'<tr><th style="text-align: left">{first}</th>{right}</tr>'

    top = line([title.replace("_", " ") for title in header], "th")
    body = "".join(line(row, "td") for row in rows)
    foot = f"<tfoot>{line(last, 'td')}</tfoot>" if last else ""
    return f"<table><thead>{top}</thead><tbody>{body}</tbody>{foot}</table>"
