"""
empty-range: the operators of one range exclude each other.

Avoid:
    rules:
      - {name: medium, when: {message: {tokens: {gt: 8k, lt: 2k}}}, then: {route: workhorse}}
Prefer:
    rules:
      - {name: medium, when: {message: {tokens: {gt: 2k, lt: 8k}}}, then: {route: workhorse}}
Why:
    All operators of a range must hold at once. If no number satisfies them, the condition is never true, which its
    author cannot have meant.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TypeAlias

from policy_engine.diagnostics import Address, Finding, Key, Severity
from policy_engine.model.condition import AllOf, Condition, JudgeTest, Operand, Test
from policy_engine.model.effect import Choice
from policy_engine.model.quantity import Kind, QuantityError, parse_quantity
from policy_engine.validator.surroundings import Site

CODE = "PE318"
NAME = "empty-range"
SUBJECTS = (AllOf, JudgeTest, Choice)
_COMPARISONS = {
    "eq": lambda number, bound: number == bound,
    "ne": lambda number, bound: number != bound,
    "lt": lambda number, bound: number < bound,
    "lte": lambda number, bound: number <= bound,
    "gt": lambda number, bound: number > bound,
    "gte": lambda number, bound: number >= bound,
}


def check(part: AllOf | JudgeTest | Choice, site: Site) -> Iterator[Finding]:
    """One finding for each range that no number lies in."""
    for (path, keys), kind, integral, operators in _ranges_in(part, site):
        try:
            empty = _is_empty([(op, _numbers(operand, kind)) for op, operand in operators], integral)
        except QuantityError:
            continue  # told by `wrong-unit`
        if empty:
            yield Finding(
                code=CODE,
                name=NAME,
                severity=Severity.ERROR,
                message="no value lies in this range",
                address=Address(path, keys),
                help="all operators of a range must hold at once; write `any: [..]` if one of them is enough",
            )


_Range: TypeAlias = tuple[tuple[str, tuple[Key, ...]], Kind, bool, list[tuple[str, Operand]]]
"""Path and keys of a range, the kind of its numbers, whether they are whole, and its operators."""


def _ranges_in(part: AllOf | JudgeTest | Choice, site: Site) -> Iterable[_Range]:
    if isinstance(part, AllOf):
        return _ranges_among(part.children, site)
    path, keys = part.address.path, part.address.keys
    if isinstance(part, JudgeTest):
        return [((path, (*keys, "score")), Kind.SHARE, False, list(part.ranges))]
    return [
        (
            (path, (*keys, "where", field)),
            _CATALOGUE_KINDS.get(field, Kind.NUMBER),
            False,
            [(op, operand) for name, op, operand in part.ranges if name == field],
        )
        for field in dict.fromkeys(field for field, _, _ in part.ranges)
    ]


_CATALOGUE_KINDS = {
    "quality": Kind.SHARE,
    "input_price": Kind.MONEY,
    "output_price": Kind.MONEY,
    "latency": Kind.DURATION,
}


def _ranges_among(children: tuple[Condition, ...], site: Site) -> Iterator[_Range]:
    """Tests that stand in one mapping of operators, together."""
    for tests in _together(children):
        fact = site.around.facts[tests[0].fact]
        if fact is not None and fact.kind.is_numeric:
            operators = [(test.op, test.operand) for test in tests]
            first = tests[0].address
            yield (first.path, first.keys[:-1]), fact.kind, fact.integral, operators


def _together(children: tuple[Condition, ...]) -> Iterator[list[Test]]:
    """Two or more tests of one mapping of operators, which follow each other."""
    run: list[Test] = []
    for child in children:
        if not isinstance(child, Test):
            continue
        if run and child.fact == run[0].fact and child.address.keys[:-1] == run[0].address.keys[:-1]:
            run.append(child)
            continue
        if len(run) > 1:
            yield run
        run = [child]
    if len(run) > 1:
        yield run


_Number: TypeAlias = int | Decimal


def _numbers(operand: Operand, kind: Kind) -> tuple[_Number, ...]:
    if type(operand) is int and kind in _WITHOUT_UNIT:  # nearly always
        return (operand,)
    values = operand if isinstance(operand, tuple) else (operand,)
    return tuple(parse_quantity(value, kind) for value in values)


_WITHOUT_UNIT = frozenset((Kind.COUNT, Kind.NUMBER))
"""What any whole number measures as it is."""


def _is_empty(operators: list[tuple[str, tuple[_Number, ...]]], integral: bool) -> bool:
    exact = [set(numbers) for op, numbers in operators if op in ("eq", "in")]
    if exact:
        return not any(_holds(number, operators) for number in set.intersection(*exact))
    low, high = _bounds(operators, integral)
    if low is None or high is None:
        return False
    return low[0] > high[0] or (low[0] == high[0] and (low[1] or high[1]))


def _holds(number: _Number, operators: list[tuple[str, tuple[_Number, ...]]]) -> bool:
    for op, numbers in operators:
        if op in ("in", "not_in"):
            if (number in numbers) != (op == "in"):
                return False
        elif op in _COMPARISONS and not _COMPARISONS[op](number, numbers[0]):
            return False
    return True


_Bound = tuple[_Number, bool]


def _bounds(operators: list[tuple[str, tuple[_Number, ...]]], integral: bool) -> tuple[_Bound | None, _Bound | None]:
    """The highest lower and the lowest upper bound, each with whether it is excluded itself."""
    lows = [_low(op, numbers[0], integral) for op, numbers in operators if op in ("gt", "gte")]
    highs = [_high(op, numbers[0], integral) for op, numbers in operators if op in ("lt", "lte")]
    low = max(lows, default=None)
    high = min(highs, key=lambda bound: (bound[0], not bound[1]), default=None)
    return low, high


def _low(op: str, number: _Number, integral: bool) -> _Bound:
    if integral:
        return math.floor(number) + 1 if op == "gt" else math.ceil(number), False
    return number, op == "gt"


def _high(op: str, number: _Number, integral: bool) -> _Bound:
    if integral:
        return math.ceil(number) - 1 if op == "lt" else math.floor(number), False
    return number, op == "lt"
