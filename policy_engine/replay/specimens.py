"""Texts that regexes find: one or a few for each pattern, to be tried in a request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

# The parser of `re` has no public name.
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

_SCRIPTS = {
    "Han": "漢", "Hiragana": "ひ", "Katakana": "カ", "Hangul": "한", "Arabic": "ع", "Hebrew": "ש", "Thai": "ก",
    "Devanagari": "अ", "Cyrillic": "ж", "Greek": "λ", "Latin": "a", "L": "a", "Lu": "A", "Ll": "a", "N": "7",
    "Nd": "7", "P": ".", "S": "+", "Z": " ", "M": "\u0301",
}  # fmt: skip
_CLASS = re.compile(r"\\p(?:\{\^?(\w+)\}|(\w))")
_HEX = re.compile(r"\\x\{([0-9A-Fa-f]+)\}")
_INNER_FLAGS = re.compile(r"\(\?([a-zA-Z]+)\)")
_MOST = 64


def specimen(pattern: str) -> str | None:
    """
    A text in which a pattern of RE2 is probably found; None if none could be made up.

    It is a guess, to be tried: what stands around a match, such as a word boundary, is not looked at.
    """
    try:
        parsed = parser.parse(_for_python(pattern))
    except (re.error, OverflowError, RecursionError, KeyError):
        return None
    return "".join(map(_text, parsed))


def _for_python(pattern: str) -> str:
    """What Python's parser does not know, written so that it does; flags inside are left out."""
    text = _CLASS.sub(lambda found: re.escape(_SCRIPTS.get(found[1] or found[2], "a")), pattern)
    text = _HEX.sub(lambda found: re.escape(chr(int(found[1], 16))), text)
    return _INNER_FLAGS.sub("", text).replace(r"\z", r"\Z")


def _text(node: tuple[Any, Any]) -> str:
    code, value = node
    if code is codes.LITERAL:
        return chr(value)
    if code is codes.NOT_LITERAL:
        return "b" if value == ord("a") else "a"
    if code is codes.ANY:
        return "a"
    if code is codes.IN:
        return _member(value)
    if code is codes.BRANCH:
        return "".join(map(_text, value[1][0]))
    if code is codes.SUBPATTERN:
        return "".join(map(_text, value[-1]))
    if code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
        least, most, repeated = value
        if not least and most and repeated[0][0] is codes.ANY:
            return " "  # what lies between two words
        return "".join(map(_text, repeated)) * min(int(least), _MOST)
    return ""


_CATEGORIES = {
    codes.CATEGORY_DIGIT: "7", codes.CATEGORY_NOT_DIGIT: "a", codes.CATEGORY_SPACE: " ",
    codes.CATEGORY_NOT_SPACE: "a", codes.CATEGORY_WORD: "a", codes.CATEGORY_NOT_WORD: " ",
}  # fmt: skip


def _member(items: Sequence[tuple[Any, Any]]) -> str:
    """A character of a class."""
    if items and items[0][0] is codes.NEGATE:
        return next((one for one in "a7 .-Zé" if not _holds(items[1:], one)), "a")
    code, value = items[0]
    if code is codes.LITERAL:
        return chr(value)
    if code is codes.RANGE:
        return chr(value[0])
    return _CATEGORIES.get(value, "a")


def _holds(items: Iterable[tuple[Any, Any]], character: str) -> bool:
    for code, value in items:
        if code is codes.LITERAL and ord(character) == value:
            return True
        if code is codes.RANGE and value[0] <= ord(character) <= value[1]:
            return True
        if code is codes.CATEGORY and _CATEGORIES.get(value) is not None and _is_of(value, character):
            return True
    return False


def _is_of(category: Any, character: str) -> bool:
    tests: dict[Any, bool] = {
        codes.CATEGORY_DIGIT: character.isdigit(),
        codes.CATEGORY_NOT_DIGIT: not character.isdigit(),
        codes.CATEGORY_SPACE: character.isspace(),
        codes.CATEGORY_NOT_SPACE: not character.isspace(),
        codes.CATEGORY_WORD: character.isalnum() or character == "_",
        codes.CATEGORY_NOT_WORD: not (character.isalnum() or character == "_"),
    }
    return tests[category]
