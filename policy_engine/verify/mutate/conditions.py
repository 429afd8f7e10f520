"""Changes to a condition: each gives what a part of it becomes, or that it is gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from policy_engine.compiler.operands import SYMBOLS, written
from policy_engine.model.condition import (
    AllOf,
    AnyOf,
    Condition,
    ExpressionTest,
    JudgeTest,
    Negation,
    NoneOf,
    Operand,
    Reference,
    SampleTest,
    Test,
    TimeTest,
    children_of,
)
from policy_engine.model.policy import Declarations
from policy_engine.verify.mutate.clock import changed_times
from policy_engine.verify.mutate.expressions import changed_expressions
from policy_engine.verify.mutate.mutant import Part
from policy_engine.verify.mutate.thresholds import changed_bounds, changed_judges, changed_samples


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A part of a condition, and what becomes of it; None if it is dropped."""

    part: Part
    text: str
    old: Condition
    new: Condition | None


def changes_of(condition: Condition, declarations: Declarations) -> Iterator[Change]:
    """Every change to a condition: to the whole, then to what is in it. References are changed, not followed."""
    yield from _changes(condition, declarations, droppable=not children_of(condition))


def applied(change: Change, condition: Condition) -> Condition | None:
    """The condition with a change; None if nothing is left to test."""
    if condition == change.old:
        return change.new
    match condition:
        case AllOf(children=children) | AnyOf(children=children) | NoneOf(children=children):
            changed = tuple(one for one in (applied(change, child) for child in children) if one is not None)
            return replace(condition, children=changed) if changed else None
        case Negation(child=child):
            inner = applied(change, child)
            return None if inner is None else replace(condition, child=inner)
    return condition


def described(condition: Condition) -> str:
    """A condition in few words."""
    match condition:
        case Test(fact=fact, op=op, operand=operand):
            return f"{fact} {SYMBOLS.get(op, op)} {written(operand)}"
        case Reference(name=name):
            return f"condition {name}"
        case ExpressionTest(text=text):
            return text
        case TimeTest():
            parts = (condition.between, ", ".join(condition.days), ", ".join(condition.dates))
            return "time " + "; ".join(part for part in parts if part)
        case SampleTest(share=share):
            return f"sample {written(share)}"
        case JudgeTest(model=model, ranges=ranges):
            return f"judge {model} {' '.join(f'{SYMBOLS.get(op, op)} {written(bound)}' for op, bound in ranges)}"
        case Negation(child=child):
            return f"not {described(child)}"
    word = {AllOf: "all", AnyOf: "any", NoneOf: "none"}[type(condition)]
    return f"{word} of {len(children_of(condition))}"


def _changes(condition: Condition, declarations: Declarations, *, droppable: bool) -> Iterator[Change]:
    if droppable:
        yield Change(part=Part.CONDITION, text=f"drop `{described(condition)}`", old=condition, new=None)
    for part, text, new in _instead(condition, declarations):
        yield Change(part=part, text=text, old=condition, new=new)
    children = children_of(condition)
    for child in children:
        yield from _changes(child, declarations, droppable=len(children) > 1)


def _instead(condition: Condition, declarations: Declarations) -> Iterator[tuple[Part, str, Condition]]:
    said = described(condition)
    match condition:
        case Negation(child=child):
            yield Part.CONDITION, f"`{said}` without its `not`", child
            return
        case NoneOf(children=children, address=address):
            yield Part.CONDITION, "`none` becomes `any`", AnyOf(children=children, address=address)
            return
        case AllOf():
            return
        case AnyOf(children=children, address=address):
            if len(children) > 1:
                yield Part.CONDITION, "`any` becomes `all`", AllOf(children=children, address=address)
            return
    for new in _moved(condition, declarations):
        yield Part.THRESHOLD, f"`{said}` becomes `{described(new)}`", new
    if isinstance(condition, Test):
        yield from _fewer_values(condition)
    yield Part.CONDITION, f"negate `{said}`", Negation(child=condition, address=condition.address)


def _moved(condition: Condition, declarations: Declarations) -> Iterator[Condition]:
    """The test with a bound of its moved; of an expression, with one of its parts changed."""
    match condition:
        case TimeTest():
            yield from changed_times(condition)
        case SampleTest():
            yield from changed_samples(condition)
        case JudgeTest():
            yield from changed_judges(condition)
        case ExpressionTest():
            yield from changed_expressions(condition)
        case Test():
            yield from changed_bounds(condition, declarations)


def _fewer_values(test: Test) -> Iterator[tuple[Part, str, Condition]]:
    if isinstance(test.operand, tuple) and len(test.operand) > 1:
        for position, value in enumerate(test.operand):
            left: Operand = (*test.operand[:position], *test.operand[position + 1 :])
            text = f"drop `{written(value)}` from `{test.fact} {SYMBOLS.get(test.op, test.op)}`"
            yield Part.VALUE, text, replace(test, operand=left)
