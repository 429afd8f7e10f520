"""Plain text tables: columns as wide as they must be, numbers to the right, long texts clipped where room ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from policy_engine.cli.render.cells import cells_of, clipped, visible
from policy_engine.cli.render.style import PLAIN, Ink, Style

_GAP = "  "
_MIN_CELLS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column; `right` for numbers, `elastic` if its texts may be clipped where the terminal is narrow."""

    title: str
    right: bool = False
    elastic: bool = False


def render_table(
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    *,
    style: Style = PLAIN,
    width: int | None = None,
) -> str:
    """
    The table, titles first.

    Args:
        rows: one text per column each.
        width: cells of a line; None for as many as it takes.
    """
    shown = [[visible(cell) for cell in row] for row in rows]
    titles = [column.title for column in columns]
    widths = [max(map(cells_of, cells)) for cells in zip(titles, *shown, strict=True)]
    if width is not None:
        widths = _narrowed(widths, columns, width)
    head = style.paint(_line(titles, widths, columns), Ink.DIM)
    return "\n".join([head, *(_line(row, widths, columns) for row in shown)])


def _line(cells: Sequence[str], widths: Sequence[int], columns: Sequence[Column]) -> str:
    return _GAP.join(_padded(cells, widths, columns)).rstrip()


def _padded(cells: Sequence[str], widths: Sequence[int], columns: Sequence[Column]) -> Iterator[str]:
    for cell, cells_wide, column in zip(cells, widths, columns, strict=True):
        text = clipped(cell, cells_wide)
        room = " " * (cells_wide - cells_of(text))
        yield room + text if column.right else text + room


def _narrowed(widths: list[int], columns: Sequence[Column], width: int) -> list[int]:
    """Widths that fit into a line, taken from the widest elastic columns; no narrower than can be read."""
    widths = list(widths)
    over = sum(widths) + len(_GAP) * (len(widths) - 1) - width
    elastic = [i for i, column in enumerate(columns) if column.elastic]
    while over > 0 and elastic:
        widest = max(elastic, key=lambda i: widths[i])
        if widths[widest] <= _MIN_CELLS:
            break
        widths[widest] -= 1
        over -= 1
    return widths
