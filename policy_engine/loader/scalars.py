"""Scalars that are not simply text: refused ones, tagged ones, and those with control characters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from policy_engine.diagnostics import Key
from policy_engine.loader.faults import control_character, empty_value, huge_number, not_finite, yaml_syntax
from policy_engine.loader.notes import Notes
from policy_engine.loader.plain import MAX_DIGITS, Refusal, Value, plain_value
from policy_engine.loader.quoting import offsets_in_source

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_TAG = re.compile(r"!(?:<[^>]*>|[^\s,\[\]{}]*)")
_CORE = "tag:yaml.org,2002:"


def subject(keys: Sequence[Key]) -> str:
    """What stands at the end of `keys`, as an author would call it: `then`, or item 3 of `tasks`."""
    if not keys:
        return "the file"
    last = keys[-1]
    if isinstance(last, str):
        return f"`{last}`"
    owner = next((key for key in reversed(keys) if isinstance(key, str)), None)
    return f"item {last + 1} of `{owner}`" if owner is not None else f"item {last + 1}"


def note_refusal(notes: Notes, refusal: Refusal, event: Any, *, key: Any, keys: Sequence[Key]) -> None:
    """Notes a plain scalar that has no value in a policy; `key` is the event of its key, None in a list."""
    if notes.is_full:
        return
    start, end = event.start_mark.index, event.end_mark.index
    match refusal:
        case Refusal.NULL:
            _note_null(notes, event, key=key, keys=keys)
        case Refusal.NOT_FINITE:
            message, help = f"{subject(keys)} is `{event.value}`", "write a number; leave an open end of a range out"
            notes.add(not_finite, message, start=start, end=end, help=help, keys=keys)
        case Refusal.HUGE:
            message = f"{subject(keys)} is a number too large to keep"
            help = f"write at most {MAX_DIGITS} digits, below 1.8e308; put an identifier in quotes"
            notes.add(huge_number, message, start=start, end=end, help=help, keys=keys)


def _note_null(notes: Notes, event: Any, *, key: Any, keys: Sequence[Key]) -> None:
    start, end = event.start_mark.index, event.end_mark.index
    if event.value:
        message, help = f"{subject(keys)} is null", "leave it out instead: nothing in a policy may be null"
    else:
        message, help = f"{subject(keys)} has no value", _help_for_nothing(notes.text, event, key)
        start, end = _visible(event, key)
    notes.add(empty_value, message, start=start, end=end, help=help, keys=keys)


def _visible(event: Any, key: Any) -> tuple[int, int]:
    """Something to point at where nothing is: the key, or the dash of the list item."""
    if key is not None and key.end_mark.index > key.start_mark.index:
        return key.start_mark.index, key.end_mark.index
    start: int = event.start_mark.index
    return max(0, start - 1), start


def _help_for_nothing(text: str, event: Any, key: Any) -> str:
    if text[event.start_mark.index : event.start_mark.index + 1] == "&" and event.anchor:
        return "put a value that begins with `&` in single quotes"
    if key is None:
        return "write a value after the dash, or remove the dash"
    name, colon, rest = str(getattr(key, "value", "")).partition(":")
    if colon and not key.style:
        return f"put a space after the colon: `{name}: {rest}`"
    after: int = key.end_mark.index
    if not text[after : after + 100].lstrip(" ").startswith(":"):
        return "put text with a comma in quotes; else write `key: value` for each entry, or use [ ] for a list"
    return "write a value after the colon, indent below it what belongs to it, or leave the key out"


def note_lone_dash(notes: Notes, event: Any, keys: Sequence[Key]) -> None:
    """Notes a `-` that stands where a value should, as in `[-]`."""
    message, help = "a `-` alone is no value", "inside [ ] separate items by commas, without dashes; or quote it"
    notes.add(yaml_syntax, message, start=event.start_mark.index, end=event.end_mark.index, help=help, keys=keys)


def note_controls(notes: Notes, event: Any, keys: Sequence[Key]) -> bool:
    """Notes the first control character of a scalar, and tells whether there is one."""
    found = _CONTROL.search(event.value)
    if found is None:
        return False
    start, end = _in_source(notes.text, event, found.start())
    message, help = told_character(found.group(), subject(keys))
    notes.add(control_character, message, start=start, end=end, help=help, keys=keys)
    return True


def note_raw_control(notes: Notes, offset: int) -> None:
    """Notes a control character that stands in the file as itself."""
    message, help = told_character(notes.text[offset], "the file")
    notes.add(control_character, message, start=offset, end=offset + 1, help=help)


def told_character(character: str, where: str) -> tuple[str, str]:
    """Message and help for a character that may not be in a policy."""
    code = ord(character)
    if character == "\b":
        help = r"YAML reads \b in double quotes as a backspace; put a regex in single quotes: '\b'"
        return f"{where} holds a backspace (U+0008)", help
    if 0xD800 <= code <= 0xDFFF:
        return f"{where} holds half of a character (U+{code:04X})", "write the character itself"
    return f"{where} holds a control character (U+{code:04X})", "remove it; put a regex in single quotes"


def _in_source(text: str, event: Any, offset: int) -> tuple[int, int]:
    """Where one character of a scalar's value stands in the file; the whole scalar if that is not certain."""
    start, end = event.start_mark.index, event.end_mark.index
    offsets = offsets_in_source(text[start:end], event.value)
    return (start, end) if offsets is None else (start + offsets[offset], start + offsets[offset + 1])


def tagged_value(event: Any) -> Value | None:
    """The value of a scalar with a core tag; None if the tag is another, or does not fit the text."""
    text: str = event.value
    if event.tag == _CORE + "str":
        return text
    value = plain_value(text)
    match event.tag.removeprefix(_CORE), value:
        case ("bool", bool()):
            return value
        case ("int", int()) if not isinstance(value, bool):
            return value
        case ("float", int() | float()) if not isinstance(value, bool):
            return float(value)
    return None


def written_tag(text: str, event: Any) -> tuple[str, int]:
    """A tag as the author wrote it, and the offset where it stands."""
    found = _TAG.search(text, event.start_mark.index)
    return (found.group(), found.start()) if found else (event.tag, event.start_mark.index)
