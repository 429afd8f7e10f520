"""How the reference compares values, searches texts, reads the clock and draws samples."""

from __future__ import annotations

import operator
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from fnmatch import fnmatchcase
from fractions import Fraction
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

import re2

from policy_engine.model.quantity import Kind, parse_quantity

SCANNED_BYTES = 256_000
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WITHOUT_SPACES = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN")


def compares(value: Any, op: str, operand: Any, kind: Kind) -> bool:
    """Whether a value stands to what is written as an operator says; numbers are compared as doubles."""
    operands = operand if isinstance(operand, list) else [operand]
    if op in ("ne", "not_in"):
        return not compares(value, "in", operands, kind)
    if isinstance(value, str | bool):
        return value in operands
    numbers = [float(parse_quantity(one, kind)) for one in operands]
    return float(value) in numbers if op in ("eq", "in") else _COMPARISONS[op](float(value), numbers[0])


_COMPARISONS = {"lt": operator.lt, "lte": operator.le, "gt": operator.gt, "gte": operator.ge}


def is_among(wanted: Any, items: Any) -> bool:
    """Whether a list holds a value; true is not 1."""
    return any(item == wanted and isinstance(item, bool) is isinstance(wanted, bool) for item in items)


def regex_found(pattern: str, text: str) -> bool | None:
    """Whether a regex is found; None where the text is too long to tell."""
    encoded = text.encode(errors="replace")
    found = re2.compile(pattern).search(encoded[:SCANNED_BYTES]) is not None
    return found or (False if len(encoded) <= SCANNED_BYTES else None)


def phrase_found(phrase: str, text: str) -> bool | None:
    """Whether a phrase is found in any case with no word beside it; None where the text is too long to tell."""
    encoded = text.encode(errors="replace")
    head = encoded[:SCANNED_BYTES].decode(errors="ignore")
    pattern = re2.compile("(?i)" + re2.escape(phrase))
    at = pattern.search(head)
    while at is not None:
        before, after = head[: at.start()][-1:], head[at.end() :][:1]
        if not (_clash(before, phrase[0]) or _clash(after, phrase[-1])):
            return True
        at = pattern.search(head, at.start() + 1)
    return False if len(encoded) <= SCANNED_BYTES else None


def glob_found(glob: str, text: str) -> bool | None:
    """Whether a whole text is as `*`, `?` and sets in brackets say."""
    return fnmatchcase(text, glob)


def _clash(beside: str, end: str) -> bool:
    """Whether a character may not stand beside this end of a phrase."""
    return beside != "" and _is_word(beside) and _is_word(end) and not unicodedata.name(end).startswith(_WITHOUT_SPACES)


def _is_word(char: str) -> bool:
    return char == "_" or unicodedata.category(char)[0] in "LNM"


def inside_window(moment: datetime, written: Mapping[str, Any], zone: str) -> bool:
    """Whether a moment lies in all given parts of `time`; past midnight belongs to the day on which it began."""
    local = moment.astimezone(ZoneInfo(zone))
    day, now = local.date(), f"{local:%H:%M}"
    if "between" in written:
        start, _, end = written["between"].partition("-")
        if start >= end:
            if end <= now < start:
                return False
            day -= timedelta(days=1) if now < end else timedelta()
        elif not start <= now < end:
            return False
    return _day_fits(day, _listed(written.get("days"))) and _date_fits(day, _listed(written.get("dates")))


def _listed(written: Any) -> list[str]:
    return written if isinstance(written, list) else [] if written is None else [written]


def _day_fits(day: date, days: list[str]) -> bool:
    ranges = [(entry[:3], entry[-3:]) for entry in days]
    reached = [(day.weekday() - _DAYS.index(first), _DAYS.index(last) - _DAYS.index(first)) for first, last in ranges]
    return not days or any(since % 7 <= length % 7 for since, length in reached)


def _date_fits(day: date, dates: list[str]) -> bool:
    return not dates or any(entry[:10] <= day.isoformat() <= entry[-10:] for entry in dates)


def position_of(salt: str, value: Any) -> Fraction:
    """Where a value falls in [0, 1) for samples and splits."""
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, float) and value == int(value):
        text = f"{int(value):d}"
    else:
        text = str(value)
    return Fraction(
        int.from_bytes(blake2b(f"{salt}\0{text}".encode(errors="surrogatepass"), digest_size=8).digest(), "big"), 2**64
    )
