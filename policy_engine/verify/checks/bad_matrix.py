"""
bad-matrix: a matrix varies something that a request has not, or has too many combinations.

Avoid:
    cases:
      - {name: plans, request: {task: faq}, matrix: {plan: [free, pro]}, expect: {tier: fast}}
Prefer:
    cases:
      - {name: plans, request: {task: faq}, matrix: {attributes.plan: [free, pro]}, expect: {tier: fast}}
Why:
    The keys of a matrix are places in the request, with dots: `task`, `attributes.plan`, `tokens.input`,
    `signals.budget.tenant_daily.used`. A case has at most 1,000 combinations.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Finding, Part, Severity
from policy_engine.model.policy import Policy
from policy_engine.model.request import FIELD_NAMES
from policy_engine.validator.suggestion import help_for_word
from policy_engine.verify.written import MOST_COMBINATIONS, TestPage, is_place

CODE = "PE608"
NAME = "bad-matrix"


def check(page: TestPage, policy: Policy) -> Iterator[Finding]:
    """One finding for each place that no request has, and each matrix that is too large."""
    for case in page.cases:
        address = case.address.child("matrix")
        for place in case.matrix:
            if not is_place(place):
                yield Finding(
                    code=CODE,
                    name=NAME,
                    severity=Severity.ERROR,
                    message=f"`{place}` is no place in a request",
                    address=address.child(place),
                    part=Part.KEY,
                    help=_help(place, policy),
                )
        if case.count() > MOST_COMBINATIONS:
            yield Finding(
                code=CODE,
                name=NAME,
                severity=Severity.ERROR,
                message=f"the matrix has {case.count():,} combinations, {MOST_COMBINATIONS:,} at most are run",
                address=address,
                part=Part.KEY,
                help="split the case, or leave values out",
            )


def _help(place: str, policy: Policy) -> str | None:
    if place in policy.declarations.attributes:
        return f"write `attributes.{place}`"
    return help_for_word(place.partition(".")[0], sorted(FIELD_NAMES))
