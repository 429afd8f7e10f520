"""The part of a source line that is worth showing: all of it, or a window around a span where it is long."""

from __future__ import annotations

from dataclasses import dataclass

from policy_engine.cli.render.cells import cells_of, glyphs_of

MAX_CELLS = 120
"""How wide a quoted line may be where nobody says how wide the terminal is."""

_CUT = "…"
_SHARE_BEFORE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """
    A line as it is shown.

    `indent` cells stand before the span, which is `length` cells wide (one at least).
    """

    text: str
    indent: int
    length: int


def excerpt(line: str, start: int, stop: int, *, limit: int = MAX_CELLS) -> Excerpt:
    """
    The excerpt of a line around a span.

    Args:
        start, stop: the span, 0-based offsets in code points; a span behind the line's end is shown there.
        limit: cells that it may take.
    """
    glyphs = glyphs_of(line)
    start = max(0, min(start, len(glyphs)))
    stop = max(start, min(stop, len(glyphs)))
    left, right = _window([cells_of(glyph) for glyph in glyphs], start, stop, limit)
    before = (_CUT if left else "") + "".join(glyphs[left:start])
    marked = "".join(glyphs[start : min(stop, right)])
    after = "".join(glyphs[min(stop, right) : right]) + (_CUT if right < len(glyphs) else "")
    return Excerpt(text=before + marked + after, indent=cells_of(before), length=max(1, cells_of(marked)))


def _window(widths: list[int], start: int, stop: int, limit: int) -> tuple[int, int]:
    """The stretch of characters that fits: some context, the span, then as much as there is room for."""
    if sum(widths) <= limit:
        return 0, len(widths)
    room = limit - 2 * cells_of(_CUT)
    left = _back(widths, start, room // _SHARE_BEFORE)
    right, room = left, room
    while right < len(widths) and widths[right] <= room:
        room -= widths[right]
        right += 1
    if right >= stop:
        left = _back(widths, left, room)
    return left, max(right, min(start + 1, len(widths)))


def _back(widths: list[int], start: int, room: int) -> int:
    """The first character of those before `start` that fit into so many cells."""
    while start > 0 and widths[start - 1] <= room:
        start -= 1
        room -= widths[start]
    return start
