"""
duplicate-case: two cases of one file have the same name.

Avoid:
    cases:
      - {name: short, request: {task: faq, input: "Hi"}, expect: {tier: fast}}
      - {name: short, request: {task: faq, input: "Hello"}, expect: {tier: fast}}
Prefer:
    cases:
      - {name: short, request: {task: faq}, matrix: {input: ["Hi", "Hello"]}, expect: {tier: fast}}
Why:
    A case is reported and chosen by its name. Copies that differ in one value are a matrix.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Finding, RelatedAddress, Severity
from policy_engine.model.policy import Policy
from policy_engine.verify.written import TestPage, WrittenCase

CODE = "PE605"
NAME = "duplicate-case"


def check(page: TestPage, policy: Policy) -> Iterator[Finding]:  # noqa: ARG001  (all checks are called alike)
    """One finding for each case after the first of a name."""
    first: dict[str, WrittenCase] = {}
    for case in page.cases:
        known = first.setdefault(case.name, case)
        if known is not case:
            yield Finding(
                code=CODE,
                name=NAME,
                severity=Severity.ERROR,
                message=f"two cases are called `{case.name}`",
                address=case.address.child("name"),
                help="name each, or make them one case with a `matrix`",
                related=(RelatedAddress(address=known.address.child("name"), message="the first stands here"),),
            )
