"""Conditions put together while importing: as a policy writes them, or True and False where nothing is left to test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

Formula: TypeAlias = dict[str, Any] | bool
"""A condition as a mapping, or what it always is."""


def all_of(parts: Sequence[Formula]) -> Formula:
    """True where all parts are."""
    left = [part for part in parts if part is not True]
    if any(part is False for part in left):
        return False
    return _joined("all", left) if left else True


def any_of(parts: Sequence[Formula]) -> Formula:
    """True where one of the parts is."""
    left = [part for part in parts if part is not False]
    if any(part is True for part in left):
        return True
    return _joined("any", left) if left else False


def negated(part: Formula) -> Formula:
    """True where the part is false."""
    if isinstance(part, bool):
        return not part
    if list(part) == ["any"]:
        return {"none": part["any"]}
    if list(part) == ["none"]:
        return any_of(part["none"])
    return {"not": part} if len(part) == 1 else {"none": [part]}


def _joined(word: str, parts: list[Any]) -> Formula:
    """Members that are joined by the same word become members of the whole."""
    members: list[Any] = []
    for part in parts:
        members += part[word] if list(part) == [word] else [part]
    return members[0] if len(members) == 1 else {word: members}
