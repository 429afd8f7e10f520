"""
unknown-zone: a time zone that the zone database does not have.

Avoid:
    rules:
      - {name: nights, when: {time: {between: "22:00-06:00", zone: Europe/Berln}}, then: {route: fast}}
Prefer:
    rules:
      - {name: nights, when: {time: {between: "22:00-06:00", zone: Europe/Berlin}}, then: {route: fast}}
Why:
    Zones go by their names in the IANA database, which knows when clocks change. Abbreviations such as CEST are left
    out there on purpose, as they do not say which rules apply.
"""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from policy_engine.diagnostics import Address, Finding, Severity
from policy_engine.model.condition import TimeTest
from policy_engine.model.policy import Declarations
from policy_engine.validator.suggestion import closest
from policy_engine.validator.surroundings import Site

CODE = "PE328"
NAME = "unknown-zone"
SUBJECTS = (TimeTest, Declarations)


def check(part: TimeTest | Declarations, site: Site) -> Iterator[Finding]:
    """One finding for each zone that does not exist."""
    for zone, address in _zones_in(part, site):
        if not is_zone(zone):
            yield Finding(
                code=CODE,
                name=NAME,
                severity=Severity.ERROR,
                message=f"unknown time zone `{zone}`",
                address=address,
                help=_help(zone),
            )


def is_zone(name: str) -> bool:
    """Whether the zone database has a zone of this name."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True


def _zones_in(part: TimeTest | Declarations, site: Site) -> Iterator[tuple[str, Address]]:
    if isinstance(part, TimeTest):
        if part.zone is not None:
            yield part.zone, part.address.child("zone")
        return
    if part.zone is not None and "zone" in site.around.sections:
        yield part.zone, site.around.sections["zone"]
    for budget in part.budgets.values():
        zone = budget.value.get("zone")
        if isinstance(zone, str):
            yield zone, budget.address.child("zone")


def _help(zone: str) -> str:
    from zoneinfo import available_timezones  # here, since it reads the whole database

    meant = closest(zone, sorted(available_timezones()))
    return "write an IANA name such as `Europe/Berlin` or `UTC`" if meant is None else f"did you mean `{meant}`?"
