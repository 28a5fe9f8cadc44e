"""Tables in plain text."""

import dataclasses

import numpy as np

__all__ = ["NONE", "Column", "align_columns", "format_interval", "format_number"]

NONE = "–"
GAP = "  "


@dataclasses.dataclass(frozen=True)
class Column:
    """A column of a table: its title, and a cell for each line.

    Parameters
    ----------
    title : str
    cells : list of str
    is_left : bool, default=False
        Whether cells stand to the left.
    """

    title: str
    cells: list[str]
    is_left: bool = False


def align_columns(columns: list[Column]) -> list[str]:
    """Return the lines of a table, the titles first."""
    padded = []
    for column in columns:
        cells = [column.title, *column.cells]
        width = max(map(len, cells))
        padded.append([cell.ljust(width) if column.is_left else cell.rjust(width) for cell in cells])
    return [GAP.join(cells).rstrip() for cells in zip(*padded, strict=True)]


def format_number(value: float, form: str) -> str:
    """Return a number in a form such as ".3f"; a dash for NaN, and no minus before a zero."""
    return NONE if np.isnan(value) else format(round(value, 3) + 0.0, form)


def format_interval(low: float, high: float) -> str:
    """Return the bounds of a difference in brackets; a dash where there are none."""
    return NONE if np.isnan(low) else f"[{format_number(low, '+.3f')}, {format_number(high, '+.3f')}]"
