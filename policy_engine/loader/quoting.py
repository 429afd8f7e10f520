"""Where the characters of a scalar's value stand in its source, quotes and escapes accounted for."""

from __future__ import annotations

import re

_PIECE_SINGLE = re.compile(r"''|[^']")
_PIECE_DOUBLE = re.compile(r"\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}|\\.|[^\"\\]")


def offsets_in_source(source: str, value: str) -> tuple[int, ...] | None:
    """
    For each character of a scalar's value, its offset in the scalar's source; one more offset for the value's end.

    `source` is one scalar, quotes included. None where the two cannot be matched for certain, as on several lines.
    """
    if "\n" in source or "\r" in source:
        return None
    if source.startswith("'"):
        return _by_pieces(_PIECE_SINGLE, source, value)
    if source.startswith('"'):
        return _by_pieces(_PIECE_DOUBLE, source, value)
    return tuple(range(len(value) + 1)) if source == value else None


def _by_pieces(piece: re.Pattern[str], source: str, value: str) -> tuple[int, ...] | None:
    last = len(source) - 1
    if last < 1 or source[last] != source[0]:
        return None
    starts = [found.start() for found in piece.finditer(source, 1, last)]
    return (*starts, last) if len(starts) == len(value) else None
