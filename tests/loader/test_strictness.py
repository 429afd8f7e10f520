"""What the parser lets pass and the loader does not."""

from __future__ import annotations

import pytest

from policy_engine.diagnostics import Position, Severity
from policy_engine.loader.document import read_document


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("a: [b, c]#d\n", 1, 10, "a comment begins without a space before it"),
        ("a: [b,#c\n  d]\n", 1, 7, "a comment begins without a space before it"),
        ("a: 'b'#c\n", 1, 7, "a comment begins without a space before it"),
        ("a: {?b: c}\n", 1, 5, "text begins with `?` inside brackets"),
        ("a: [b,\nc]\n", 2, 1, "this line continues `a`, but is not indented deeper than it"),
        ("x:\n  a: 'b\n  c'\n", 3, 1, "this line continues `a`, but is not indented deeper than it"),
        ('a: "b\n\tc"\n', 2, 1, "this line continues `a`, but is not indented deeper than it"),
        ("a: >\n \n   \n # b\n", 2, 1, "`a` opens with a blank line that is indented deeper than its text"),
    ],
)
def test_what_yaml_forbids_is_an_error(text: str, line: int, column: int, message: str) -> None:
    """Text that other YAML readers refuse is refused here too, with its place."""
    found = read_document(text, "a.yaml").diagnostics

    assert [(d.code, d.severity, d.message, d.span.start) for d in found] == [
        ("PE101", Severity.ERROR, message, Position(line, column))
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a: [b, c] # d\n",
        "a: 'x]#y'\n",
        "a: '(?i)b ?c'\n",
        "a: [\n  b,\n]\n",
        "rules: [{\n  a: b\n}, {\n  c: d\n}]\n",
        "[a,\nb]\n",
        "a: |\n\n  b\n",
        "a: |2\n      \n    b\n",
        "a: >\n     \nb: 1\n",
        "a: [b,\n# a comment\n\n  c]\n",
    ],
)
def test_what_yaml_allows_passes(text: str) -> None:
    """Text that YAML allows, and closing brackets at the margin, are no fault."""
    assert read_document(text, "a.yaml").diagnostics == ()


@pytest.mark.parametrize(
    ("text", "column"),
    [
        (r"matches: order #\d+", 16),
        ("matches: (a|b #c)", 15),
        ("matches: foo| #bar", 15),
        ("expr: message.chars > #limit", 23),
        ('expr: message.text == "a #b"', 26),
    ],
)
def test_a_comment_that_cuts_a_value_is_a_warning(text: str, column: int) -> None:
    """A comment after an unquoted regex or expression that looks unfinished is pointed at."""
    found = read_document(text, "a.yaml").diagnostics

    assert [(d.code, d.severity, d.span.start) for d in found] == [("PE118", Severity.WARNING, Position(1, column))]


@pytest.mark.parametrize(
    "text",
    [
        "matches: order # numbers",
        "matches: order+ # one or more",
        "matches: order #numbers",
        "expr: message.chars > 20 # long (ish",
        "description: order #\\d+",
        "matches: 'a' #(b)",
    ],
)
def test_a_comment_that_is_one_passes(text: str) -> None:
    """A comment after a value that looks whole is a comment."""
    assert read_document(text, "a.yaml").diagnostics == ()
