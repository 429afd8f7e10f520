"""The values that numbers can have at all, and what a test against one leaves of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from policy_engine.model.condition import Operand, Test
from policy_engine.model.policy import Declarations
from policy_engine.model.quantity import Kind, QuantityError, parse_quantity
from policy_engine.model.vocabulary import Fact, fact_named


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `low` to `high`, both included; `text` says why, for a message."""

    low: float
    high: float
    text: str


def range_of(fact: Fact, declarations: Declarations) -> Range | None:
    """What a numeric fact can be; None where anything is possible."""
    section = fact.name.partition(".")[0]
    field = fact.name.rpartition(".")[2]
    if section in ("attributes", "signal", "score"):
        return None
    if fact.name in ("message.chars", "message.lines", "conversation.messages"):
        return Range(1, math.inf, "it is at least 1 wherever it is known")
    if field == "similarity" or section == "similar":
        return Range(-1, 1, "a similarity lies between -1 and 1")
    if field == "left":
        return _left(fact, declarations)
    if fact.kind is Kind.SHARE and field != "used":
        return Range(0, 1, "it lies between 0 and 1")
    return Range(0, math.inf, "it is never below 0")


def verdict_of(test: Test, declarations: Declarations) -> tuple[bool, Range] | None:
    """
    Whether a test always holds (True) or never does (False), with the range that says so; None if it depends.

    It is about facts that are known: what is unknown passes no test.
    """
    fact = fact_named(test.fact, declarations)
    if fact is None or not fact.kind.is_numeric or fact.choices is not None:
        return None
    within = range_of(fact, declarations)
    if within is None:
        return None
    try:
        numbers = _numbers(test.operand, fact.kind)
    except QuantityError:
        return None
    holds = _holds(test.op, numbers, within)
    return None if holds is None else (holds, within)


def _left(fact: Fact, declarations: Declarations) -> Range | None:
    budget = declarations.budgets.get(fact.group.partition(".")[2])
    try:
        amount = None if budget is None else parse_quantity(budget.value.get("amount"), Kind.MONEY)
    except QuantityError:
        return None
    return None if amount is None else Range(-math.inf, float(amount), f"the budget has ${amount} in all")


def _numbers(operand: Operand, kind: Kind) -> list[float]:
    values = operand if isinstance(operand, tuple) else (operand,)
    return [float(number) for number in (parse_quantity(value, kind) for value in values) if _is_plain(number)]


def _is_plain(number: Decimal) -> bool:
    return number.is_finite()


def _holds(op: str, numbers: list[float], within: Range) -> bool | None:
    """Whether `fact OP numbers` is the same for all of the range."""
    if not numbers:
        return None
    low, high, bound = within.low, within.high, numbers[0]
    match op:
        case "lt":
            return True if high < bound else False if low >= bound else None
        case "lte":
            return True if high <= bound else False if low > bound else None
        case "gt":
            return True if low > bound else False if high <= bound else None
        case "gte":
            return True if low >= bound else False if high < bound else None
        case "eq" | "in":
            return False if all(number < low or number > high for number in numbers) else None
        case "ne" | "not_in":
            return True if all(number < low or number > high for number in numbers) else None
    return None
