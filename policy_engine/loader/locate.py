"""Where a value stands in its file: YAML path → line and column, for the few values that a finding points at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from policy_engine.diagnostics import Key, Part, Position
from policy_engine.loader.lines import Lines, indent_of
from policy_engine.loader.quoting import offsets_in_source
from policy_engine.loader.tree import Node, compose

Step: TypeAlias = tuple[Node | None, Node]  # a value, with its key if it has one


def locate(text: str, keys: Sequence[Key], part: Part = Part.VALUE) -> tuple[Position, Position]:
    """Start and end of what stands at `keys` in a YAML text; see `Locator`, which is faster for several."""
    return Locator(text).place(keys, part=part)


class Locator:
    """
    Finds values of one text, which is composed once, when first asked.

    `left_out` has the offsets of list items that are not in the data and so do not count. Where a path does not exist,
    its nearest existing ancestor is found: its key if it has one, else its first line.
    """

    __slots__ = ("_left_out", "_root", "lines", "text")

    def __init__(self, text: str, left_out: frozenset[int] = frozenset()) -> None:
        self.text = text
        self.lines = Lines(text)
        self._left_out = left_out
        self._root: Node | None = None

    def place(
        self, keys: Sequence[Key], *, part: Part = Part.VALUE, within: tuple[int, int] | None = None
    ) -> tuple[Position, Position]:
        """Start and end as lines and columns; `within` as in `Finding`."""
        start, end = self.stretch(keys, part=part, within=within)
        return self.lines.position(start), self.lines.position(end)

    def stretch(
        self, keys: Sequence[Key], *, part: Part = Part.VALUE, within: tuple[int, int] | None = None
    ) -> tuple[int, int]:
        """Start and end as offsets, on one line."""
        (key, value), is_whole = self._walk(keys)
        if key is not None and (part is Part.KEY or not is_whole):
            return self.lines.first_line(key.start, key.end)
        if within is not None and is_whole and part is Part.VALUE and (narrow := self._narrow(value, *within)):
            return narrow
        return self.lines.first_line(value.start, value.end)

    def _walk(self, keys: Sequence[Key]) -> tuple[Step, bool]:
        """The deepest step that exists, and whether it is the whole path."""
        if self._root is None:
            self._root = compose(self.text)
        step: Step = (None, self._root)
        for wanted in keys:
            below = self._below(step[1], wanted)
            if below is None:
                return step, False
            step = below
        return step, True

    def _below(self, node: Node, wanted: Key) -> Step | None:
        if isinstance(wanted, str):
            pairs = ((key, value) for key, value in node.entries or () if key.value == wanted)
            return next(pairs, None)
        items = node.items or []
        if self._left_out:
            items = [item for item in items if item.start not in self._left_out]
        return (None, items[wanted]) if 0 <= wanted < len(items) else None

    def _narrow(self, node: Node, start: int, stop: int) -> tuple[int, int] | None:
        value = node.value
        if value is None or not 0 <= start <= stop <= len(value):
            return None
        source = self.text[node.start : node.end]
        if source[:1] in ("|", ">"):
            return self._narrow_block(node, start, stop)
        offsets = offsets_in_source(source, value)
        return None if offsets is None else (node.start + offsets[start], node.start + offsets[stop])

    def _narrow_block(self, node: Node, start: int, stop: int) -> tuple[int, int] | None:
        """In block style a line of the value is a line of the text, indented: sure if the two are equal."""
        value = node.value or ""
        number = value.count("\n", 0, start)
        begin = value.rfind("\n", 0, start) + 1
        wanted = value[begin:].split("\n", 1)[0]
        line = self.lines.number(node.start) + 1 + number
        if line > len(self.lines) or stop > begin + len(wanted):
            return None
        source = self.lines.line(line)
        indent = len(source) - len(wanted)
        if indent < 0 or source[indent:] != wanted or indent_of(source) < indent:
            return None
        column = self.lines.start(line) + indent - begin
        return column + start, column + stop
