"""Diagnostics as SARIF 2.1.0, the format that code scanning services read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from policy_engine.cli.manual import Page
from policy_engine.cli.render.machine import to_json
from policy_engine.diagnostics import Diagnostic, Related, Report, Severity, Span

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_ROOT = "%SRCROOT%"


def render_sarif(report: Report, *, manual: Mapping[str, Page], version: str) -> str:
    """
    The report as one SARIF log with one run.

    Args:
        manual: pages by code, for the descriptions of rules.
        version: of this program.
    """
    return to_json(sarif_log(report, manual=manual, version=version), indent=2)


def sarif_log(report: Report, *, manual: Mapping[str, Page], version: str) -> dict[str, Any]:
    """The log as plain data."""
    names = {diagnostic.code: diagnostic.name for diagnostic in report.diagnostics}
    codes = sorted(names)
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "policy-engine",
                "version": version,
                "rules": [_rule(code, names[code], manual.get(code)) for code in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(diagnostic, codes.index(diagnostic.code)) for diagnostic in report.diagnostics],
    }
    if report.revision is not None:
        run["properties"] = {"revision": report.revision}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }


def _rule(code: str, name: str, page: Page | None) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": code, "name": _pascal(name)}
    if page is not None:
        rule["shortDescription"] = {"text": page.summary}
        rule["help"] = {"text": page.text}
    return rule


def _result(diagnostic: Diagnostic, rule: int) -> dict[str, Any]:
    message = diagnostic.message if diagnostic.help is None else f"{diagnostic.message}\nhelp: {diagnostic.help}"
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": message},
        "locations": [
            {
                "physicalLocation": _place(diagnostic.span),
                "logicalLocations": [{"fullyQualifiedName": diagnostic.yaml_path}],
            }
        ],
    }
    if diagnostic.related:
        result["relatedLocations"] = list(_related(diagnostic.related))
    if diagnostic.witness is not None:
        result["properties"] = {"witness": dict(diagnostic.witness)}
    return result


def _related(places: Iterable[Related]) -> Iterable[dict[str, Any]]:
    for number, place in enumerate(places, start=1):
        yield {"id": number, "physicalLocation": _place(place.span), "message": {"text": place.message}}


def _place(span: Span) -> dict[str, Any]:
    return {
        "artifactLocation": _artifact(span.path),
        "region": {
            "startLine": span.start.line,
            "startColumn": span.start.column,
            "endLine": span.end.line,
            "endColumn": span.end.column,
        },
    }


def _artifact(path: str) -> dict[str, Any]:
    """A path as a URI; a relative one stands below the root of the sources."""
    written = quote(path.replace("\\", "/"))
    return {"uri": f"file://{written}"} if written.startswith("/") else {"uri": written, "uriBaseId": _ROOT}


def _pascal(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("-"))
