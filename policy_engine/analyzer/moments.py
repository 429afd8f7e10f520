"""The clock as cells: moments that stand for all at which the same time windows are open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from policy_engine.compiler.atoms import During

MOST_MOMENTS = 60_000
"""How many moments are looked at; a bundle with more than that is not analysed in time."""

_QUIET_WEEK = date(2026, 6, 1)  # a Monday
_WEEK = 8


def candidate_moments(windows: Sequence[During]) -> list[datetime]:
    """
    Moments in all stretches of time between which some window opens or closes.

    A weekly pattern is complete after a week, so a week in each half of the year, one around each date that is named,
    and for several zones (whose distance changes with daylight saving) some more, hold every combination.
    """
    zones = sorted({window.zone for window in windows})
    minutes = sorted({0, *_minutes(windows)})
    days = sorted(set(_days(windows, several=len(zones) > 1)))
    if len(zones) * len(minutes) * len(days) > MOST_MOMENTS:
        return []
    return [
        datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        for day in days
        for zone in zones
        for minute in minutes
    ]


def _minutes(windows: Iterable[During]) -> Iterator[int]:
    for window in windows:
        for minute in (window.start_minute, window.end_minute):
            if minute is not None:
                yield minute % (24 * 60)


def _days(windows: Iterable[During], *, several: bool) -> Iterator[date]:
    starts = [_QUIET_WEEK, _QUIET_WEEK + timedelta(weeks=26)]
    if several:
        starts += [_QUIET_WEEK + timedelta(weeks=week) for week in range(1, 53)]
    for window in windows:
        for named in (day for span in window.dates for day in span):
            starts += [date.fromisoformat(named), date.fromisoformat(named) - timedelta(days=_WEEK)]
    for start in starts:
        yield from (start + timedelta(days=offset) for offset in range(_WEEK + 1))
