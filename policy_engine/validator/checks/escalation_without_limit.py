"""
escalation-without-limit: a condition reads the escalation rate of a cascade that has no such limit.

Avoid:
    cascades:
      careful: {steps: [{route: fast, accept: {output: {chars: {gte: 40}}}}, {route: frontier}]}
    rules:
      - {name: replies, when: {not: {escalation: {careful: {rate: {gt: 30%}}}}}, then: {cascade: careful}}
Prefer:
    cascades:
      careful:
        steps: [{route: fast, accept: {output: {chars: {gte: 40}}}}, {route: frontier}]
        limits: {escalation_rate: {max: 30%, window: 1h, min_requests: 100, otherwise: workhorse}}
    rules:
      - {name: replies, when: {not: {escalation: {careful: {rate: {gt: 30%}}}}}, then: {cascade: careful}}
Why:
    The rate is counted in the window of the cascade's `escalation_rate` limit, and is 0 below its `min_requests`.
    Without that limit there is no window to count in.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Finding, Part, RelatedAddress, Severity
from policy_engine.model.condition import Test
from policy_engine.validator.surroundings import Site
from policy_engine.validator.walk import address_of_name, named_in

CODE = "PE322"
NAME = "escalation-without-limit"
SUBJECTS = ("escalation",)


def check(part: Test, site: Site) -> Iterator[Finding]:
    """The finding that the cascade does not count its escalations, if so."""
    name = named_in(part)[1]
    cascade = site.around.declarations.cascades.get(name)
    if cascade is None or "escalation_rate" in cascade.limits or site.around.losses.may_hold(name):
        return
    yield Finding(
        code=CODE,
        name=NAME,
        severity=Severity.ERROR,
        message=f"cascade `{name}` has no `escalation_rate` limit, so its escalations are not counted",
        address=address_of_name(part),
        part=Part.KEY,
        help="add `limits: {escalation_rate: {max: 30%, window: 1h, min_requests: 100}}` to the cascade",
        related=(RelatedAddress(address=cascade.address, message="the cascade is declared here", part=Part.KEY),),
    )
