"""Time windows with one end moved, or one of their parts gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from policy_engine.compiler.clock import parse_between
from policy_engine.model.condition import TimeTest

_DAY_MINUTES = 24 * 60


def changed_times(test: TimeTest) -> Iterator[TimeTest]:
    """The window with each end moved by a minute or a day, and without each part, if one is left."""
    parts = [bool(test.between), bool(test.days), bool(test.dates)]
    if test.between:
        yield from (replace(test, between=between) for between in _moved_hours(test.between))
        if sum(parts) > 1:
            yield replace(test, between=None)
    if test.days and sum(parts) > 1:
        yield replace(test, days=())
    for position, written in enumerate(test.dates):
        before, after = test.dates[:position], test.dates[position + 1 :]
        yield from (replace(test, dates=(*before, dates, *after)) for dates in _moved_dates(written))
        if before or after:
            yield replace(test, dates=(*before, *after))


def _moved_hours(between: str) -> Iterator[str]:
    start, end = parse_between(between)
    for moved_start, moved_end in ((start + 1, end), (start, end - 1), (start - 1, end), (start, end + 1)):
        if 0 <= moved_start < _DAY_MINUTES and 0 <= moved_end <= _DAY_MINUTES and moved_start != moved_end:
            yield f"{_clock(moved_start)}-{_clock(moved_end)}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _moved_dates(written: str) -> Iterator[str]:
    first, dots, last = written.partition("..")
    if not dots:
        return
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    day = timedelta(days=1)
    for moved_start, moved_end in ((start + day, end), (start, end - day), (start - day, end), (start, end + day)):
        if moved_start <= moved_end:
            yield f"{moved_start}..{moved_end}"
