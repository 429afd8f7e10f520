"""
missing-zone: a time window does not say in which time zone.

Avoid:
    rules:
      - {name: nights, when: {time: {between: "22:00-06:00"}}, then: {route: fast}}
Prefer:
    rules:
      - {name: nights, when: {time: {between: "22:00-06:00", zone: Europe/Berlin}}, then: {route: fast}}
Why:
    Nine o'clock is not the same moment everywhere, and the zone of the machine changes when it moves. So the zone is
    written here, or once for the whole bundle as its `zone`.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Finding, Part, Severity
from policy_engine.model.condition import TimeTest
from policy_engine.validator.surroundings import Site

CODE = "PE327"
NAME = "missing-zone"
SUBJECTS = (TimeTest,)


def check(part: TimeTest, site: Site) -> Iterator[Finding]:
    """The finding that no zone applies, if so."""
    around = site.around
    if part.zone is None and around.declarations.zone is None and not around.losses.may_say("zone"):
        yield Finding(
            code=CODE,
            name=NAME,
            severity=Severity.ERROR,
            message="this time has no zone",
            address=part.address,
            part=Part.KEY,
            help="add `zone: Europe/Berlin` (or another) here, or at the top of a file for the whole bundle",
        )
