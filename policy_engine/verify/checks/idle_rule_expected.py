"""
idle-rule-expected: a test expects a rule to decide that never decides.

Avoid:
    cases:
      - {name: tagged, request: {attributes: {residency: eu}}, expect: {rule: eu-residency}}
Prefer:
    cases:
      - {name: tagged, request: {attributes: {residency: eu}}, expect: {modifiers: {only: {tags: [eu]}}}}
Why:
    A modifier adds something and evaluation goes on, so another rule decides; and a rule with `enabled: false` is not
    tried at all. Expect what the modifier adds instead.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Finding, RelatedAddress, Severity
from policy_engine.model.policy import Policy, Rule
from policy_engine.verify.written import TestPage

CODE = "PE602"
NAME = "idle-rule-expected"


def check(page: TestPage, policy: Policy) -> Iterator[Finding]:
    """One finding for each expected rule that is a modifier or not enabled."""
    idle = {rule.name: rule for rule in policy.rules if rule.then.terminal is None or not rule.enabled}
    for case in page.cases:
        rule = idle.get(str(case.expect.get("rule")))
        if rule is not None:
            yield Finding(
                code=CODE,
                name=NAME,
                severity=Severity.ERROR,
                message=f"`{rule.name}` never decides: it is {_what(rule)}",
                address=case.address.child("expect", "rule"),
                help=_help(rule),
                related=(RelatedAddress(address=rule.address.child("name"), message="the rule stands here"),),
            )


def _what(rule: Rule) -> str:
    return "a modifier" if rule.enabled else "not enabled"


def _help(rule: Rule) -> str:
    return "expect what it adds instead" if rule.enabled else "enable it, or expect another rule"
