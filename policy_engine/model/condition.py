"""What a policy can say about a request: the condition tree as written, checked for shape but not yet for meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from policy_engine.diagnostics import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """True when every child is; entries of one mapping are joined by it."""

    children: tuple[Condition, ...]
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """True when at least one child is."""

    children: tuple[Condition, ...]
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class NoneOf:
    """True when every child is false."""

    children: tuple[Condition, ...]
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Negation:
    """True when its child is false (`not`)."""

    child: Condition
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The condition that is declared under `conditions` by this name."""

    name: str
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """
    One operator on one fact.

    `fact` is dotted: `task`, `message.chars`, `message.text` (for `matches` and `contains`), `attributes.plan`,
    `cache.support.similarity`, `score.difficulty`, `output.confidence`.
    `op` is one of eq ne in not_in lt lte gt gte glob matches contains has exists, and for `output` also sections
    one_of json_schema. `operand` is as written: units unparsed, a list kept as a tuple. A bare value is `eq`, a bare
    list is `in`; several texts under `matches` or `contains` are one test with a tuple.
    """

    __test__ = False

    fact: str
    op: str
    operand: Operand
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeTest:
    """
    The clock lies in a window (`time:`), all given parts holding at once.

    `between` is `HH:MM-HH:MM`; `days` names days or ranges of them (`mon-fri`); `dates` are ISO dates or
    `FIRST..LAST`; `zone` is an IANA name, or None for the bundle's.
    """

    between: str | None
    days: tuple[str, ...]
    dates: tuple[str, ...]
    zone: str | None
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleTest:
    """
    A sticky share of the values of one fact (`sample:`).

    `share` as written; `by` a fact's name, or None for the request id; `salt` None for the rule's name.
    """

    share: Operand
    by: str | None
    salt: str | None
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionTest:
    """A boolean expression over facts (`expr:`), as written."""

    text: str
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeTest:
    """
    A judge model's score of an answer lies in a range (`output: {judge: …}`).

    `ranges` are (operator, operand) pairs on the score, a share of 1.
    """

    model: str
    question: str
    ranges: tuple[tuple[str, Operand], ...]
    address: Address


Scalar: TypeAlias = str | int | float | bool
Operand: TypeAlias = Scalar | tuple[Scalar, ...]
Kinded: TypeAlias = tuple[bool, Scalar]
"""A value and whether it is a boolean; see `kinded`."""
Condition: TypeAlias = (
    AllOf | AnyOf | NoneOf | Negation | Reference | Test | TimeTest | SampleTest | ExpressionTest | JudgeTest
)


def kinded(value: Scalar) -> Kinded:
    """A value that is equal to another only where both are booleans or neither is: to Python, true is 1."""
    return isinstance(value, bool), value


def children_of(condition: Condition) -> tuple[Condition, ...]:
    """The conditions that stand directly inside one."""
    if isinstance(condition, AllOf | AnyOf | NoneOf):
        return condition.children
    return (condition.child,) if isinstance(condition, Negation) else ()
