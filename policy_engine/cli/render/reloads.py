"""What happens while policies are watched, a line for each thing, for people and for programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from policy_engine.cli.render.machine import diagnostic_json
from policy_engine.cli.render.style import PLAIN, Ink, Style
from policy_engine.cli.render.text import counted, render_report, summary_line
from policy_engine.diagnostics import Report
from policy_engine.model.events import Event, ReloadFailed, ReloadHeld, ReloadSucceeded

_SHORT = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class InStep:
    """The folder holds what is live again, after something that could not go live."""

    name = "reload.in_step"
    revision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """
    An event, and what was known when it was told.

    `since_change_ms` is from the newest change in the folder to live, None where that is not known; `report` has the
    findings of what could not go live.
    """

    at: datetime
    event: Event | InStep
    since_change_ms: float | None = None
    report: Report | None = None


def short_revision(revision: str) -> str:
    """A revision as people tell it apart: the first digits of its hash."""
    return revision.removeprefix("sha256:")[:_SHORT]


def render_happening(happening: Happening, *, style: Style = PLAIN, width: int | None = None) -> str:
    """One line with the time, and below it the findings, if there are any."""
    lines = [f"{happening.at:%H:%M:%S}  {_said(happening, style)}"]
    if happening.report is not None and happening.report.diagnostics:
        lines += ["", render_report(happening.report, style=style, width=width), ""]
    return "\n".join(lines)


def happening_json(happening: Happening) -> dict[str, Any]:
    """The same as data."""
    written: dict[str, Any] = {"at": happening.at.isoformat(), "event": happening.event.name}
    written |= {name: value for name, value in asdict(happening.event).items() if name != "error" or value}
    if happening.since_change_ms is not None:
        written["since_change_ms"] = happening.since_change_ms
    if happening.report is not None:
        written["diagnostics"] = [diagnostic_json(diagnostic) for diagnostic in happening.report.diagnostics]
    return written


def _said(happening: Happening, style: Style) -> str:
    event = happening.event
    match event:
        case ReloadSucceeded():
            return f"{style.paint('live', Ink.GREEN)}  {_live(event, happening.since_change_ms)}"
        case ReloadFailed():
            found = event.error if happening.report is None else summary_line(happening.report)
            return f"{style.paint('not live', Ink.RED)}  {found}; {short_revision(event.serving)} serves on"
        case ReloadHeld():
            held = style.paint("held back", Ink.YELLOW)
            return f"{held}  {event.reason}; {short_revision(event.serving)} serves on"
        case InStep():
            return f"{style.paint('live', Ink.GREEN)}  {short_revision(event.revision)} is what the folder holds again"
    said = ", ".join(f"{name} {value}" for name, value in asdict(event).items())
    return f"{event.name}  {said}"


def _live(event: ReloadSucceeded, since_change_ms: float | None) -> str:
    took = f"built in {event.took_ms:,.0f} ms"
    if since_change_ms is not None:
        took = f"{since_change_ms:,.0f} ms after the change"
    size = f"{counted(event.files, 'file')}, {counted(event.rules, 'rule')}"
    return f"generation {event.generation}  {short_revision(event.revision)}  {size}  {took}"
