"""Diagnostics for people: place, message, the source line with carets under it, help and related places."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from policy_engine.cli.render.cells import cells_of, visible
from policy_engine.cli.render.excerpt import MAX_CELLS, Excerpt, excerpt
from policy_engine.cli.render.style import PLAIN, SEVERITY_INK, Ink, Style
from policy_engine.diagnostics import Diagnostic, Report, Severity, Span
from policy_engine.loader.lines import Lines

_EXPLAINED = 3
_MIN_CELLS = 24
_LONGEST_TEXT = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What diagnostics are written on: in which style, how wide (None: nobody knows), quoting which texts."""

    style: Style = PLAIN
    width: int | None = None
    sources: Mapping[str, Lines] = field(default_factory=dict)


def render_report(report: Report, *, style: Style = PLAIN, width: int | None = None) -> str:
    """
    Every diagnostic of a report, an empty line between them; empty if there is none.

    A word that is wrong in many places is explained in the first few; of the others the headline is enough.
    """
    sources = {path: Lines(text) for path, text in report.sources.items()}
    page = Page(style=style, width=width, sources=sources)
    told: Counter[tuple[str, str]] = Counter()
    written: list[str] = []
    was_short = False
    for diagnostic in report.diagnostics:
        told[diagnostic.code, diagnostic.message] += 1
        is_short = told[diagnostic.code, diagnostic.message] > _EXPLAINED and _says_its_word(diagnostic, page)
        written += ["\n" if is_short and was_short else "\n\n"] if written else []
        written.append(_headline(diagnostic, style) if is_short else render_diagnostic(diagnostic, page))
        was_short = is_short
    return "".join(written)


def _says_its_word(diagnostic: Diagnostic, page: Page) -> bool:
    """Whether the message has the word that would be quoted, so that it is the same mistake wherever it is told."""
    start, end, lines = diagnostic.span.start, diagnostic.span.end, page.sources.get(diagnostic.span.path)
    if lines is None or start.line != end.line or start.line > len(lines):
        return False
    return f"`{lines.line(start.line)[start.column - 1 : end.column - 1]}`" in diagnostic.message


def render_diagnostic(diagnostic: Diagnostic, page: Page) -> str:
    """One diagnostic: its headline, then the quoted line if the text is known, then what explains it."""
    return "\n".join([_headline(diagnostic, page.style), *_body(diagnostic, page)])


def summary_line(report: Report) -> str:
    """How much was found in how much: `1 error, 2 warnings in 4 files, 37 rules`."""
    found = [counted(len(report.errors), "error"), counted(len(report.warnings), "warning")]
    if notes := report.having(Severity.INFO):
        found.append(counted(len(notes), "note"))
    return f"{', '.join(found)} in {counted(report.files, 'file')}, {counted(report.rules, 'rule')}"


def counted(number: int, noun: str) -> str:
    """A number and its noun, plural where it is not one: `2 files`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _headline(diagnostic: Diagnostic, style: Style) -> str:
    place = style.paint(place_of(diagnostic.span), Ink.BOLD)
    severity = style.paint(f"{diagnostic.severity}[{diagnostic.code}]", SEVERITY_INK[diagnostic.severity])
    return f"{place}: {severity} {visible(diagnostic.message)}"


def place_of(span: Span) -> str:
    """Where a span begins, as editors and terminals understand it: `path:line:column`."""
    return f"{visible(span.path)}:{span.start.line}:{span.start.column}"


def _body(diagnostic: Diagnostic, page: Page) -> Iterator[str]:
    number = str(diagnostic.span.start.line)
    gutter = " " * len(number)
    beside = f"help: {visible(diagnostic.help)}" if diagnostic.help else ""
    shown = _quoted(diagnostic.span, page, taken=len(number) + 3)
    if shown is not None:
        bar = page.style.paint("|", Ink.BLUE)
        yield f"{gutter} {bar}"
        yield f"{page.style.paint(number, Ink.BLUE)} {bar} {shown.text}".rstrip()
        carets = page.style.paint("^" * shown.length, SEVERITY_INK[diagnostic.severity])
        fits = page.width is None or len(number) + 4 + shown.indent + shown.length + cells_of(beside) <= page.width
        said = page.style.paint(beside, Ink.CYAN) if fits else ""
        yield f"{gutter} {bar} {' ' * shown.indent}{carets} {said}".rstrip()
        beside = "" if fits else beside
    sign = page.style.paint("=", Ink.BLUE)
    for line in ([beside] if beside else []) + list(_explanations(diagnostic)):
        yield f"{gutter} {sign} {page.style.paint(line, Ink.CYAN)}"


def _explanations(diagnostic: Diagnostic) -> Iterator[str]:
    for related in diagnostic.related:
        yield f"{place_of(related.span)}: {visible(related.message)}"
    if diagnostic.witness is not None:
        yield f"for example {json.dumps(_shortened(diagnostic.witness), ensure_ascii=False, default=str)}"


def _shortened(value: Any) -> Any:
    """A witness without the bulk of its long texts; the machine formats have them whole."""
    if isinstance(value, Mapping):
        return {name: _shortened(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_shortened(inner) for inner in value]
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return f"{value[: _LONGEST_TEXT // 2]}… ({len(value):,} characters)"
    return value


def _quoted(span: Span, page: Page, *, taken: int) -> Excerpt | None:
    """The first line of a span as an excerpt, or None if its text is not known."""
    lines = page.sources.get(span.path)
    if lines is None or span.start.line > len(lines):
        return None
    text = lines.line(span.start.line)
    stop = span.end.column - 1 if span.end.line == span.start.line else len(text)
    room = MAX_CELLS if page.width is None else max(_MIN_CELLS, page.width - taken)
    return excerpt(text, span.start.column - 1, stop, limit=room)
