"""
unknown-target: a test expects a model or tier that nothing declares.

Avoid:
    cases:
      - {name: contracts, request: {task: analyze_contract}, expect: {tier: fronteer}}
Prefer:
    cases:
      - {name: contracts, request: {task: analyze_contract}, expect: {tier: frontier}}
Why:
    Such a test can only fail. A model that a caller names by its provider's name appears in decisions under its own
    name, too. Where no model is to be called, write `model: (none)`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from policy_engine.diagnostics import Finding, Severity
from policy_engine.model.policy import Policy
from policy_engine.validator.suggestion import closest
from policy_engine.verify.suite import NONE
from policy_engine.verify.written import TestPage

CODE = "PE603"
NAME = "unknown-target"


def check(page: TestPage, policy: Policy) -> Iterator[Finding]:
    """One finding for each expected model or tier that is not declared."""
    known = {"model": policy.declarations.models, "tier": policy.declarations.tiers}
    for case in page.cases:
        for word, names in known.items():
            expected = case.expect.get(word)
            if isinstance(expected, str) and expected != NONE and expected not in names:
                yield Finding(
                    code=CODE,
                    name=NAME,
                    severity=Severity.ERROR,
                    message=f"unknown {word} `{expected}`",
                    address=case.address.child("expect", word),
                    help=_help(expected, names),
                )


def _help(expected: str, names: Collection[str]) -> str:
    meant = closest(expected, names)
    return f"write `{NONE}` where no model is to be called" if meant is None else f"did you mean `{meant}`?"
