"""
undeclared-input: a test sends an attribute or a signal that nothing declares.

Avoid:
    cases:
      - {name: pro, request: {task: faq, attributes: {paln: pro}}, expect: {tier: fast}}
Prefer:
    cases:
      - {name: pro, request: {task: faq, attributes: {plan: pro}}, expect: {tier: fast}}
Why:
    Rules cannot read what is not declared, so it is passed over, and the test is about another request than it seems
    to be.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from policy_engine.diagnostics import Address, Finding, Part, Severity
from policy_engine.model.policy import Policy, Rule
from policy_engine.model.vocabulary import DECLARED_IN, declared_names
from policy_engine.validator.suggestion import help_for_word
from policy_engine.verify.written import TestPage

CODE = "PE607"
NAME = "undeclared-input"

_FIXED_SIGNALS = ("session", "message", "input")
_SIGNALS = tuple(section for section in DECLARED_IN if section not in ("attributes", "score"))


def check(page: TestPage, policy: Policy) -> Iterator[Finding]:
    """One finding for each undeclared name in a fixture, a request or a matrix."""
    for name, fixture in page.fixtures.items():
        yield from _in_request(fixture, page.address.child("fixtures", name), policy)
    for case in page.cases:
        yield from _in_request(case.request, case.address.child("request"), policy)
        for place in case.matrix:
            section, _, name = place.partition(".")
            if section == "attributes" and name and name not in policy.declarations.attributes:
                address = case.address.child("matrix", place)
                yield _finding("attribute", name, address, policy.declarations.attributes)


def check_examples(rule: Rule, policy: Policy) -> Iterator[Finding]:
    """One finding for each undeclared name in an example."""
    for example in rule.examples:
        yield from _in_request(example.request, example.address, policy)


def _in_request(written: Mapping[str, Any], address: Address, policy: Policy) -> Iterator[Finding]:
    attributes = policy.declarations.attributes
    for name in _mapping(written.get("attributes")):
        if name not in attributes:
            yield _finding("attribute", name, address.child("attributes", name), attributes)
    for section, values in _mapping(written.get("signals")).items():
        if section in _FIXED_SIGNALS:
            continue
        place = address.child("signals", section)
        if section not in _SIGNALS:
            yield _finding("signal section", section, place, (*_SIGNALS, *_FIXED_SIGNALS))
            continue
        names = tuple(declared_names(section, policy.declarations))
        for name in _mapping(values):
            if name not in names:
                yield _finding(f"{section} signal", name, place.child(name), names)


def _finding(word: str, name: str, address: Address, known: Collection[str]) -> Finding:
    return Finding(
        code=CODE,
        name=NAME,
        severity=Severity.ERROR,
        message=f"nothing declares the {word} `{name}`",
        address=address,
        part=Part.KEY,
        help=help_for_word(name, list(known)) or "declare it, or leave it out",
    )


def _mapping(written: object) -> Mapping[str, Any]:
    return written if isinstance(written, dict) else {}
