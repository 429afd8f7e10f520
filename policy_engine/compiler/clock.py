"""Time windows: days, dates and hours as written, turned into a test of the clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from zoneinfo import ZoneInfo

from policy_engine.compiler.atoms import During
from policy_engine.compiler.graph import Node
from policy_engine.compiler.scope import Scope
from policy_engine.model.condition import TimeTest

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def during(test: TimeTest, scope: Scope) -> Node:
    """The node of a time window; one that cannot be read never holds, its finding being told elsewhere."""
    zone = test.zone or scope.declarations.zone
    if zone is None:
        return scope.never()
    try:
        ZoneInfo(zone)
        start, end = parse_between(test.between) if test.between else (None, None)
        days = frozenset(parse_days(test.days))
        dates = tuple(map(parse_dates, test.dates))
    except (ValueError, OSError, KeyError):
        return scope.never()
    return scope.leaf(During(start, end, days, dates, zone), _text(test, zone))


def parse_between(written: str) -> tuple[int, int]:
    """
    The minutes from midnight of `09:00-17:00`; `24:00` is the end of the day.

    Raises:
        ValueError: it is not written like that.
    """
    start, dash, end = written.partition("-")
    if not dash:
        raise ValueError(f"`{written}` is not a time window")
    return _minute(start.strip()), _minute(end.strip())


def _minute(written: str) -> int:
    hour, colon, minute = written.partition(":")
    if not (colon and hour.isdigit() and minute.isdigit() and len(minute) == 2):
        raise ValueError(f"`{written}` is not a time of day")
    total = int(hour) * 60 + int(minute)
    if int(minute) > 59 or total > 24 * 60:
        raise ValueError(f"`{written}` is not a time of day")
    return total


def parse_days(written: Iterable[str]) -> Iterator[int]:
    """
    The days, 0 for Monday to 6, that names and ranges such as `mon-fri` or `sat-mon` mean.

    Raises:
        ValueError: a day has no such name.
    """
    for entry in written:
        first, dash, last = entry.lower().partition("-")
        start = DAYS.index(first.strip()[:3])
        end = DAYS.index(last.strip()[:3]) if dash else start
        yield from ((start + offset) % 7 for offset in range((end - start) % 7 + 1))


def parse_dates(written: str) -> tuple[str, str]:
    """
    The first and last date of `2026-12-24..2026-12-26` or of a single date, as ISO texts.

    Raises:
        ValueError: a date is not in the calendar, or the last is before the first.
    """
    first, dots, last = written.partition("..")
    start = date.fromisoformat(first.strip())
    end = date.fromisoformat(last.strip()) if dots else start
    if end < start:
        raise ValueError(f"`{written}` ends before it begins")
    return start.isoformat(), end.isoformat()


def _text(test: TimeTest, zone: str) -> str:
    parts = [test.between or "", ",".join(test.days), ",".join(test.dates)]
    return " ".join(["time", *filter(None, parts), zone])
