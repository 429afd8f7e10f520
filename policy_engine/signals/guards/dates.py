"""Dates: one day, month, year or time of day against another."""

from __future__ import annotations

import re
from typing import Final

from policy_engine.signals.guards.words import Pair, Text, Word

CLOSE: Final = 0.6
"""How close texts are where a time in one of them only is a difference, and not the story around a question."""

_GROUPS: Final[dict[str, str]] = {
    "month": "january,jan february,feb march,mar april,apr may june,jun july,jul august,aug september,sept,sep "
    "october,oct november,nov december,dec",
    "weekday": "monday,mon tuesday,tue,tues wednesday,wed thursday,thu,thur,thurs friday,fri saturday,sat sunday,sun "
    "weekend,weekends weekday,weekdays",
    "day": "today tomorrow,tmrw,tomorow yesterday tonight",
    "time of day": "morning,mornings afternoon,afternoons evening,evenings midnight noon,midday am,a.m pm,p.m",
    "season": "spring summer autumn winter",
    "holiday": "christmas,xmas easter thanksgiving halloween ramadan diwali hanukkah passover",
    "past": "ago",
    "direction": "next,following,upcoming,coming last,previous,past current",
}
# Words that are often none of a date: only with a capital inside a sentence, or beside a number.
_DOUBTFUL: Final = frozenset("may march mar sun sat mon fri wed jan spring".split())
_PERIODS: Final = frozenset(
    "day night week weekend month quarter year decade century monday tuesday wednesday thursday friday saturday sunday "
    "january february march april may june july august september october november december spring summer autumn winter "
    "morning afternoon evening".split()
)
_YEAR: Final = re.compile(r"(?:1[5-9]|20)\d\d")
_TIME: Final = re.compile(r"(\d{1,2}(?:[:.]\d\d)?)([ap])\.?m")
_DIGITS: Final = re.compile(r"\d{1,4}[-/]\d{1,2}[-/]\d{1,4}|\d{1,2}\.\d{1,2}\.\d{4}")


def _table() -> dict[str, tuple[str, str]]:
    return {
        name: (group, names.partition(",")[0])
        for group, written in _GROUPS.items()
        for names in written.split()
        for called in names.split(",")
        for name in ((called,) if called in _DOUBTFUL else (called, f"{called}'s"))
    }


_NAMES: Final = _table()


def veto(pair: Pair) -> str | None:
    """Why one text's answer is wrong for the other: they speak of other times; None if that is not so."""
    first, second = pair.asked.note("dates", dates), pair.kept.note("dates", dates)
    left, right = sorted(first - second), sorted(second - first)
    if left and right:
        return f"`{left[0][1]}` against `{right[0][1]}`"
    if (left or right) and pair.closeness >= CLOSE:
        return f"`{(left or right)[0][1]}` in one only"
    return None


def dates(text: Text) -> frozenset[tuple[str, str]]:
    """What a text says of times, as kind and name."""
    places = [at for at, plain in enumerate(text.order) if plain in _NAMES or plain[:1].isdigit()]
    found = [_date(text.words, at, text.words[at]) for at in places]
    return frozenset([date for date in found if date is not None])


def tells(word: Word) -> bool:
    """Whether the guard looks at a word."""
    return word.plain in _NAMES or word.plain[:1].isdigit()


def _date(words: tuple[Word, ...], position: int, word: Word) -> tuple[str, str] | None:
    plain = word.plain
    if _YEAR.fullmatch(plain):
        return "year", plain
    if _DIGITS.fullmatch(plain):
        return "date", plain
    if time := _TIME.fullmatch(plain):
        return "time of day", f"{time[2]}m"
    named = _NAMES.get(plain)
    if named is None:
        return None
    around = words[max(0, position - 1) : position] + words[position + 1 : position + 2]
    is_beside_number = any(other.plain[:1].isdigit() for other in around)
    if named[0] == "direction":
        follower = words[position + 1].stem if position + 1 < len(words) else ""
        return named if follower in _PERIODS else None
    if plain in ("am", "pm", "a.m", "p.m") and not is_beside_number:
        return None
    is_capital = word.written[0].isupper() and not word.begins
    return named if plain not in _DOUBTFUL or is_capital or is_beside_number else None
