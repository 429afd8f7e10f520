"""
unreadable-request: what a test sends is not a request.

Avoid:
    cases:
      - {name: late, at: "2026-13-01T10:00:00Z", request: {task: faq}, expect: {tier: fast}}
Prefer:
    cases:
      - {name: late, at: "2026-12-01T10:00:00Z", request: {task: faq}, expect: {tier: fast}}
Why:
    A test whose request cannot be read is not run, and a test that is not run proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policy_engine.diagnostics import Address, Finding, Severity
from policy_engine.model.policy import Policy, Rule
from policy_engine.model.request import read_request
from policy_engine.verify.written import MOST_COMBINATIONS, TestPage, written_request

CODE = "PE606"
NAME = "unreadable-request"


def check(page: TestPage, policy: Policy) -> Iterator[Finding]:
    """One finding for each case that makes no request, for the first combination that does not."""
    for case in page.cases:
        if case.count() <= MOST_COMBINATIONS:
            requests = (written_request(case, page, combination) for combination in case.combinations())
            yield from _first(requests, policy, case.address)


def check_examples(rule: Rule, policy: Policy) -> Iterator[Finding]:
    """One finding for each example that is no request."""
    for example in rule.examples:
        yield from _first((example.request,), policy, example.address)


def _first(
    requests: Iterator[Mapping[str, Any]] | tuple[Mapping[str, Any]], policy: Policy, address: Address
) -> Iterator[Finding]:
    for written in requests:
        try:
            read_request(written, attributes=policy.declarations.attributes)
        except ValueError as problem:
            yield Finding(
                code=CODE,
                name=NAME,
                severity=Severity.ERROR,
                message=f"this is not a request: {problem}",
                address=address,
                help="`policy-engine schema request` describes requests",
            )
            return
