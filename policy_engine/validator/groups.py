"""The named groups of a regular expression, and which of them every match sets."""

from __future__ import annotations

import re
from dataclasses import dataclass

_OPENING = re.compile(r"\?P?<(?P<name>[^\W\d]\w*)>|\?[a-zA-Z-]*(?P<end>[:)])")
_QUANTIFIER = re.compile(r"[*+?]|\{(?P<least>\d+)(?:,\d*)?\}")
_CLASS_ITEM = re.compile(r"\[:\^?\w+:\]|\\.|[^\]]", re.DOTALL)


def names_in(pattern: str) -> frozenset[str]:
    """The names of all groups of an RE2 pattern."""
    return _read(pattern).every


def surely_set(pattern: str) -> frozenset[str]:
    """The names of those groups of an RE2 pattern that no match leaves unset."""
    return _read(pattern).sure


@dataclass(frozen=True, slots=True)
class _Groups:
    """Group names in a part of a pattern: those that its matches always set, and all."""

    sure: frozenset[str] = frozenset()
    every: frozenset[str] = frozenset()

    def then(self, other: _Groups) -> _Groups:
        return _Groups(self.sure | other.sure, self.every | other.every)

    def otherwise(self, other: _Groups) -> _Groups:
        return _Groups(self.sure & other.sure, self.every | other.every)

    def optional(self) -> _Groups:
        return _Groups(frozenset(), self.every)

    def named(self, name: str | None) -> _Groups:
        return self if name is None else self.then(_Groups(frozenset((name,)), frozenset((name,))))


class _Scanner:
    """Reads a pattern from left to right; what it cannot make sense of it takes for literal text."""

    __slots__ = ("at", "pattern")

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def alternatives(self) -> _Groups:
        """The groups up to the closing parenthesis or the end."""
        found = self.sequence()
        while self.pattern.startswith("|", self.at):
            self.at += 1
            found = found.otherwise(self.sequence())
        return found

    def sequence(self) -> _Groups:
        found = _Groups()
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            found = found.then(self.repeated())
        return found

    def repeated(self) -> _Groups:
        found = self.atom()
        while match := _QUANTIFIER.match(self.pattern, self.at):
            self.at = match.end()
            if match[0] in "*?" or match["least"] == "0":
                found = found.optional()
            if self.pattern.startswith("?", self.at):  # lazy, which changes nothing here
                self.at += 1
        return found

    def atom(self) -> _Groups:
        start = self.pattern[self.at]
        self.at += 1
        if start == "(":
            return self.group()
        if start == "[":
            self.character_class()
        elif self.pattern.startswith("\\Q", self.at - 1):
            end = self.pattern.find("\\E", self.at)
            self.at = len(self.pattern) if end < 0 else end + 2
        elif start == "\\":
            self.at += 1
        return _Groups()

    def group(self) -> _Groups:
        opening = _OPENING.match(self.pattern, self.at)
        name = None
        if opening is not None:
            self.at = opening.end()
            name = opening["name"]
            if opening["end"] == ")":  # flags for the rest, such as (?i)
                return _Groups()
        found = self.alternatives()
        self.at += 1  # the closing parenthesis
        return found.named(name)

    def character_class(self) -> None:
        for opening in ("^", "]"):  # a bracket that comes first is an item
            if self.pattern.startswith(opening, self.at):
                self.at += 1
        while item := _CLASS_ITEM.match(self.pattern, self.at):
            self.at = item.end()
        self.at += 1


def _read(pattern: str) -> _Groups:
    scanner = _Scanner(pattern)
    found = scanner.alternatives()
    while scanner.at < len(pattern):  # a parenthesis too many, which the regex check tells
        scanner.at += 1
        found = found.then(scanner.alternatives())
    return found
