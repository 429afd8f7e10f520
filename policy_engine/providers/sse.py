"""Server-sent events from bytes, however they are cut (WHATWG HTML, section 9.2); it reads nothing by itself."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE_END = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event: its name (`message` if it has none) and its data, lines joined by newlines."""

    name: str
    data: str


class EventParser:
    """Takes bytes, gives the events that they complete. An event without its closing blank line never happened."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._searched = 0
        self._name = ""
        self._data: list[str] = []
        self._is_first_line = True

    def feed(self, piece: bytes) -> list[Event]:
        """The events that `piece` completes, in order."""
        self._rest += piece
        events = [event for line in self._lines() if (event := self._take(line)) is not None]
        self._searched = max(0, len(self._rest) - 1)
        return events

    def _lines(self) -> list[bytes]:
        lines: list[bytes] = []
        begin, search_from = 0, self._searched
        while match := _LINE_END.search(self._rest, search_from):
            if match.group() == b"\r" and match.end() == len(self._rest):
                break  # its newline may be in the next piece
            lines.append(bytes(self._rest[begin : match.start()]))
            begin = search_from = match.end()
        del self._rest[:begin]
        return lines

    def _take(self, line: bytes) -> Event | None:
        text = line.decode("utf-8", "replace")
        if self._is_first_line:
            self._is_first_line = False
            text = text.removeprefix("\ufeff")
        if not text:
            return self._dispatch()
        name, _, value = text.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._name = value
        return None

    def _dispatch(self) -> Event | None:
        name, data = self._name or "message", self._data
        self._name, self._data = "", []
        return Event(name=name, data="\n".join(data)) if data else None
