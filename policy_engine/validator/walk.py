"""The parts of a policy, one by one, so that a check can look at those it knows about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from policy_engine.diagnostics import Address
from policy_engine.diagnostics import Part as DiagnosticPart
from policy_engine.model.condition import (
    AllOf,
    AnyOf,
    Condition,
    ExpressionTest,
    JudgeTest,
    Negation,
    NoneOf,
    Reference,
    SampleTest,
    Test,
    TimeTest,
    children_of,
)
from policy_engine.model.effect import (
    Choice,
    Deny,
    Limit,
    Limits,
    Named,
    Requested,
    Respond,
    Route,
    RunCascade,
    Shadow,
    Split,
    Stick,
    Then,
)
from policy_engine.model.policy import Rule

Part: TypeAlias = (
    Rule
    | AllOf
    | AnyOf
    | NoneOf
    | Negation
    | Reference
    | Test
    | TimeTest
    | SampleTest
    | ExpressionTest
    | JudgeTest
    | Then
    | Respond
    | Route
    | Named
    | Requested
    | Choice
    | Split
    | RunCascade
    | Deny
    | Limit
    | Shadow
    | Stick
)
"""What can stand in a rule: itself, conditions and effects."""


def parts_of_rule(rule: Rule) -> Iterator[Part]:
    """The rule, then everything in its condition and its effects."""
    yield rule
    if rule.when is not None:
        yield from parts_of_condition(rule.when)
    yield from parts_of_then(rule.then)


def parts_of_condition(condition: Condition) -> Iterator[Condition]:
    """The condition and all below it, outer ones first; references are not followed."""
    pending = [condition]
    while pending:
        inner = pending.pop()
        yield inner
        if type(inner) is not Test:
            pending.extend(reversed(children_of(inner)))


def parts_of_then(then: Then) -> Iterator[Part]:
    """The effects and all routes, limits and answers in them."""
    yield then
    terminal, modifiers = then.terminal, then.modifiers
    if terminal is not None:
        yield terminal
    if isinstance(terminal, Route):
        yield from terminal.chain
    if modifiers.limits is not None:
        yield from parts_of_limits(modifiers.limits)
    if modifiers.shadow is not None:
        yield modifiers.shadow
        yield from parts_of_route(modifiers.shadow.route)
    if modifiers.stick is not None:
        yield modifiers.stick


def parts_of_route(route: Route) -> Iterator[Part]:
    """The route and its links."""
    yield route
    yield from route.chain


def parts_of_limits(limits: Limits) -> Iterator[Part]:
    """The limits, and the answers and refusals that they declare."""
    for limit in limits.values():
        yield limit
        if isinstance(limit.otherwise, Respond | Deny):
            yield limit.otherwise


def named_in(test: Test) -> tuple[str, str]:
    """The section and the declared name in a test's fact: `cache` and `support` for `cache.support.hit`."""
    section, _, rest = test.fact.partition(".")
    return section, rest.rpartition(".")[0] if section in _WITH_FIELD else rest


_WITH_FIELD = frozenset(("cache", "classifier", "budget", "escalation", "latency", "errors"))


def address_of_name(test: Test) -> Address:
    """Where a test writes the declared name in its fact; the part to point at is the key."""
    section, name = named_in(test)
    keys = test.address.keys
    for end in range(len(keys) - 1, 0, -1):
        if keys[end] == name and keys[end - 1] == section:
            return Address(test.address.path, keys[: end + 1])
    return test.address


def names_compared(test: Test) -> Iterator[tuple[str, Address, DiagnosticPart]]:
    """Each name that a test compares with for equality, and where it stands."""
    if test.op in ("eq", "ne", "in", "not_in"):
        for value, address in values_in(test):
            if isinstance(value, str):
                yield value, address, DiagnosticPart.VALUE


def operands_of(test: Test) -> tuple[str | int | float, ...]:
    """The values that a test compares with, be it one or several."""
    return test.operand if isinstance(test.operand, tuple) else (test.operand,)


def values_in(test: Test) -> Iterator[tuple[str | int | float, Address]]:
    """Each value that a test compares with, and where it stands."""
    if not isinstance(test.operand, tuple):
        yield test.operand, test.address
        return
    for position, value in enumerate(test.operand):
        yield value, test.address.child(position)
