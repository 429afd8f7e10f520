"""
impossible-time: a date that is not in the calendar, or a window that holds no moment.

Avoid:
    rules:
      - {name: holidays, when: {time: {dates: ["2026-12-26..2026-12-24"], zone: UTC}}, then: {route: fast}}
Prefer:
    rules:
      - {name: holidays, when: {time: {dates: ["2026-12-24..2026-12-26"], zone: UTC}}, then: {route: fast}}
Why:
    A window whose end comes before its beginning, or that begins where it ends, holds no moment. Such a condition is
    never true, and a rule whose `expires` is no date would never expire.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from policy_engine.diagnostics import Address, Finding, Severity
from policy_engine.model.condition import TimeTest
from policy_engine.validator.read.policy import Reading
from policy_engine.validator.surroundings import Site

CODE = "PE326"
NAME = "impossible-time"
SUBJECTS = (TimeTest, Reading)


def check(part: TimeTest | Reading, site: Site) -> Iterator[Finding]:  # noqa: ARG001  (all checks are called alike)
    """One finding for each part of a time window, and each expiry, that cannot be."""
    if isinstance(part, Reading):
        yield from _in_rules(part)
        return
    if part.between is not None:
        start, _, end = part.between.partition("-")
        if start.strip() == end.strip():
            message = f"the window `{part.between}` ends where it begins"
            yield _finding(message, part.address.child("between"), "leave `between` out to mean the whole day")
    for position, written in enumerate(part.dates):
        problem = _problem(written)
        if problem is not None:
            is_order = problem.endswith("begins")
            help = "write `FIRST..LAST`, both ends included" if is_order else "write a day such as `2027-01-31`"
            yield _finding(problem, part.address.child("dates", position), help)


def _in_rules(reading: Reading) -> Iterator[Finding]:
    for kept in reading.table.values():
        written = kept.value.get("expires")
        if isinstance(written, str) and kept.rule.expires is None:
            address = kept.rule.address.child("expires")
            yield _finding(f"`{written}` is not in the calendar", address, "write a date such as `2027-01-31`")


def _problem(written: str) -> str | None:
    first, dots, last = written.partition("..")
    for text in (first, last) if dots else (first,):
        if parse_date(text.strip()) is None:
            return f"`{text.strip()}` is not in the calendar"
    start, end = parse_date(first.strip()), parse_date(last.strip())
    if start is not None and end is not None and end < start:
        return f"`{written}` ends before it begins"
    return None


def parse_date(written: str) -> date | None:
    """The date that `YYYY-MM-DD` names, or None if there is no such day."""
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def _finding(message: str, address: Address, help: str) -> Finding:
    return Finding(code=CODE, name=NAME, severity=Severity.ERROR, message=message, address=address, help=help)
