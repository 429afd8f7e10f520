"""Whether a condition can be unknown, and what surely holds where it is true."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policy_engine.model.condition import (
    AllOf,
    Condition,
    ExpressionTest,
    Reference,
    SampleTest,
    Test,
    children_of,
)
from policy_engine.model.policy import Declarations
from policy_engine.validator.surroundings import FactTable

_LITERAL = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[\w-]+)*")


def can_be_unknown(condition: Condition, facts: FactTable, declarations: Declarations) -> str | None:
    """The first fact that can leave a condition unknown, or None if it is always true or false."""
    return next(_uncertain(condition, facts, declarations, frozenset()), None)


def conjuncts(condition: Condition | None, declarations: Declarations) -> Iterator[Condition]:
    """What must hold for a condition to be true: itself, or the parts of a conjunction, named ones resolved."""
    pending = [] if condition is None else [condition]
    seen: set[str] = set()
    while pending:
        part = pending.pop()
        if isinstance(part, AllOf):
            pending.extend(reversed(part.children))
        elif isinstance(part, Reference):
            declared = declarations.conditions.get(part.name)
            if part.name not in seen and declared is not None and declared.when is not None:
                pending.append(declared.when)
            seen.add(part.name)
        else:
            yield part


def names_in(expression: str) -> Iterator[str]:
    """Every dotted name that an expression mentions outside its literals, known or not."""
    yield from _DOTTED.findall(_LITERAL.sub(" ", expression))


def _uncertain(
    condition: Condition, facts: FactTable, declarations: Declarations, path: frozenset[str]
) -> Iterator[str]:
    if isinstance(condition, Test):
        yield from _uncertain_test(condition, facts, declarations, path)
    elif isinstance(condition, SampleTest):
        yield from _uncertain_fact(condition.by or "id", facts)
    elif isinstance(condition, ExpressionTest):
        for name in names_in(condition.text):
            yield from _uncertain_fact(name, facts)
    elif isinstance(condition, Reference):
        declared = declarations.conditions.get(condition.name)
        if declared is not None and declared.when is not None and condition.name not in path:
            yield from _uncertain(declared.when, facts, declarations, path | {condition.name})
    else:
        for child in children_of(condition):
            yield from _uncertain(child, facts, declarations, path)


def _uncertain_test(test: Test, facts: FactTable, declarations: Declarations, path: frozenset[str]) -> Iterator[str]:
    if test.op == "exists":
        return
    if not test.fact.startswith("score."):
        yield from _uncertain_fact(test.fact, facts)
        return
    score = declarations.scores.get(test.fact.removeprefix("score."))
    if score is not None and test.fact not in path:
        for part in score.parts:
            yield from _uncertain(part.when, facts, declarations, path | {test.fact})


def _uncertain_fact(name: str, facts: FactTable) -> Iterator[str]:
    """A default does not help: it stands in for absence, and an invalid value is unknown all the same."""
    fact = facts[name]
    if fact is not None and not fact.always and not fact.name.startswith("score."):
        yield fact.name
