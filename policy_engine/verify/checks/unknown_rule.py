"""
unknown-rule: a test expects a rule that does not exist.

Avoid:
    cases:
      - {name: short, request: {task: faq, input: "Hi"}, expect: {rule: short-anwsers}}
Prefer:
    cases:
      - {name: short, request: {task: faq, input: "Hi"}, expect: {rule: short-answers}}
Why:
    Such a test can only fail, and would go on failing whatever the policy did. Where no rule is to decide, write
    `rule: (default)`.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Finding, Severity
from policy_engine.model.policy import Policy
from policy_engine.validator.suggestion import closest
from policy_engine.verify.suite import DEFAULT
from policy_engine.verify.written import TestPage

CODE = "PE601"
NAME = "unknown-rule"


def check(page: TestPage, policy: Policy) -> Iterator[Finding]:
    """One finding for each expected rule that no file has."""
    names = {rule.name for rule in policy.rules}
    for case in page.cases:
        expected = case.expect.get("rule")
        if isinstance(expected, str) and expected != DEFAULT and expected not in names:
            yield Finding(
                code=CODE,
                name=NAME,
                severity=Severity.ERROR,
                message=f"unknown rule `{expected}`",
                address=case.address.child("expect", "rule"),
                help=_help(expected, names),
            )


def _help(expected: str, names: set[str]) -> str:
    if expected.strip("()").lower() in ("default", "none"):
        return f"write `{DEFAULT}` where no rule is to decide"
    meant = closest(expected, sorted(names))
    return f"write `{DEFAULT}` where no rule is to decide" if meant is None else f"did you mean `{meant}`?"
