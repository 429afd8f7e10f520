"""A text as a tree of stretches: what a policy file holds and where, made only when something must be found in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from policy_engine.loader.events import (
    Alias,
    MappingEnd,
    MappingStart,
    Next,
    Scalar,
    SequenceEnd,
    StreamEnd,
    SyntaxFault,
    event_source,
)

MAX_DEPTH: Final = 200
"""Deeper values are not in the tree."""


@dataclass(slots=True)
class Node:
    """
    A value's stretch of the text as 0-based offsets, and what it holds.

    One of the three is set: `entries` of a mapping (key and value), `items` of a list, `value` of a scalar; none for
    what could not be read, and for an alias to a scalar.
    """

    start: int = 0
    end: int = 0
    entries: list[tuple[Node, Node]] | None = None
    items: list[Node] | None = None
    value: str | None = None


class _TooDeep(Exception):
    """The rest of the text is not worth composing."""


def compose(text: str) -> Node:
    """The text's first document as nodes, as far as it can be read; an empty node if there is nothing."""
    root = Node()
    try:
        following = event_source(text)
        following()
        if type(following()) is not StreamEnd:
            _Composer(following).fill(root, following(), 0)
    except (SyntaxFault, _TooDeep):
        return root
    return root


class _Composer:
    """
    Fills nodes from events. What holds a node has it before it is filled, so that a broken text gives half a tree.

    An alias holds what its anchor holds, but stands at its own place.
    """

    __slots__ = ("anchors", "next")

    def __init__(self, following: Next) -> None:
        self.next = following
        self.anchors: dict[str, Node] = {}

    def fill(self, node: Node, event: Any, depth: int) -> None:
        """Makes `node` what begins with `event`."""
        node.start, node.end = event.start_mark.index, event.end_mark.index
        if isinstance(event, Alias):
            known = self.anchors.get(event.anchor or "", node)
            node.entries, node.items = known.entries, known.items
            return
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        if type(event) is Scalar:
            node.value = event.value
            return
        if depth >= MAX_DEPTH:
            raise _TooDeep
        self._fill_collection(node, event, depth + 1)

    def _fill_collection(self, node: Node, event: Any, depth: int) -> None:
        if type(event) is MappingStart:
            node.entries = []
            last = self._fill_entries(node.entries, depth)
        else:
            node.items = []
            last = self._fill_items(node.items, depth)
        node.end = last.end_mark.index

    def _fill_entries(self, entries: list[tuple[Node, Node]], depth: int) -> Any:
        while type(event := self.next()) is not MappingEnd:
            key, value = Node(), Node()
            self.fill(key, event, depth)
            value.start = value.end = key.end
            entries.append((key, value))
            self.fill(value, self.next(), depth)
        return event

    def _fill_items(self, items: list[Node], depth: int) -> Any:
        while type(event := self.next()) is not SequenceEnd:
            item = Node()
            items.append(item)
            self.fill(item, event, depth)
        return event
