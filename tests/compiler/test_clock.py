"""Time windows as written."""

import pytest

from policy_engine.compiler.clock import parse_between, parse_dates, parse_days


def test_a_window_is_minutes_from_midnight() -> None:
    """Both ends are minutes of the day; 24:00 is its end."""
    assert parse_between("09:00-17:30") == (540, 1050)
    assert parse_between("22:00 - 06:00") == (1320, 360)
    assert parse_between("00:00-24:00") == (0, 1440)


@pytest.mark.parametrize(
    "written", ["", "09:00", "09:00-", "9-17", "09:60-10:00", "09:00-24:01", "09:0-10:00", "a:00-b:00"]
)
def test_what_is_no_window_is_refused(written: str) -> None:
    """A window needs two times of day."""
    with pytest.raises(ValueError, match="is not a time"):
        parse_between(written)


def test_days_are_numbers_from_monday() -> None:
    """Names, ranges and ranges over the week's end are days from 0 to 6."""
    assert list(parse_days(["mon"])) == [0]
    assert list(parse_days(["mon-fri"])) == [0, 1, 2, 3, 4]
    assert list(parse_days(["sat-mon", "Wed"])) == [5, 6, 0, 2]
    assert list(parse_days(["sun-sun"])) == [6]


@pytest.mark.parametrize("written", ["", "someday", "mon-someday", "mon-"])
def test_what_is_no_day_is_refused(written: str) -> None:
    """A day has one of seven names."""
    with pytest.raises(ValueError, match=r"."):
        list(parse_days([written]))


def test_dates_are_first_and_last() -> None:
    """A single date is both; a range keeps its ends."""
    assert parse_dates("2026-12-24") == ("2026-12-24", "2026-12-24")
    assert parse_dates("2026-12-24 .. 2027-01-01") == ("2026-12-24", "2027-01-01")


@pytest.mark.parametrize(
    "written", ["2027-02-29", "2026-12-24..", "..2026-12-24", "24.12.2026", "2026-12-26..2026-12-24"]
)
def test_what_is_no_date_is_refused(written: str) -> None:
    """A date is in the calendar, and a range does not end before it begins."""
    with pytest.raises(ValueError, match=r"."):
        parse_dates(written)
