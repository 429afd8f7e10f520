"""Lines of a text: where an offset stands, as an editor counts."""

from __future__ import annotations

import re
from bisect import bisect_right

from policy_engine.diagnostics import Position, Span

_BREAK = re.compile(r"\r\n|\n|\r")


class Lines:
    """Line and column of 0-based offsets into one text. An offset may be the text's length, but not beyond."""

    __slots__ = ("_starts", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0, *(found.end() for found in _BREAK.finditer(text))]

    def __len__(self) -> int:
        return len(self._starts)

    def number(self, offset: int) -> int:
        """The 1-based line that holds the offset."""
        return bisect_right(self._starts, min(offset, len(self.text)))

    def position(self, offset: int) -> Position:
        """Line and column of the offset."""
        offset = max(0, min(offset, len(self.text)))
        line = self.number(offset)
        return Position(line, offset - self._starts[line - 1] + 1)

    def start(self, number: int) -> int:
        """Offset at which a line begins."""
        return self._starts[number - 1]

    def end(self, number: int) -> int:
        """Offset just after a line's last character, before its line break."""
        following = self._starts[number] if number < len(self._starts) else len(self.text)
        return self.start(number) + len(self.text[self.start(number) : following].rstrip("\r\n"))

    def line(self, number: int) -> str:
        """A line's text, without its line break."""
        return self.text[self.start(number) : self.end(number)]

    def first_line(self, start: int, end: int) -> tuple[int, int]:
        """The stretch, cut where its first line ends."""
        return start, max(start, min(end, self.end(self.number(start))))

    def span(self, path: str, start: int, end: int) -> Span:
        """The stretch as a span of the file at `path`."""
        return Span(path, self.position(start), self.position(max(start, end)))


def indent_of(line: str) -> int:
    """How many spaces a line begins with; tabs do not count."""
    return len(line) - len(line.lstrip(" "))
