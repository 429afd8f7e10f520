"""
unused-fixture: no case of the file is laid over this fixture.

Avoid:
    fixtures: {pro: {attributes: {plan: pro}}, free: {attributes: {plan: free}}}
    cases:
      - {name: short, fixture: pro, request: {task: faq}, expect: {tier: fast}}
Prefer:
    fixtures: {pro: {attributes: {plan: pro}}}
    cases:
      - {name: short, fixture: pro, request: {task: faq}, expect: {tier: fast}}
Why:
    It looks as if something were tested that is not.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Finding, Part, Severity
from policy_engine.model.policy import Policy
from policy_engine.verify.written import TestPage

CODE = "PE610"
NAME = "unused-fixture"


def check(page: TestPage, policy: Policy) -> Iterator[Finding]:  # noqa: ARG001  (all checks are called alike)
    """One warning for each fixture that nothing uses."""
    used = {name for case in page.cases for name in case.fixtures}
    for name in page.fixtures:
        if name not in used:
            yield Finding(
                code=CODE,
                name=NAME,
                severity=Severity.WARNING,
                message=f"no case uses the fixture `{name}`",
                address=page.address.child("fixtures", name),
                part=Part.KEY,
                help="remove it, or write `fixture:` in a case",
            )
