"""Calendar windows of budgets: the minute, hour, day, week or month, in a time zone, that a moment lies in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Window(StrEnum):
    """After how long counting starts anew: on the clock's minute or hour, at midnight, on Monday, on the first."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


_LENGTHS_S = {Window.MINUTE: 60, Window.HOUR: 3600}


def bounds_s(window: Window, zone: ZoneInfo, now_s: float) -> tuple[float, float]:
    """
    When the window of a moment begins and ends, Unix seconds; the end is the first moment of the next.

    A day of the zone has 23 or 25 hours where its clocks change.
    """
    local = datetime.fromtimestamp(now_s, zone)
    if window in _LENGTHS_S:
        length_s, offset_s = _LENGTHS_S[window], (local.utcoffset() or timedelta()).total_seconds()
        start_s = (now_s + offset_s) // length_s * length_s - offset_s
        return start_s, start_s + length_s
    first, following = _days(window, local.date())
    return _midnight_s(first, zone), _midnight_s(following, zone)


def _days(window: Window, day: date) -> tuple[date, date]:
    """The first day of the window and of the one after."""
    if window is Window.DAY:
        return day, day + timedelta(days=1)
    if window is Window.WEEK:
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=7)
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1)


def _midnight_s(day: date, zone: ZoneInfo) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC).timestamp()
