"""Texts in which a pattern is found, made from the pattern; a guess, to be confirmed by a search."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_NEGATED: Final = " x1.-"
_ESCAPES: Final = {"d": "4", "D": "a", "w": "a", "W": " ", "s": " ", "S": "a", "n": "\n", "t": "\t", "r": "\r"}
_NOTHING: Final = frozenset("bBAzZ")
_CLASSES: Final = {
    "L": "a",
    "N": "1",
    "P": ".",
    "S": "+",
    "Z": " ",
    "Han": "中",
    "Hiragana": "あ",
    "Katakana": "ア",
    "Hangul": "한",
    "Arabic": "ع",
    "Hebrew": "א",
    "Thai": "ก",
    "Devanagari": "क",
    "Cyrillic": "я",
    "Greek": "λ",
}
_GROUP = re.compile(r"\((?:\?(?:P?<\w+>|[a-zA-Z-]*:|(?P<flags>[a-zA-Z-]+)\)))?")
_COUNT = re.compile(r"\{(\d+)(?:,\d*)?\}")


def samples_of(pattern: str, count: int) -> Iterator[str]:
    """Up to so many different texts, one for each choice of alternatives that comes first."""
    seen: set[str] = set()
    for choice in range(count):
        text = _Reader(pattern, choice).text()
        if text not in seen:
            seen.add(text)
            yield text


class _Reader:
    """Reads a pattern and writes a text that it matches; `choice` says which alternatives to take."""

    def __init__(self, pattern: str, choice: int) -> None:
        self._pattern = pattern
        self._choice = choice
        self._at = 0

    def text(self) -> str:
        """The text; as much of it as could be understood."""
        found = self._alternatives()
        while self._at < len(self._pattern):  # a bracket too many
            self._at += 1
        return found

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _next(self) -> str:
        self._at += 1
        return self._pattern[self._at - 1 : self._at]

    def _alternatives(self) -> str:
        found = [self._sequence()]
        while self._peek() == "|":
            self._at += 1
            found.append(self._sequence())
        return found[self._choice % len(found)]

    def _sequence(self) -> str:
        parts = []
        while (char := self._peek()) and char not in "|)":
            parts.append(self._repeated(self._atom()))
        return "".join(parts)

    def _repeated(self, atom: str) -> str:
        char = self._peek()
        times = 1
        if char in ("*", "?"):
            times = self._choice % 2
            self._at += 1
        elif char == "+":
            self._at += 1
        elif (count := _COUNT.match(self._pattern, self._at)) is not None:
            times = int(count[1])
            self._at = count.end()
        else:
            return atom
        if self._peek() == "?":
            self._at += 1
        return atom * times

    def _atom(self) -> str:
        char = self._peek()
        if char == "(":
            return self._group()
        self._at += 1
        if char == "[":
            return self._set()
        if char == "\\":
            return self._escape()
        if char in "^$":
            return ""
        return "x" if char == "." else char

    def _group(self) -> str:
        opening = _GROUP.match(self._pattern, self._at)
        assert opening is not None  # it begins with `(`
        self._at = opening.end()
        if opening["flags"]:
            return ""
        inner = self._alternatives()
        self._at += 1
        return inner

    def _escape(self) -> str:
        char = self._next()
        if char in "pP":
            name = self._braced() if self._peek() == "{" else self._next()
            return _CLASSES.get(name, "a")
        if char == "x":
            code = self._braced() if self._peek() == "{" else self._next() + self._next()
            return chr(int(code, 16))
        return "" if char in _NOTHING else _ESCAPES.get(char, char)

    def _braced(self) -> str:
        end = self._pattern.index("}", self._at)
        name = self._pattern[self._at + 1 : end]
        self._at = end + 1
        return name

    def _set(self) -> str:
        is_negated = self._peek() == "^"
        self._at += is_negated
        members: list[str] = []
        while (char := self._next()) and (char != "]" or not members):
            members.append(self._escape() if char == "\\" else char)
            if self._peek() == "-" and self._pattern[self._at + 1 : self._at + 2] != "]":
                self._at += 2  # a range, of which its beginning will do
        if is_negated:
            return next((char for char in _NEGATED if char not in members), "~")
        return members[self._choice % len(members)] if members else ""
