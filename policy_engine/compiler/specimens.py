"""Texts in which a pattern is found, made from the pattern: tried afterwards, so a wrong guess does no harm."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from random import Random
from typing import TypeAlias

from policy_engine.compiler.pattern import PatternError, phrase_in, searcher

TRIES = 16
"""How many guesses are made for one pattern."""

_Grow: TypeAlias = Callable[[Random], str]

_TOKEN = re.compile(
    r"\\Q(?P<quoted>.*?)(?:\\E|$)|\\(?P<prop>[pP](?:\{\^?\w+\}|\w))|\\x(?P<hex>\{[0-9a-fA-F]+\}|[0-9a-fA-F]{2})"
    r"|\\(?P<escaped>.)|\[(?P<neg>\^)?(?P<set>\]?(?:\[:\^?\w+:\]|\\.|[^\]])*)\]|(?P<open>\((?:\?P?<\w+>|\?[a-zA-Z-]*:)?)"
    r"|(?P<flags>\(\?[a-zA-Z-]+\))|(?P<char>.)",
    re.DOTALL,
)
_FLAGS = re.compile(r"\(\?[a-zA-Z-]+\)")
_REPEAT = re.compile(r"(?:[*+?]|\{(\d+)(?:(,)(\d*))?\})\??")
_CLASSES = {
    "d": "0123456789",
    "w": "abcxyz012_",
    "s": " \t\n",
    "D": "ax-",
    "W": " -.",
    "S": "ax1",
    "n": "\n",
    "t": "\t",
}
_SCRIPTS = {"Han": "日本", "Hiragana": "ひら", "Katakana": "カタ", "Hangul": "한글", "Arabic": "عر", "Hebrew": "שלו"}
_SCRIPTS |= {"Thai": "ไทย", "Devanagari": "हिन्", "Cyrillic": "жи", "Greek": "αβ", "Latin": "ab", "N": "12", "Nd": "12"}
_SCRIPTS |= {"L": "ab", "Lu": "AB", "Ll": "ab", "P": ".!", "S": "+$", "Z": " ", "M": "\u0301"}
_PLAIN = "abcxyz019 .-ABC_é日\n"


def specimens(pattern: str) -> Iterator[str]:
    """Different texts that hold the pattern, short ones first; none where it is not understood."""
    phrase = phrase_in(pattern)
    if phrase is not None:
        yield phrase
        return
    try:
        grow = _Parser(pattern).alternatives()
        found = searcher((pattern,))
        seen: set[str] = set()
        for seed in range(TRIES):
            text = grow(Random(seed))
            if text not in seen and text and found(text) is True:
                seen.add(text)
                yield text
    except (PatternError, IndexError, RecursionError):
        return


class _Parser:
    """Reads a pattern into a function that grows a text of it."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def alternatives(self) -> _Grow:
        branches = [self._sequence()]
        while self.pattern.startswith("|", self.at):
            self.at += 1
            branches.append(self._sequence())
        return lambda rng: rng.choice(branches)(rng)

    def _sequence(self) -> _Grow:
        parts: list[_Grow] = []
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            parts.append(self._repeated())
        return lambda rng: "".join(part(rng) for part in parts)

    def _repeated(self) -> _Grow:
        part = self._item()
        while match := _REPEAT.match(self.pattern, self.at):
            self.at = match.end()
            part = _repetition(part, match)
        return part

    def _item(self) -> _Grow:
        if flags := _FLAGS.match(self.pattern, self.at):
            self.at = flags.end()
            return lambda _: ""
        match = _TOKEN.match(self.pattern, self.at)
        if match is None:
            raise IndexError
        self.at = match.end()
        if match["open"] is not None:
            inner = self.alternatives()
            self.at += 1  # the closing parenthesis
            return inner
        return _one_of(_chars(match))


def _repetition(part: _Grow, match: re.Match[str]) -> _Grow:
    sign = match[0][0]
    least = int(match[1]) if match[1] else 1 if sign == "+" else 0
    most = least + 1 if match[2] or sign in "*+?" else least
    if match[3]:
        most = min(most, int(match[3]))
    return lambda rng: "".join(part(rng) for _ in range(rng.choice((least, most))))


def _one_of(chars: str) -> _Grow:
    return lambda rng: rng.choice(chars) if chars else ""


def _chars(match: re.Match[str]) -> str:
    """Characters of which a token stands for any; none for an assertion."""
    if match["quoted"] is not None:
        raise IndexError
    if match["prop"] is not None:
        return _property(match["prop"])
    if match["hex"] is not None:
        return chr(int(match["hex"].strip("{}"), 16))
    if match["escaped"] is not None:
        escaped = match["escaped"]
        return "" if escaped in "bBAz" else _CLASSES.get(escaped, escaped)
    if match["set"] is not None:
        return _set(match[0])
    char = match["char"] or ""
    return "" if char in "^$" else " " if char == "." else char


def _property(written: str) -> str:
    name = written[1:].strip("{}").lstrip("^")
    negated = written.startswith("P") or "^" in written
    return "ab1 " if negated and name not in ("L", "N", "Latin") else " -." if negated else _SCRIPTS.get(name, "")


def _set(written: str) -> str:
    """The characters of a class, found by trying; those that it names first."""
    named = [chr(int(code, 16)) for code in re.findall(r"\\x\{([0-9a-fA-F]+)\}", written)]
    scripts = "".join(map(_property, re.findall(r"\\([pP](?:\{\^?\w+\}|\w))", written)))
    candidates = dict.fromkeys((*re.sub(r"\\[pP]\{\w+\}|\\x\{\w+\}", "", written), *scripts, *named, *_PLAIN))
    found = searcher((f"(?s)^{written}$",))
    return "".join(char for char in candidates if found(char) is True)
