"""Decisions written as they come, in the form that was asked for, and what they add up to at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from policy_engine.cli.console import Console
from policy_engine.cli.deciding import Chunk, Complaint, How, Telling
from policy_engine.cli.render.decisions import render_rows
from policy_engine.cli.render.machine import to_json
from policy_engine.cli.render.traffic import render_traffic, traffic_json, traffic_line
from policy_engine.replay.traffic import Row, Traffic

TABLE_ROWS = 50
"""So many decisions are listed one by one; of more, only where they went is told."""


class Printer(Protocol):
    """Writes chunks as they come, then the sum of all."""

    def how(self) -> How:
        """What each chunk must hold to be written."""

    def add(self, chunk: Chunk) -> None:
        """Writes one chunk, or keeps what is needed later."""

    def finish(self, traffic: Traffic, idle: Sequence[str]) -> None:
        """Writes the end; `idle` rules decided nothing."""


@dataclass(slots=True, kw_only=True)
class TextPrinter:
    """A table of few decisions, or a trace of each, and where they went."""

    console: Console
    trace: bool
    rows: list[Row] = field(default_factory=list)

    def how(self) -> How:
        """Rows to list, or traces to print."""
        if self.trace:
            return How(telling=Telling.TRACE, trace=True, style=self.console.style)
        return How(keep=TABLE_ROWS + 1)

    def add(self, chunk: Chunk) -> None:
        """Prints traces; keeps rows while they may still be few."""
        self.console.data("\n\n".join(chunk.told) + "\n" if chunk.told else "")
        self.rows += chunk.rows[: TABLE_ROWS + 1 - len(self.rows)]

    def finish(self, traffic: Traffic, idle: Sequence[str]) -> None:
        """Prints the table if the decisions are few, and where they went."""
        style, width = self.console.style, self.console.width
        if 0 < len(self.rows) <= TABLE_ROWS:
            self.console.data(render_rows(self.rows, style=style, width=width) + "\n")
        self.console.data(render_traffic(traffic, idle=idle, style=style, width=width))


@dataclass(slots=True, kw_only=True)
class LinePrinter:
    """One decision per line."""

    console: Console
    trace: bool

    def how(self) -> How:
        """Decisions as JSON."""
        return How(telling=Telling.JSON, trace=self.trace)

    def add(self, chunk: Chunk) -> None:
        """Prints the decisions of a chunk."""
        self.console.data("\n".join(chunk.told))

    def finish(self, traffic: Traffic, idle: Sequence[str]) -> None:  # noqa: ARG002  (the protocol's signature)
        """Tells in one line, aside from the data, where they went."""
        self.console.say(traffic_line(traffic))


@dataclass(slots=True, kw_only=True)
class DocumentPrinter:
    """One JSON document of all decisions, the lines that are no requests, and where the traffic went."""

    console: Console
    trace: bool
    complaints: list[Complaint] = field(default_factory=list)
    has_begun: bool = False

    def how(self) -> How:
        """Decisions as JSON."""
        return How(telling=Telling.JSON, trace=self.trace)

    def add(self, chunk: Chunk) -> None:
        """Prints the decisions of a chunk as items of the document's list."""
        self.complaints += chunk.complaints
        if chunk.told:
            self.console.data((",\n" if self.has_begun else '{"decisions": [\n') + ",\n".join(chunk.told))
            self.has_begun = True

    def finish(self, traffic: Traffic, idle: Sequence[str]) -> None:
        """Prints the rest of the document."""
        malformed = [{"line": one.line, "message": one.reason} for one in self.complaints]
        opening = "" if self.has_begun else '{"decisions": ['
        rest = f'"malformed": {to_json(malformed)},\n"summary": {to_json(traffic_json(traffic, idle=idle))}}}'
        self.console.data(f"{opening}],\n{rest}")


def printer_for(form: str, *, trace: bool, console: Console) -> Printer:
    """The printer for `text`, `json` or `jsonl`."""
    if form == "jsonl":
        return LinePrinter(console=console, trace=trace)
    if form == "json":
        return DocumentPrinter(console=console, trace=trace)
    return TextPrinter(console=console, trace=trace)
