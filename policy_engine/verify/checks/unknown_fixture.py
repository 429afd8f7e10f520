"""
unknown-fixture: a case is laid over a fixture that its file does not have.

Avoid:
    fixtures: {pro: {attributes: {plan: pro}}}
    cases:
      - {name: short, fixture: por, request: {task: faq}, expect: {tier: fast}}
Prefer:
    fixtures: {pro: {attributes: {plan: pro}}}
    cases:
      - {name: short, fixture: pro, request: {task: faq}, expect: {tier: fast}}
Why:
    The case would run without what the fixture adds, and might pass for the wrong reason. Fixtures belong to their
    file.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Address, Finding, Severity
from policy_engine.model.policy import Policy
from policy_engine.validator.suggestion import help_for_word
from policy_engine.verify.written import TestPage, WrittenCase

CODE = "PE604"
NAME = "unknown-fixture"


def check(page: TestPage, policy: Policy) -> Iterator[Finding]:  # noqa: ARG001  (all checks are called alike)
    """One finding for each fixture that is named and not there."""
    for case in page.cases:
        for position, name in enumerate(case.fixtures):
            if name not in page.fixtures:
                yield Finding(
                    code=CODE,
                    name=NAME,
                    severity=Severity.ERROR,
                    message=f"unknown fixture `{name}`",
                    address=_address(case, position),
                    help=help_for_word(name, list(page.fixtures)) or "declare it under `fixtures` in this file",
                )


def _address(case: WrittenCase, position: int) -> Address:
    place = case.address.child("fixture")
    return place if len(case.fixtures) == 1 else place.child(position)
