"""
impossible-expectation: what a test expects cannot be true at once.

Avoid:
    cases:
      - {name: hours, request: {task: faq}, expect: {effect: respond, model: mini}}
Prefer:
    cases:
      - {name: hours, request: {task: faq}, expect: {effect: respond}}
Why:
    Where an effect is `respond` or `deny`, no model is called, so a decision has neither model nor tier. Such a test
    fails whatever the policy does.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Finding, Severity
from policy_engine.model.policy import Policy
from policy_engine.verify.suite import NONE
from policy_engine.verify.written import TestPage

CODE = "PE609"
NAME = "impossible-expectation"


def check(page: TestPage, policy: Policy) -> Iterator[Finding]:  # noqa: ARG001  (all checks are called alike)
    """One finding for each model or tier that is expected of an effect that calls none."""
    for case in page.cases:
        effect = case.expect.get("effect")
        for word in ("model", "tier"):
            if effect in ("respond", "deny") and case.expect.get(word, NONE) != NONE:
                yield Finding(
                    code=CODE,
                    name=NAME,
                    severity=Severity.ERROR,
                    message=f"`{effect}` calls no model, so there is no `{word}`",
                    address=case.address.child("expect", word),
                    help="leave it out",
                )
