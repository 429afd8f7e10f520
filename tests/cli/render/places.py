"""Diagnostics for the tests of the renderers."""

from __future__ import annotations

from dataclasses import replace

from policy_engine.diagnostics import Diagnostic, Position, Related, Report, Severity, Span

CHAT = "version: 1\n" + "\n" * 12 + "    then: {route: workhrose}\n"


def span(path: str, line: int, start: int, stop: int) -> Span:
    """A stretch of one line."""
    return Span(path, Position(line, start), Position(line, stop))


MISSPELT = Diagnostic(
    code="PE301",
    name="unknown-tier",
    severity=Severity.ERROR,
    message="unknown tier `workhrose`",
    span=span("policies/chat.yaml", 14, 19, 28),
    yaml_path="$.rules[2].then.route",
    help="did you mean `workhorse`?",
    related=(Related(span=span("policies/models.yaml", 21, 1, 6), message="tiers are declared here"),),
)
"""An error with help and a related place."""

BARE = replace(MISSPELT, help=None, related=())
"""The same without either."""

SHADOWED = Diagnostic(
    code="PE501",
    name="shadowed-rule",
    severity=Severity.WARNING,
    message="rule `b` never matches",
    span=span("policies/chat.yaml", 1, 1, 8),
    witness={"task": "faq"},
)
"""A warning with a witness."""

REPORT = Report(
    diagnostics=(SHADOWED, MISSPELT), files=4, rules=37, revision="sha256:ab", sources={"policies/chat.yaml": CHAT}
)
"""Both, in a bundle whose one file is at hand."""
