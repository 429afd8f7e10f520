"""Numbers: 15 against 16, two against three, 8 through 2 against 2 through 8."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from policy_engine.signals.guards.words import Pair, Text, Word

_SMALL: Final = (
    "zero - two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
_ORDINALS: Final = "zeroth - - third fourth fifth sixth seventh eighth ninth tenth"
_TENS: Final = "- - - thirty forty fifty sixty seventy eighty ninety"
# `one`, `first` and `second` are left out: they count nothing more often than not.
_WORDS: Final[Mapping[str, Decimal]] = {
    **{word: Decimal(value) for value, word in enumerate(_SMALL.split()) if word != "-"},
    **{word: Decimal(value) for value, word in enumerate(_ORDINALS.split()) if word != "-"},
    **{word: Decimal(10 * value) for value, word in enumerate(_TENS.split()) if word != "-"},
    "hundred": Decimal(100),
    "thousand": Decimal(1_000),
    "million": Decimal(10**6),
    "billion": Decimal(10**9),
    "dozen": Decimal(12),
    "half": Decimal("0.5"),
    "quarter": Decimal("0.25"),
    "twice": Decimal(2),
    "double": Decimal(2),
    "triple": Decimal(3),
}
_NUMBER: Final = re.compile(r"(\d+(?:[.,:/-]\d+)*)(k|m|bn|st|nd|rd|th|x|%)?")
_GROUPED: Final = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_DECIMAL: Final = re.compile(r"\d+[.,]\d+")
_MULTIPLES: Final = {"k": 1_000, "m": 10**6, "bn": 10**9}
_SIGNS: Final = frozenset("+-*/×÷^<>=")
CLOSE: Final = 0.7
"""How close texts are where a number that is written out in words, in one of them only, is a difference."""

_MAX_DIGITS: Final = 60


def veto(pair: Pair) -> str | None:
    """Why one text's answer is wrong for the other: they have other numbers; None if that is not so."""
    first, second = pair.asked.note("numbers", numbers), pair.kept.note("numbers", numbers)
    left = [number for number in first if number not in second]
    right = [number for number in second if number not in first]
    if left and right:
        return f"`{left[0]}` against `{right[0]}`"
    # A number that is written out (`the two of them`) can be left out without changing what is meant.
    spelled = {*spelled_out(pair.asked), *spelled_out(pair.kept)} if pair.closeness < CLOSE else ()
    alone = [number for number in (*left, *right) if number not in spelled]
    if alone:
        return f"`{alone[0]}` in one only"
    if first != second and _rest(pair.asked) == _rest(pair.kept):
        return "the same numbers in another order"
    return None


def numbers(text: Text) -> tuple[str, ...]:
    """The numbers of a text in one notation, in their order, with the signs that stand between them."""
    found = []
    for position in [at for at, plain in enumerate(text.order) if plain in _WORDS or not plain.isalpha()]:
        word = text.words[position]
        value = value_of(word)
        if value is not None:
            found.append(value)
        elif word.written in _SIGNS and all(map(is_number, _beside(text, position))):
            found.append(word.written)
    return tuple(found)


def _beside(text: Text, position: int) -> tuple[Word, ...]:
    return text.words[max(0, position - 1) : position] + text.words[position + 1 : position + 2]


def spelled_out(text: Text) -> tuple[str, ...]:
    """Those numbers of a text that are words."""
    return tuple(_plain(_WORDS[word.plain]) for word in text.words if word.plain in _WORDS)


def value_of(word: Word) -> str | None:
    """A number in one notation, or None if the word is none; times, dates and versions as they are written."""
    return word.note("number", _value_of)


def _value_of(word: Word) -> str | None:
    if word.plain in _WORDS:
        return _plain(_WORDS[word.plain])
    plain = word.plain.removeprefix("v")
    if not plain[:1].isdigit():
        return None
    match = _NUMBER.fullmatch(plain) if len(word.plain) <= _MAX_DIGITS else None
    if match is None:
        return plain
    digits, ending = match.groups()
    if _GROUPED.fullmatch(digits):
        digits = digits.replace(",", "")
    elif _DECIMAL.fullmatch(digits):
        digits = digits.replace(",", ".")
    elif not digits.isdecimal():
        return digits
    return _plain(Decimal(digits) * _MULTIPLES.get(ending or "", 1))


def tells(word: Word) -> bool:
    """Whether the guard looks at a word: a number, or a sign that may stand between two."""
    return is_number(word) or word.written in _SIGNS


def is_number(word: Word) -> bool:
    """Whether a word is a number."""
    return value_of(word) is not None


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")


def _rest(text: Text) -> list[str]:
    return [word.plain for word in text.words if not is_number(word)]
