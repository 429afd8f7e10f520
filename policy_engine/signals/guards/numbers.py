"""Numbers: 15 against 16, two against three, 8 through 2 against 2 through 8."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from policy_engine.signals.guards.words import Change, Pair, Text, Word

_SMALL: Final = (
    "zero - two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
_ORDINALS: Final = "zeroth - - third fourth fifth sixth seventh eighth ninth tenth"
_TENS: Final = "- - - thirty forty fifty sixty seventy eighty ninety"
# `one`, `first` and `second` are left out: they count nothing more often than not, but for where another number is.
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
_PERHAPS: Final = {"one": "1", "once": "1", "single": "1", "first": "1", "second": "2"}
_FEW_WORDS: Final = 3
_ROMAN: Final = re.compile(r"(?=[IVX]{2})(X{0,3})(IX|IV|V?I{0,3})")
_ROMAN_DIGITS: Final = {"I": 1, "V": 5, "X": 10}
_TIME: Final = re.compile(r"(\d{1,2}(?:[:.]\d\d)?)[ap]\.?m")
_NUMBER: Final = re.compile(r"(\d+(?:[.,:/-]\d+)*)(k|m|bn|st|nd|rd|th|x|%)?")
_GROUPED: Final = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_DECIMAL: Final = re.compile(r"\d+[.,]\d+")
_MULTIPLES: Final = {"k": 1_000, "m": 10**6, "bn": 10**9}
_SIGNS: Final[Mapping[str, str]] = {
    **dict(zip("+-*/^<>=×÷", "+-*/^<>=*/", strict=True)),
    "x": "*",
    "times": "*",
    "plus": "+",
    "minus": "-",
}
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
    return next(filter(None, map(_counted, pair.changes)), None)


def numbers(text: Text) -> tuple[str, ...]:
    """The numbers of a text in one notation, in their order, with the signs that stand between them."""
    found = []
    for position, word in enumerate(text.words):
        if word.written.isalpha() and not (word.plain in _WORDS or word.plain in _SIGNS or word.written.isupper()):
            continue
        value = value_of(word)
        sign = _SIGNS.get(word.written)
        if value is not None:
            found.append(f"-{value}" if _is_below_zero(text, position) else value)
        elif sign is not None and _is_between_numbers(text, position):
            found.append(sign)
    return tuple(found)


def _counted(change: Change) -> str | None:
    """A number in the place of `one` or `first`, or the other way round."""
    words = (*change.asked, *change.kept)
    if max(len(change.asked), len(change.kept)) > _FEW_WORDS or not any(word.plain in _PERHAPS for word in words):
        return None
    first, second = (_perhaps(side) for side in (change.asked, change.kept))
    return f"`{min(first)}` against `{min(second)}`" if first and second and first.isdisjoint(second) else None


def _perhaps(words: tuple[Word, ...]) -> frozenset[str]:
    values = [_PERHAPS.get(word.plain) or value_of(word) for word in words]
    return frozenset([value for value in values if value is not None])


def _is_below_zero(text: Text, position: int) -> bool:
    """Whether a number has a `minus` before it that nothing is taken from."""
    if position == 0 or text.order[position - 1] != "minus":
        return False
    return position == 1 or not is_number(text.words[position - 2])


def _is_between_numbers(text: Text, position: int) -> bool:
    """Whether a sign stands between numbers, or one that is no word begins or ends a text beside one."""
    beside = text.words[max(0, position - 1) : position] + text.words[position + 1 : position + 2]
    return all(map(is_number, beside)) and (len(beside) > 1 or not text.order[position].isalpha())


def spelled_out(text: Text) -> tuple[str, ...]:
    """Those numbers of a text that are words."""
    return tuple(_plain(_WORDS[word.plain]) for word in text.words if word.plain in _WORDS)


def value_of(word: Word) -> str | None:
    """A number in one notation, or None if the word is none; times, dates and versions as they are written."""
    return word.note("number", _value_of)


def _value_of(word: Word) -> str | None:
    if word.plain in _WORDS:
        return _plain(_WORDS[word.plain])
    if word.written[0] in _ROMAN_DIGITS and _ROMAN.fullmatch(word.written):
        return str(_roman(word.written))
    plain = word.plain.removeprefix("v")
    if plain[:1] == "-" and plain[1:2].isdigit():
        return f"-{_value_in_digits(plain[1:])}"
    return _value_in_digits(plain) if plain[:1].isdigit() else None


def _value_in_digits(plain: str) -> str:
    if time := _TIME.fullmatch(plain):
        return time[1]
    match = _NUMBER.fullmatch(plain) if len(plain) <= _MAX_DIGITS else None
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
    """Whether the guard looks at a word: a number, what may be one, or a sign that may stand between two."""
    return is_number(word) or word.written in _SIGNS or word.plain in _PERHAPS


def is_number(word: Word) -> bool:
    """Whether a word is a number."""
    return value_of(word) is not None


def _roman(written: str) -> int:
    digits = [_ROMAN_DIGITS[letter] for letter in written]
    return sum(-one if one < after else one for one, after in zip(digits, [*digits[1:], 0], strict=True))


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")


def _rest(text: Text) -> list[str]:
    return [word.plain for word in text.words if not is_number(word)]
