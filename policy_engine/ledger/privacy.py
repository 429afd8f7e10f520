"""What the ledger may hold of a request: by default lengths and hashes, and no text."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

MASKED = "[masked]"
"""Stands in for what a mask covers."""

MAX_TEXT_CHARS = 100_000
"""How much of a text is kept where texts are."""


class Log(StrEnum):
    """How much of the texts is kept: length and SHA-256, length alone, the text without what looks personal, all."""

    HASH = "hash"
    NONE = "none"
    REDACTED = "redacted"
    FULL = "full"


# Every repetition is bounded, so that hostile text costs no more than its length. The order matters.
_PERSONAL = (
    ("key", re.compile(r"\b(?:sk|pk|ghp|xox[abp]|AKIA)[-_]?[A-Za-z0-9_-]{12,200}")),
    ("email", re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")),
    ("iban", re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")),
    ("address", re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")),
    ("number", re.compile(r"(?<![\w.])\+?\d(?:[ ().-]{0,2}\d){6,30}")),
)


def kept_text(text: str, log: Log) -> str | None:
    """What is kept of a text, or None."""
    if log not in (Log.REDACTED, Log.FULL):
        return None
    text = clean(text[:MAX_TEXT_CHARS])
    return redacted(text) if log is Log.REDACTED else text


def redacted(text: str) -> str:
    """A text with names of kinds, such as `[email]`, for what looks personal: addresses, long numbers, keys."""
    for kind, pattern in _PERSONAL:
        text = pattern.sub(f"[{kind}]", text)
    return text


def digest(text: str, log: Log) -> str | None:
    """The SHA-256 of a text in hexadecimal; None where nothing is to be kept of it: a short text can be guessed."""
    return None if log is Log.NONE else hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def clean(text: str) -> str:
    """The same text without what UTF-8 cannot hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def masked(values: Mapping[str, Any], masks: tuple[str, ...]) -> dict[str, Any]:
    """
    The same values with `[masked]` for what paths cover.

    Args:
        values: a tree of mappings.
        masks: dotted paths such as `attributes.email`, `user`, `signals.signal.risk`; `*` stands for any one name, and
            what is under a covered name is covered. A name may itself have dots.
    """
    covered = dict(values)
    for mask in masks:
        _cover(covered, mask)
    return covered


def _cover(values: dict[str, Any], path: str) -> None:
    """Covers a path in a mapping that belongs to the caller, copying what it changes below."""
    for name in list(values):
        if path in (name, "*") and values[name] is not None:
            values[name] = MASKED
            continue
        first = "*" if path.startswith("*.") else name
        if path.startswith(f"{first}.") and isinstance(values[name], Mapping):
            values[name] = dict(values[name])
            _cover(values[name], path[len(first) + 1 :])
