"""Tests of calendar windows."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.signals.window import Window, bounds_s

BERLIN = ZoneInfo("Europe/Berlin")


def bounds(window: Window, zone: ZoneInfo, at: str) -> tuple[str, str]:
    """The bounds of a moment's window, as moments in UTC."""
    start_s, end_s = bounds_s(window, zone, datetime.fromisoformat(at).timestamp())
    return tuple(datetime.fromtimestamp(s, UTC).strftime("%Y-%m-%dT%H:%M:%S") for s in (start_s, end_s))  # type: ignore[return-value]  # two of two


@pytest.mark.parametrize(
    ("window", "start", "end"),
    [
        (Window.MINUTE, "2026-11-24T09:30:00", "2026-11-24T09:31:00"),
        (Window.HOUR, "2026-11-24T09:00:00", "2026-11-24T10:00:00"),
        (Window.DAY, "2026-11-23T23:00:00", "2026-11-24T23:00:00"),
        (Window.WEEK, "2026-11-22T23:00:00", "2026-11-29T23:00:00"),
        (Window.MONTH, "2026-10-31T23:00:00", "2026-11-30T23:00:00"),
    ],
)
def test_windows_follow_the_calendar_of_the_zone(window: Window, start: str, end: str) -> None:
    """Days begin at the zone's midnight, weeks on Monday, months on the first."""
    assert bounds(window, BERLIN, "2026-11-24T10:30:17.5+01:00") == (start, end)


@pytest.mark.parametrize(
    ("at", "start", "end"),
    [
        ("2026-03-29T12:00:00+02:00", "2026-03-28T23:00:00", "2026-03-29T22:00:00"),
        ("2026-10-25T12:00:00+01:00", "2026-10-24T22:00:00", "2026-10-25T23:00:00"),
    ],
    ids=["23 hours", "25 hours"],
)
def test_a_day_is_as_long_as_its_clocks_make_it(at: str, start: str, end: str) -> None:
    """Where clocks change a day has an hour less or more."""
    assert bounds(Window.DAY, BERLIN, at) == (start, end)


def test_an_hour_that_comes_twice_is_two_windows() -> None:
    """The hour that a changing clock repeats is counted apart both times."""
    first = bounds(Window.HOUR, BERLIN, "2026-10-25T02:30:00+02:00")
    second = bounds(Window.HOUR, BERLIN, "2026-10-25T02:30:00+01:00")

    assert first == ("2026-10-25T00:00:00", "2026-10-25T01:00:00")
    assert second == ("2026-10-25T01:00:00", "2026-10-25T02:00:00")


def test_the_last_month_ends_with_the_year() -> None:
    """December is followed by January."""
    assert bounds(Window.MONTH, ZoneInfo("UTC"), "2026-12-31T23:59:59+00:00")[1] == "2027-01-01T00:00:00"


@given(
    st.sampled_from(Window),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "America/Sao_Paulo"]),
    st.integers(0, 4_000_000_000),
)
def test_a_moment_lies_in_its_window(window: Window, zone: str, now_s: int) -> None:
    """A window holds its moment, and begins and ends where its neighbours do."""
    start_s, end_s = bounds_s(window, ZoneInfo(zone), now_s)

    assert start_s <= now_s < end_s
    assert bounds_s(window, ZoneInfo(zone), start_s) == (start_s, end_s)
    assert bounds_s(window, ZoneInfo(zone), end_s)[0] == end_s
