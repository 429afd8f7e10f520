"""Coverage as a table, and what is missing, a line each with its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_engine.cli.render.cells import visible
from policy_engine.cli.render.style import PLAIN, Ink, Style
from policy_engine.cli.render.table import Column, render_table
from policy_engine.cli.render.text import place_of
from policy_engine.loader.bundle import Bundle
from policy_engine.verify.coverage import Coverage, Kind, Point

_COLUMNS = (
    Column(title="rule", elastic=True),
    *(Column(title=kind.value, right=True) for kind in Kind),
)
_SAID = {"matched": "no test matches", "taken": "no case reaches", "true": "never true", "false": "never false"}
_LONGEST = 80


def render_coverage(coverage: Coverage, bundle: Bundle, *, style: Style = PLAIN, width: int | None = None) -> str:
    """The table of rules, then everything that no test reaches."""
    owners = list(dict.fromkeys(point.owner for point in coverage.points))
    rows = [(owner, *(_share(coverage, owner, kind) for kind in Kind)) for owner in owners]
    total = ("total", *(f"{coverage.percent(kind):.1f} %" for kind in Kind))
    table = render_table(_COLUMNS, [*rows, total], style=style, width=width)
    return "\n".join([table, *_missing(coverage, bundle, style), "", f"coverage {coverage.percent():.1f} %"])


def coverage_json(coverage: Coverage, bundle: Bundle) -> dict[str, Any]:
    """Coverage as data: percentages, and each point with its place and how often it was seen."""
    spans = bundle.spans(point.address for point in coverage.points)
    return {
        "percent": round(coverage.percent(), 2),
        **{kind.value: round(coverage.percent(kind), 2) for kind in Kind},
        "points": [
            {
                "kind": point.kind.value,
                "owner": point.owner,
                "text": point.text,
                "path": span.path,
                "line": span.start.line,
                "column": span.start.column,
                "hits": dict(point.hits),
            }
            for point, span in zip(coverage.points, spans, strict=True)
        ],
    }


def _share(coverage: Coverage, owner: str, kind: Kind) -> str:
    mine = [point for point in coverage.points if point.owner == owner and point.kind is kind]
    total = sum(len(point.hits) for point in mine)
    return f"{total - sum(len(point.missing) for point in mine)}/{total}" if total else "-"


def _missing(coverage: Coverage, bundle: Bundle, style: Style) -> Iterator[str]:
    missing = [point for point in coverage.points if point.missing]
    spans = bundle.spans(point.address for point in missing)
    if missing:
        yield ""
    for point, span in zip(missing, spans, strict=True):
        yield f"{style.paint(place_of(span), Ink.BOLD)}: {visible(_said(point))}"


def _said(point: Point) -> str:
    ways = " and ".join(_SAID[way] for way in point.missing)
    text = point.text if len(point.text) <= _LONGEST else point.text[: _LONGEST - 1] + "…"
    if point.kind is Kind.CONDITION:
        return f"`{point.owner}`: {text} is {ways}"
    return f"{ways} `{point.owner}`" if point.kind is Kind.RULE else f"{ways} `{text}` of `{point.owner}`"
