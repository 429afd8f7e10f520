"""Mistakes between values: indentation, brackets, and lines that belong nowhere."""

from __future__ import annotations

import re

from policy_engine.loader.events import tokens
from policy_engine.loader.faults import tab_indentation
from policy_engine.loader.faults import too_deep as too_deep_fault
from policy_engine.loader.lines import indent_of
from policy_engine.loader.mistakes.place import Mistake, Place

_CONFLICT = re.compile(r"^(?:<{7}|={7}|>{7})(?: |$)", re.MULTILINE)
_COMMENT = re.compile(r"[^\n\r]*?[ \t](#[^\n\r]*)")
_CLOSERS = {"[": "]", "{": "}"}


def conflict(place: Place) -> Mistake | None:
    """The marks that a version control system leaves where two versions did not fit."""
    found = _CONFLICT.search(place.text)
    if found is None or found.start() > place.at + 1:
        return None
    help = "resolve it, and remove the lines `<<<<<<<`, `=======` and `>>>>>>>`"
    return Mistake("a merge conflict was left in the file", help, found.start(), found.end())


def too_deep(place: Place) -> Mistake | None:
    """Brackets in brackets, so many that the parser itself gives up, which it may do before the first is read."""
    if "nesting depth" not in place.problem:
        return None
    return Mistake(too_deep_fault.MESSAGE, too_deep_fault.HELP, place.at, place.at + 1, too_deep_fault)


def tab(place: Place) -> Mistake | None:
    """A tab in the indentation."""
    white = place.line[: len(place.line) - len(place.line.lstrip(" \t"))]
    start = place.lines.start(place.number)
    if "\t" not in white or place.at > start + len(white):
        return None
    first = start + white.index("\t")
    message, help = "this line is indented with a tab", "indent with spaces only"
    return Mistake(message, help, first, start + len(white), tab_indentation)


def missing_colon(place: Place) -> Mistake | None:
    """A line that should be `key: value` and is neither that nor a list item."""
    number = place.number
    if "could not find expected ':'" in place.problem and place.opened is not None:
        number = place.lines.number(place.opened)
    elif "mapping values" in place.problem and number > 1:
        number -= 1
    else:
        return None
    line = re.sub(r"(?:^|\s)#.*", "", place.lines.line(number))
    content = line.strip()
    if not content or re.search(r":(?:\s|$)", content):
        return None
    start = place.lines.start(number) + len(line) - len(line.lstrip())
    name, colon, rest = content.partition(":")
    help = (
        f"put a space after the colon: `{name}: {rest}`"
        if colon
        else "write `key: value`, with a space after the colon"
    )
    shown = content if len(content) <= 60 else content[:60] + "…"
    return Mistake(f"`{shown}` is no `key: value`", help, start, start + len(content))


def too_deep_line(place: Place) -> Mistake | None:
    """A line that is indented deeper than the entry above it, which already has a value."""
    if "mapping values" not in place.problem:
        return None
    above = next((n for n in range(place.number - 1, 0, -1) if place.lines.line(n).strip()), None)
    if above is None or indent_of(place.lines.line(above)) >= indent_of(place.line):
        return None
    return _misplaced(place, f"this line is indented deeper than line {above}, which already has a value")


def open_bracket(place: Place) -> Mistake | None:
    """A bracket that is not closed, or not where it seems."""
    if place.opened is None or "flow" not in place.context:
        return None
    if place.here == ",":
        return Mistake("a value is missing before this comma", "remove the comma", place.at, place.at + 1)
    opened = place.opened if place.text[place.opened : place.opened + 1] in _CLOSERS else _innermost(place.text)
    if opened is None:
        return None
    opener, closer = place.text[opened], _CLOSERS[place.text[opened]]
    rest = place.line[len(place.before) :]
    same_line = place.lines.number(opened) == place.number
    if place.here and (same_line or rest.count(closer) > rest.count(opener)):
        message = f"a `,` or `{closer}` should stand here"
        return Mistake(message, "separate items by commas, or put text in single quotes", place.at, place.at + 1)
    comment = _COMMENT.match(place.text, opened)
    if comment and closer in comment[1]:
        message = f"` #` begins a comment, which hides the `{closer}`"
        return Mistake(message, "put the value with the `#` in single quotes", comment.start(1), comment.end(1))
    message = f"the `{opener}` opened here is never closed"
    return Mistake(message, f"close it with `{closer}`, after the last item", opened, opened + 1)


def _innermost(text: str) -> int | None:
    """The last bracket that is still open where the parser stopped."""
    opened: list[int] = []
    for token in tokens(text):
        if token.id in _CLOSERS:
            opened.append(token.start_mark.index)
        elif token.id in _CLOSERS.values() and opened:
            opened.pop()
    return opened[-1] if opened else None


def extra_closer(place: Place) -> Mistake | None:
    """A closing bracket too many."""
    if place.here not in ("]", "}"):
        return None
    message = f"this `{place.here}` closes nothing"
    return Mistake(message, "remove it, or add what opens it", place.at, place.at + 1)


def dash(place: Place) -> Mistake | None:
    """A list item where none can be."""
    if place.here != "-":
        return None
    if place.before.strip():
        help = "put each `- item` on a line of its own, or write the list as [a, b]"
        return Mistake("a list item cannot begin here", help, place.at, place.at + 1)
    return _misplaced(place, "a list item stands among the keys of a mapping")


def indentation(place: Place) -> Mistake | None:
    """A line that fits no indentation above it."""
    if place.before.strip() or not place.here.strip() or "block" not in place.context:
        return None
    return _misplaced(place, "this line is not aligned with the lines around it")


def _misplaced(place: Place, message: str) -> Mistake:
    start = place.lines.start(place.number) + indent_of(place.line)
    help = "indent the entries of one mapping or list alike, with spaces"
    return Mistake(message, help, start, place.lines.end(place.number))


def directive(place: Place) -> Mistake | None:
    """A line that begins with `%`."""
    if "directive" not in place.context + place.problem and "incompatible" not in place.problem:
        return None
    start = place.lines.start(place.number)
    message = "this line is a YAML directive, which a policy does not need"
    return Mistake(message, "remove it; quote text that begins with `%`", start, place.lines.end(place.number))


def after_document(place: Place) -> Mistake | None:
    """Text after the end of the document."""
    if "<document start>" not in place.problem:
        return None
    message = "the YAML document ends before this text"
    return Mistake(message, "indent what belongs together alike; remove a `...` line", place.at, place.at + 1)
