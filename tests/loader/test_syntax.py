"""The words for texts that are not YAML."""

from __future__ import annotations

import pytest

from policy_engine.diagnostics import Position
from policy_engine.loader.document import read_document

QUOTES = "put the value in single quotes"
ALIKE = "indent the entries of one mapping or list alike, with spaces"


@pytest.mark.parametrize(
    ("text", "code", "start", "message", "help"),
    [
        ("expr: a == b: c\n", "PE101", (1, 13), "`expr` holds a `: ` that YAML reads as a mapping", QUOTES),
        (
            "when: {expr: a: b}\n",
            "PE101",
            (1, 15),
            "`expr` holds a `: ` that YAML reads as a mapping",
            f"{QUOTES}, or put a comma before the next key",
        ),
        (
            "- matches: [abc]+\n",
            "PE101",
            (1, 12),
            "`matches` begins with `[`, which YAML reads as a list",
            f"{QUOTES}: matches: '[abc]+'",
        ),
        (
            "expr: {a} and b\n",
            "PE101",
            (1, 7),
            "`expr` begins with `{`, which YAML reads as a mapping",
            f"{QUOTES}: expr: '{{a}} and b'",
        ),
        (
            "matches: *.py\n",
            "PE101",
            (1, 10),
            "`matches` begins with `*`, which YAML reads as an alias",
            f"{QUOTES}: matches: '*.py'",
        ),
        (
            "expr: &&a\n",
            "PE101",
            (1, 7),
            "`expr` begins with `&`, which YAML reads as an anchor",
            f"{QUOTES}: expr: '&&a'",
        ),
        (
            "expr: %a\n",
            "PE101",
            (1, 7),
            "`expr` begins with `%`, which YAML keeps for directives",
            f"{QUOTES}: expr: '%a'",
        ),
        (
            "expr: @a\n",
            "PE101",
            (1, 7),
            "`expr` begins with `@`, which YAML keeps for itself",
            f"{QUOTES}: expr: '@a'",
        ),
        (
            "matches: `a`\n",
            "PE101",
            (1, 10),
            "`matches` begins with a backtick, which YAML keeps for itself",
            f"{QUOTES}: matches: '`a`'",
        ),
        (
            "expr: > 5\n",
            "PE101",
            (1, 7),
            "`expr` begins with `>`, which YAML reads as the start of a block of text",
            f"{QUOTES}: expr: '> 5'",
        ),
        (
            "matches: |a|b\n",
            "PE101",
            (1, 10),
            "`matches` begins with `|`, which YAML reads as the start of a block of text",
            f"{QUOTES}: matches: '|a|b'",
        ),
        (
            "matches: ? a\n",
            "PE101",
            (1, 10),
            "`matches` begins with `? `, which YAML reads as the start of a key",
            f"{QUOTES}: matches: '? a'",
        ),
        ("a: [:x]\n", "PE101", (1, 5), "inside [ ] and { }, text that begins with `:` must be quoted", QUOTES),
        (
            'matches: "a\nb: 1\n',
            "PE101",
            (1, 10),
            'the quote " opened here is never closed',
            'close it with " on this line',
        ),
        (
            "a: 'b\nc: 'd'\n",
            "PE101",
            (1, 4),
            "the quote ' opened here runs on to line 2",
            "close it with ' on this line; inside single quotes write '' for a quote",
        ),
        (
            "a: 'it's'\n",
            "PE101",
            (1, 8),
            "text follows the closing quote '",
            "for a ' inside the value, write it twice, ''",
        ),
        (
            'a: "\\d"\n',
            "PE101",
            (1, 5),
            "`\\d` is no escape that YAML knows in double quotes",
            "put the value in single quotes, where a backslash is only a backslash",
        ),
        ('a: "\\ud800"\n', "PE105", (1, 5), "`\\ud800` is not a character", "write the character itself"),
        (
            "a: b\x07\n",
            "PE105",
            (1, 5),
            "the file holds a control character (U+0007)",
            "remove it; put a regex in single quotes",
        ),
        ("a:\n\tb: 1\n", "PE106", (2, 1), "this line is indented with a tab", "indent with spaces only"),
        ("a:\n  b: 1\n\tc: 2\n", "PE106", (3, 1), "this line is indented with a tab", "indent with spaces only"),
        ("a:\n  b: 1\n c: 2\n", "PE101", (3, 2), "this line is not aligned with the lines around it", ALIKE),
        (
            "a: 1\n  b: 2\n",
            "PE101",
            (2, 3),
            "this line is indented deeper than line 1, which already has a value",
            ALIKE,
        ),
        ("a:\n- b\nc: 1\n- d\n", "PE101", (4, 1), "a list item stands among the keys of a mapping", ALIKE),
        (
            "a: - b\n",
            "PE101",
            (1, 4),
            "a list item cannot begin here",
            "put each `- item` on a line of its own, or write the list as [a, b]",
        ),
        (
            "version 1\nrules: []\n",
            "PE101",
            (1, 1),
            "`version 1` is no `key: value`",
            "write `key: value`, with a space after the colon",
        ),
        ("b:1\nc: 2\n", "PE101", (1, 1), "`b:1` is no `key: value`", "put a space after the colon: `b: 1`"),
        (
            "a: [b\nc: 1\n",
            "PE101",
            (1, 4),
            "the `[` opened here is never closed",
            "close it with `]`, after the last item",
        ),
        (
            "a: {b: c #d}\ne: 1\n",
            "PE101",
            (1, 10),
            "` #` begins a comment, which hides the `}`",
            "put the value with the `#` in single quotes",
        ),
        (
            "a: ['b' 'c']\n",
            "PE101",
            (1, 9),
            "text follows the closing quote '",
            "for a ' inside the value, write it twice, ''",
        ),
        ("a: [b, {", "PE101", (1, 8), "the `{` opened here is never closed", "close it with `}`, after the last item"),
        (
            "a: {b: 1\n  c: 2}\n",
            "PE101",
            (2, 4),
            "a `,` or `}` should stand here",
            "separate items by commas, or put text in single quotes",
        ),
        ("a: [b]]\n", "PE101", (1, 7), "this `]` closes nothing", "remove it, or add what opens it"),
        ("a: [b,,c]\n", "PE101", (1, 7), "a value is missing before this comma", "remove the comma"),
        (
            "a: 1\n<<<<<<< HEAD\nb: 2\n=======\n",
            "PE101",
            (2, 1),
            "a merge conflict was left in the file",
            "resolve it, and remove the lines `<<<<<<<`, `=======` and `>>>>>>>`",
        ),
        (
            "%FOO\na: 1\n",
            "PE101",
            (1, 1),
            "this line is a YAML directive, which a policy does not need",
            "remove it; quote text that begins with `%`",
        ),
        (
            "a: 1\n... x\n",
            "PE101",
            (2, 5),
            "the YAML document ends before this text",
            "indent what belongs together alike; remove a `...` line",
        ),
        (
            "--- a: b\n",
            "PE101",
            (1, 6),
            "this is not valid YAML",
            "check quotes, brackets and indentation here and on the line above",
        ),
    ],
)
def test_the_usual_mistakes_are_named(text: str, code: str, start: tuple[int, int], message: str, help: str) -> None:
    """Each mistake is one diagnostic in plain words, with the cure, and there is no data."""
    document = read_document(text, "a.yaml")

    assert [(d.code, d.span.start, d.message, d.help) for d in document.diagnostics] == [
        (code, Position(*start), message, help)
    ]
    assert document.data is None


def test_a_long_line_costs_no_more_than_its_length() -> None:
    """A mistake in a line of a million characters is found at once."""
    text = "a" * 1_000_000 + ": b: c\n"

    assert [d.code for d in read_document(text, "a.yaml").diagnostics] == ["PE101"]
