"""Diagnostics for programs: one JSON document, one JSON line each, or annotations of a GitHub workflow."""

from __future__ import annotations

import json
from typing import Any

from policy_engine.diagnostics import Diagnostic, Report, Severity, Span

_GITHUB_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def to_json(value: object, *, indent: int | None = None) -> str:
    """A value as JSON, other scripts than Latin left readable."""
    return json.dumps(value, ensure_ascii=False, indent=indent, default=str)


def report_json(report: Report) -> dict[str, Any]:
    """A report in the shape of schema diagnostics.v1."""
    return {
        "diagnostics": [diagnostic_json(diagnostic) for diagnostic in report.diagnostics],
        "summary": {
            "errors": len(report.errors),
            "warnings": len(report.warnings),
            "files": report.files,
            "rules": report.rules,
            "revision": report.revision,
        },
    }


def diagnostic_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """One diagnostic in the shape of schema diagnostics.v1."""
    return {
        "code": diagnostic.code,
        "name": diagnostic.name,
        "severity": str(diagnostic.severity),
        "message": diagnostic.message,
        "help": diagnostic.help,
        "path": diagnostic.span.path,
        "yaml_path": diagnostic.yaml_path,
        **_place_json(diagnostic.span),
        "related": [
            {"path": related.span.path, **_place_json(related.span), "message": related.message}
            for related in diagnostic.related
        ],
        "witness": None if diagnostic.witness is None else dict(diagnostic.witness),
    }


def render_json(report: Report) -> str:
    """The report as one JSON document."""
    return to_json(report_json(report), indent=2)


def render_jsonl(report: Report) -> str:
    """One diagnostic per line, empty if there is none."""
    return "\n".join(to_json(diagnostic_json(diagnostic)) for diagnostic in report.diagnostics)


def render_github(report: Report) -> str:
    """One workflow command per diagnostic, which GitHub shows beside the changed line."""
    return "\n".join(map(_github, report.diagnostics))


def github_error(title: str, message: str) -> str:
    """The workflow command for what is wrong as a whole, at no place in particular."""
    return f"::error title={_escaped_property(title)}::{_escaped(message)}"


def _github(diagnostic: Diagnostic) -> str:
    span = diagnostic.span
    properties = {
        "file": span.path,
        "line": span.start.line,
        "col": span.start.column,
        "endLine": span.end.line,
        "endColumn": span.end.column,
        "title": f"{diagnostic.code} {diagnostic.name}",
    }
    written = ",".join(f"{name}={_escaped_property(str(value))}" for name, value in properties.items())
    message = diagnostic.message if diagnostic.help is None else f"{diagnostic.message}\nhelp: {diagnostic.help}"
    return f"::{_GITHUB_COMMANDS[diagnostic.severity]} {written}::{_escaped(message)}"


def _escaped(text: str) -> str:
    """The text of a workflow command, which ends at a line break."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped_property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def _place_json(span: Span) -> dict[str, Any]:
    return {
        "start": {"line": span.start.line, "column": span.start.column},
        "end": {"line": span.end.line, "column": span.end.column},
    }
