"""What YAML 1.2 forbids or what loses text in silence, though the parser lets it pass."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from policy_engine.diagnostics import Key, Severity
from policy_engine.loader.events import Scalar, tokens
from policy_engine.loader.faults import comment_cuts_value, yaml_syntax
from policy_engine.loader.lines import indent_of
from policy_engine.loader.notes import Notes
from policy_engine.loader.scalars import subject

# Each begins with its rare sign, so that a text without it is searched fast.
_MAYBE_COMMENT = re.compile(r"#(?<=[\"'\],}\[{]#)")
_MAYBE_KEY = re.compile(r"\?(?<=[{\[,\s]\?)(?=\S)")
_FLOW_TOKENS = frozenset({",", "[", "]", "{", "}"})
_LEADING_BLANK = re.compile(r"(?P<header>[^\n]*)\n(?P<blank>(?:[ \t]*\r?\n)+)(?P<indent> *)(?=[^\s])")
_COMMENT = re.compile(r"[ \t]+#(?P<rest>.*)")
_ESCAPED = re.compile(r"\\.")
_UNFINISHED = {
    "expr": re.compile(r"(?:[=<>!+\-*/%(\[,]|\b(?:and|or|not|in))$"),
    "matches": re.compile(r"(?:[|(\[\\])$"),
}
_REST_OF_REGEX = re.compile(r"[\\?*+\[({|.^$]")


def note_glued_signs(notes: Notes) -> None:
    """
    Notes signs that lack the space that gives them their meaning.

    A `#` right after a quote, bracket or comma is no comment, and a `?` right before text, as in `{?a: b}`, marks no
    key: the parser takes them so, and would lose the text or the question mark.
    """
    text = notes.text
    if not _MAYBE_COMMENT.search(text) and not _may_glue_key(text):
        return
    for token in tokens(text):
        if notes.is_full:
            return
        start, end = token.start_mark.index, token.end_mark.index
        if text[end : end + 1] == "#" and (token.id in _FLOW_TOKENS or getattr(token, "style", None) in ("'", '"')):
            message, help = "a comment begins without a space before it", "put a space before the `#`"
            notes.add(yaml_syntax, message, start=end, end=end + 1, help=help)
        if token.id == "?" and text[start] == "?" and text[start + 1 : start + 2].strip():
            message, help = "text begins with `?` inside brackets", "put it in single quotes"
            notes.add(yaml_syntax, message, start=start, end=start + 1, help=help)


def _may_glue_key(text: str) -> bool:
    befores = (text[max(0, found.start() - 80) : found.start()].rstrip() for found in _MAYBE_KEY.finditer(text))
    return any(before[-1:] in ("", "{", "[", ",") for before in befores)


def note_shallow_lines(notes: Notes, first: Any, last: Any, *, column: int | None, keys: Sequence[Key]) -> None:
    """
    Notes the first line of a quoted or bracketed value that is not indented deeper than the block it stands in.

    `column` is the 0-based column of that block, None if there is none. A line that begins with the closing bracket
    may be shallow: that loses nothing, and many write it so.
    """
    if column is None:
        return
    lines = notes.lines
    is_quoted = type(first) is Scalar
    start, end = first.start_mark.index, last.end_mark.index
    for number in range(lines.number(start) + 1, lines.number(end) + 1):
        line = lines.line(number)
        content = line.strip()
        is_free = not content or (not is_quoted and content[0] in "#]}")
        if is_free or indent_of(line) > column:
            continue
        message = f"this line continues {subject(keys)}, but is not indented deeper than it"
        start = lines.start(number)
        help = f"indent it with at least {column + 1} space{'s' if column else ''}"
        notes.add(yaml_syntax, message, start=start, end=lines.end(number), help=help, keys=keys)
        return


def note_block_indent(notes: Notes, event: Any, *, column: int | None, keys: Sequence[Key]) -> None:
    """Notes a `|` or `>` text that opens with blank lines longer than the indentation of its first line."""
    found = _LEADING_BLANK.match(notes.text, event.start_mark.index)
    if found is None or any(character.isdigit() for character in found["header"]):
        return
    indent = len(found["indent"])
    if indent <= (-1 if column is None else column):
        return
    if max(indent_of(line) for line in found["blank"].splitlines()) > indent:
        message = f"{subject(keys)} opens with a blank line that is indented deeper than its text"
        start = found.start("blank")
        notes.add(yaml_syntax, message, start=start, end=found.end("blank"), help="empty that line", keys=keys)


def note_cutting_comment(notes: Notes, event: Any, keys: Sequence[Key]) -> None:
    """Notes an unquoted regex or expression that a comment seems to cut off; `keys` end with `expr` or `matches`."""
    end: int = event.end_mark.index
    if type(event) is not Scalar or event.style:
        return
    found = _COMMENT.match(notes.text, end)
    if found is None or not _seems_cut(str(keys[-1]), event.value, found["rest"]):
        return
    message = f"` #` begins a comment, so {subject(keys)} is only `{event.value}`"
    help = "put the value in single quotes; set off a comment with a space after the `#`"
    start = found.start("rest") - 1
    notes.add(
        comment_cuts_value, message, start=start, end=found.end(), help=help, keys=keys, severity=Severity.WARNING
    )


def _seems_cut(key: str, value: str, rest: str) -> bool:
    bare = _ESCAPED.sub("", value)
    unbalanced = any(bare.count(a) != bare.count(b) for a, b in ("()", "[]")) or bare.count('"') % 2 == 1
    follows = key == "matches" and _REST_OF_REGEX.match(rest) is not None
    return unbalanced or follows or _UNFINISHED[key].search(value) is not None
