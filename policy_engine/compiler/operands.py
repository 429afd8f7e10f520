"""Operators and operands as atoms: every way to write a comparison ends in one of a few normal forms."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from policy_engine.compiler.atoms import Exists, HasAny, InSet, Interval, IsTrue, Search
from policy_engine.compiler.graph import Node
from policy_engine.compiler.pattern import glob_pattern, phrase_pattern
from policy_engine.compiler.scope import Scope
from policy_engine.model.condition import Operand, Scalar, kinded
from policy_engine.model.quantity import Kind, QuantityError, parse_quantity
from policy_engine.model.vocabulary import Fact

SYMBOLS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">=", "eq": "==", "ne": "!="}


def compare(fact: Fact, op: str, operand: Operand, scope: Scope) -> Node:
    """
    The node for one operator on one fact.

    What cannot mean anything (its finding is the validator's) becomes a node that never holds.
    """
    if op in ("ne", "not_in"):
        positive = "eq" if op == "ne" else "in"
        return scope.interner.negation(compare(fact, positive, operand, scope))
    text = f"{fact.name} {SYMBOLS.get(op, op)} {written(operand)}"
    if op == "exists":
        node = scope.leaf(Exists(fact.name.partition(".")[2]), f"{fact.name} exists")
        return node if operand is True else scope.interner.negation(node)
    if op in _PATTERNS:
        return _search(fact, op, operand, scope)
    values = operand if isinstance(operand, tuple) else (operand,)
    if fact.kind is Kind.LIST or op == "has":
        return scope.leaf(HasAny(fact, frozenset(map(kinded, values))), text)
    if fact.kind is Kind.BOOLEAN:
        return _boolean(fact, values, scope)
    if not fact.kind.is_numeric:
        return scope.leaf(InSet(fact, frozenset(values)), text)
    return _numeric(fact, op, values, text, scope)


def written(operand: Operand) -> str:
    """An operand as the author would write it, for traces and drawings."""
    if isinstance(operand, tuple):
        return "[" + ", ".join(map(written, operand)) + "]"
    return str(operand).lower() if isinstance(operand, bool) else str(operand)


def interval(op: str, number: Decimal, integral: bool) -> tuple[int | float | None, int | float | None]:
    """The half-open interval [low, high) of numbers for which `fact OP number` holds, compared as doubles."""
    if op == "eq":
        return interval("gte", number, integral)[0], interval("lte", number, integral)[1]
    bound = _bound(op, number, integral)
    return (bound, None) if op in ("gt", "gte") else (None, bound)


def _bound(op: str, number: Decimal, integral: bool) -> int | float:
    above = op in ("gt", "lte")
    if integral:
        return math.floor(number) + 1 if above else math.ceil(number)
    return math.nextafter(float(number), math.inf) if above else float(number)


def as_number(number: Decimal) -> int | float:
    """An exact decimal as the number that facts are compared with."""
    return int(number) if number == number.to_integral_value() and abs(number) < 2**53 else float(number)


_PATTERNS: dict[str, Any] = {"matches": str, "contains": phrase_pattern, "glob": glob_pattern}


def _search(fact: Fact, op: str, operand: Operand, scope: Scope) -> Node:
    texts = operand if isinstance(operand, tuple) else (operand,)
    patterns = sorted({_PATTERNS[op](str(text)) for text in texts if text != ""})
    name = fact.name.removesuffix(".text")
    return scope.leaf(Search(fact, tuple(patterns)), f"{name} {op} {written(operand)}")


def _boolean(fact: Fact, values: tuple[Scalar, ...], scope: Scope) -> Node:
    is_true = scope.leaf(IsTrue(fact), fact.name)
    nodes = [is_true if value else scope.interner.negation(is_true) for value in values]
    return scope.interner.any_of(nodes)


def _numeric(fact: Fact, op: str, values: tuple[Scalar, ...], text: str, scope: Scope) -> Node:
    try:
        numbers = [parse_quantity(value, fact.kind) for value in values]
    except QuantityError:
        return scope.never()
    return numeric_node(fact, op, tuple(numbers), text, scope)


def numeric_node(fact: Fact, op: str, numbers: tuple[Decimal, ...], text: str, scope: Scope) -> Node:
    """The node for `fact OP numbers`, the numbers being exact and in the fact's own unit."""
    if op in ("eq", "in"):
        # A long id is no double, but equal to itself all the same.
        whole = (int(number) for number in numbers if number == number.to_integral_value())
        return scope.leaf(InSet(fact, frozenset((*map(as_number, numbers), *whole))), text)
    low, high = interval(op, numbers[0], fact.integral)
    return scope.leaf(Interval(fact, low, high), text)
