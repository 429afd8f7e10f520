"""
wrong-operator: an operator that the kind of its fact does not have.

Avoid:
    rules:
      - {name: paying, when: {attributes: {plan: {gt: 3}}}, then: {route: workhorse}}
Prefer:
    rules:
      - {name: paying, when: {attributes: {plan: {in: [pro, enterprise]}}}, then: {route: workhorse}}
Why:
    Numbers are compared by size, texts by equality and patterns, lists by what they hold. An operator of another kind
    has no answer, so the condition would be unknown for every request.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policy_engine.diagnostics import Finding, Part, Severity
from policy_engine.model.condition import Test
from policy_engine.model.quantity import Kind
from policy_engine.model.vocabulary import Fact
from policy_engine.validator.suggestion import listed
from policy_engine.validator.surroundings import Site

CODE = "PE319"
NAME = "wrong-operator"
SUBJECTS = ("attributes", "signal")
_OF_NUMBERS = ("eq", "ne", "lt", "lte", "gt", "gte", "in", "not_in")
_OPERATORS: Mapping[Kind, tuple[str, ...]] = {
    Kind.TEXT: ("eq", "ne", "in", "not_in", "glob", "matches", "contains"),
    Kind.BOOLEAN: ("eq", "ne", "in", "not_in"),
    Kind.LIST: ("has",),
}


def check(part: Test, site: Site) -> Iterator[Finding]:
    """The finding that the fact cannot be compared like that, if so."""
    fact = site.around.facts[part.fact]
    if fact is None or is_available(part.op, fact):
        return
    written = part.address.keys[-1] == part.op
    yield Finding(
        code=CODE,
        name=NAME,
        severity=Severity.ERROR,
        message=_message(part, fact, written),
        address=part.address,
        part=Part.KEY if written else Part.VALUE,
        help=_help(part, fact),
    )


def is_available(op: str, fact: Fact) -> bool:
    """Whether facts like this one can be compared by an operator."""
    if op == "exists":
        return fact.name.startswith("attributes.")
    return op in _OPERATORS.get(fact.kind, _OF_NUMBERS)


def _message(test: Test, fact: Fact, written: bool) -> str:
    if test.op == "exists":
        return f"`exists` is for attributes, and `{fact.name}` is none"
    if not written:
        return f"`{fact.name}` is a list and equals no single value"
    return f"`{fact.name}` is {_KIND_WORDS.get(fact.kind, 'a number')}, which `{test.op}` does not compare"


_KIND_WORDS = {Kind.TEXT: "text", Kind.BOOLEAN: "true or false", Kind.LIST: "a list"}


def _help(test: Test, fact: Fact) -> str:
    if fact.kind is Kind.LIST and test.op in ("eq", "in", "contains"):
        return "write `{has: VALUE}`, which holds if the list has it, or `{has: [..]}` for any of several"
    names = _OPERATORS.get(fact.kind, _OF_NUMBERS)
    return f"write {listed(names)}"
