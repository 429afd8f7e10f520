"""Mistakes inside a value: quotes, escapes, and characters that mean something to YAML."""

from __future__ import annotations

import re

from policy_engine.loader.events import tokens
from policy_engine.loader.faults import control_character
from policy_engine.loader.mistakes.place import Mistake, Place
from policy_engine.loader.scalars import told_character

_QUOTE_IT = "put the value in single quotes"
_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ENTRY = re.compile(r"(?P<key>[^\s:{}\[\],#'\"][^:{}\[\],#'\"]*|'[^']*'|\"[^\"]*\"):[ \t]+(?P<value>\S.*)")
_STARTERS = {
    "[": "begins with `[`, which YAML reads as a list",
    "{": "begins with `{`, which YAML reads as a mapping",
    "*": "begins with `*`, which YAML reads as an alias",
    "&": "begins with `&`, which YAML reads as an anchor",
    "!": "begins with `!`, which YAML reads as a tag",
    "%": "begins with `%`, which YAML keeps for directives",
    "@": "begins with `@`, which YAML keeps for itself",
    "`": "begins with a backtick, which YAML keeps for itself",
    "?": "begins with `? `, which YAML reads as the start of a key",
    "|": "begins with `|`, which YAML reads as the start of a block of text",
    ">": "begins with `>`, which YAML reads as the start of a block of text",
}
_LOOK_AROUND = 500  # code points of a line, each way; lines may be long
_CLOSERS = {"[": "]", "{": "}"}


def control(place: Place) -> Mistake | None:
    """A character that may not be in a file at all."""
    if "control characters" not in place.problem and "special characters" not in place.problem:
        return None
    found = _UNPRINTABLE.search(place.text)
    if found is None:
        return None
    message, help = told_character(found.group(), "the file")
    return Mistake(message, help, found.start(), found.end(), control_character)


def escape(place: Place) -> Mistake | None:
    """A backslash in double quotes that begins nothing YAML knows."""
    if "escape" not in place.problem and "hexdecimal" not in place.problem and "hexadecimal" not in place.problem:
        return None
    start = place.text.rfind("\\", 0, place.at + 1)
    written = re.compile(r"\\(?:[uUx][0-9a-fA-F]*|.)", re.DOTALL).match(place.text, max(start, 0))
    if written is None:
        return None
    if "invalid Unicode" in place.problem:
        message, help = f"`{written.group()}` is not a character", "write the character itself"
        return Mistake(message, help, written.start(), written.end(), control_character)
    message = f"`{written.group()}` is no escape that YAML knows in double quotes"
    help = "put the value in single quotes, where a backslash is only a backslash"
    return Mistake(message, help, written.start(), written.end())


def open_quote(place: Place) -> Mistake | None:
    """A quote that is not closed before the file ends."""
    if place.opened is None or "quoted scalar" not in place.context or "escape" in place.problem:
        return None
    quote = place.text[place.opened]
    help = f"close it with {quote} on this line"
    return Mistake(f"the quote {quote} opened here is never closed", help, place.opened, place.opened + 1)


def after_quote(place: Place) -> Mistake | None:
    """Text after a closing quote, or a quote that closes one opened lines above."""
    before = place.text[: place.at].rstrip(" \t")
    if not before.endswith(("'", '"')) or not place.before.strip() or place.here in ("", "\n", "\r"):
        return None
    quote, opened = before[-1], _start_of_quoted(place.text, len(before))
    if opened is None:
        return None
    line = place.lines.number(opened)
    if line != place.number:
        return Mistake(
            f"the quote {quote} opened here runs on to line {place.number}",
            f"close it with {quote} on this line; inside single quotes write '' for a quote",
            opened,
            opened + 1,
        )
    cure = "write it twice, ''" if quote == "'" else 'write \\", or put the whole value in single quotes'
    message = f"text follows the closing quote {quote}"
    return Mistake(message, f"for a {quote} inside the value, {cure}", place.at, place.lines.end(place.number))


def _start_of_quoted(text: str, end: int) -> int | None:
    for token in tokens(text):
        if token.end_mark.index == end and getattr(token, "style", None) in ("'", '"'):
            start: int = token.start_mark.index
            return start
    return None


def starter(place: Place) -> Mistake | None:
    """A value that begins with a character which means something to YAML."""
    entry = _entry_at(place)
    if entry is None:
        return None
    key, value, start = entry
    means = _STARTERS.get(value[0])
    if means is None or (value[0] in "[{" and not _goes_on_after_bracket(place, value, start)):
        return None
    end = place.lines.end(place.lines.number(start))
    return Mistake(f"`{key}` {means}", _quoted_help(key, value), start, end)


def _entry_at(place: Place) -> tuple[str, str, int] | None:
    """Key, value and the value's offset of the last entry on the line that starts before the parser stopped."""
    start = max(place.lines.start(place.number), place.at - _LOOK_AROUND)
    line = place.text[start : min(place.lines.end(place.number), place.at + _LOOK_AROUND)]
    found = None
    position = 0
    while (entry := _ENTRY.search(line, position)) and start + entry.start("value") <= place.at:
        found, position = entry, entry.start("value")
    if found is None:
        return None
    return _bare_key(found["key"]), found["value"].rstrip(), start + found.start("value")


def _bare_key(written: str) -> str:
    return re.sub(r"^(?:- +)+", "", written.strip()).strip("'\"")


def _goes_on_after_bracket(place: Place, value: str, start: int) -> bool:
    """Whether the parser stopped at text right after the bracket that ends a list or mapping."""
    closer = _CLOSERS[value[0]]
    return (
        place.text[start : place.at].rstrip(" ").endswith(closer)
        and place.here not in ("", "]", "}", ",")
        and place.here.isprintable()
    )


def _quoted_help(key: str, value: str) -> str:
    if "'" in value or len(value) > 60 or value.count("}") > value.count("{"):
        return f"{_QUOTE_IT}: {key}: '…'"
    return f"{_QUOTE_IT}: {key}: '{value}'"


def leading_colon(place: Place) -> Mistake | None:
    """Text that begins with a colon, inside brackets."""
    if place.here != ":" or "node content" not in place.problem:
        return None
    message = "inside [ ] and { }, text that begins with `:` must be quoted"
    return Mistake(message, _QUOTE_IT, place.at, place.at + 1)


def colon(place: Place) -> Mistake | None:
    """A `: ` inside an unquoted value."""
    if place.here != ":" or not place.before.strip():
        return None
    before = place.before[-_LOOK_AROUND:]
    entry = _ENTRY.search(before + ": x")
    if entry is None or entry.start("value") >= len(before):
        return None
    keys = _entries(before + ":")
    key = keys[-1] if keys else _bare_key(entry["key"])
    help = _QUOTE_IT if "flow" not in place.context else f"{_QUOTE_IT}, or put a comma before the next key"
    return Mistake(f"`{key}` holds a `: ` that YAML reads as a mapping", help, place.at, place.at + 1)


def _entries(line: str) -> list[str]:
    found, position = [], 0
    while entry := _ENTRY.search(line, position):
        found.append(_bare_key(entry["key"]))
        position = entry.start("value")
    return found
