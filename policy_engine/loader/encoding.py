"""Bytes of a policy file → its text: UTF-8, with or without a byte order mark."""

from __future__ import annotations

import codecs

from policy_engine.diagnostics import Diagnostic
from policy_engine.loader.faults import bad_encoding
from policy_engine.loader.lines import Lines
from policy_engine.loader.notes import Notes

# The longer marks first: UTF-32's begins with UTF-16's.
_WIDE_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_HELP = "save the file as UTF-8"


def decoded(content: bytes, path: str) -> tuple[str, tuple[Diagnostic, ...]]:
    """
    The text without its byte order mark, and what is wrong with the encoding.

    If something is, the text has U+FFFD in place of what could not be read: good for quoting, not for parsing.
    """
    skipped = len(codecs.BOM_UTF8) if content.startswith(codecs.BOM_UTF8) else 0
    content = content[skipped:]
    if wide := _wide_encoding(content):
        return content.decode("utf-8", "replace"), _refused(content, 0, path, f"the file is {wide}, not UTF-8")
    try:
        return content.decode("utf-8"), ()
    except UnicodeDecodeError as error:
        message = f"byte {error.start + skipped} (0x{content[error.start]:02X}) is not valid UTF-8"
        return content.decode("utf-8", "replace"), _refused(content, error.start, path, message)


def _wide_encoding(content: bytes) -> str | None:
    for mark, name in _WIDE_MARKS:
        if content.startswith(mark):
            return name
    head = content[:2]
    return "UTF-16" if len(head) == 2 and (head[0] == 0) != (head[1] == 0) else None


def _refused(content: bytes, offset: int, path: str, message: str) -> tuple[Diagnostic, ...]:
    lines = Lines(content.decode("utf-8", "replace"))
    start = len(content[:offset].decode("utf-8", "replace"))
    notes = Notes(path, lines.text)
    notes.add(bad_encoding, message, start=start, end=start + 1, help=_HELP)
    return notes.taken()
