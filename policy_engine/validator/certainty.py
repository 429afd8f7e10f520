"""Whether a condition can be unknown, and what surely holds where it is true."""

from __future__ import annotations

import ast
import re
import warnings
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
from policy_engine.model.effect import Route, Split, Then
from policy_engine.model.policy import Declarations
from policy_engine.validator.surroundings import FactTable

_LITERAL = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
_DOTTED = re.compile(r"[^\W\d]\w*(?:\.\w+)*")


def can_be_unknown(condition: Condition, facts: FactTable, declarations: Declarations) -> str | None:
    """
    The first fact that can leave a condition unknown, or None if it is always true or false.

    An expression that can fail is named as a decision names it: `expr`.
    """
    return next(_uncertain(condition, facts, declarations, frozenset()), None)


def key_can_be_unknown(then: Then, facts: FactTable) -> str | None:
    """The first fact by which an effect splits its route and which may be missing, so that its rule is unknown."""
    links = then.terminal.chain if isinstance(then.terminal, Route) else ()
    keys = (link.by or "id" for link in links if isinstance(link, Split))
    return next((name for key in keys for name in _uncertain_fact(key, facts)), None)


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
    tree = _parsed(expression)
    if tree is None:
        yield from _DOTTED.findall(_LITERAL.sub(" ", expression))  # what is wrong with it is told elsewhere
    else:
        yield from _names(tree)


def _names(node: ast.AST) -> Iterator[str]:
    name = _dotted(node)
    if name is not None:
        yield name
        return
    for child in ast.iter_child_nodes(node):
        yield from _names(child)


def _dotted(node: ast.AST) -> str | None:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attribute):
            owner = _dotted(value)
            return None if owner is None else f"{owner}.{attribute}"
    return None


def _can_fail(expression: str) -> bool:
    """Whether an expression divides by what may be 0."""
    tree = _parsed(expression)
    divisors = (
        node.right
        for node in ast.walk(tree or ast.Constant(None))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
    )
    return any(not (isinstance(divisor, ast.Constant) and divisor.value) for divisor in divisors)


def _parsed(expression: str) -> ast.expr | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python would print its doubts about `\\d` in a text
            return ast.parse(expression.replace("\n", " ").strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _uncertain(
    condition: Condition, facts: FactTable, declarations: Declarations, path: frozenset[str]
) -> Iterator[str]:
    if isinstance(condition, Test):
        if condition.op != "exists":
            yield from _uncertain_name(condition.fact, facts, declarations, path)
    elif isinstance(condition, SampleTest):
        yield from _uncertain_fact(condition.by or "id", facts)
    elif isinstance(condition, ExpressionTest):
        for name in names_in(condition.text):
            yield from _uncertain_name(name, facts, declarations, path)
        if _can_fail(condition.text):
            yield "expr"
    elif isinstance(condition, Reference):
        declared = declarations.conditions.get(condition.name)
        if declared is not None and declared.when is not None and condition.name not in path:
            yield from _uncertain(declared.when, facts, declarations, path | {condition.name})
    else:
        for child in children_of(condition):
            yield from _uncertain(child, facts, declarations, path)


def _uncertain_name(name: str, facts: FactTable, declarations: Declarations, path: frozenset[str]) -> Iterator[str]:
    """What can leave a fact, or the parts of a score, unknown."""
    if not name.startswith("score."):
        yield from _uncertain_fact(name, facts)
        return
    score = declarations.scores.get(name.removeprefix("score."))
    if score is not None and name not in path:
        for part in score.parts:
            yield from _uncertain(part.when, facts, declarations, path | {name})


def _uncertain_fact(name: str, facts: FactTable) -> Iterator[str]:
    """A default does not help: it stands in for absence, and an invalid value is unknown all the same."""
    fact = facts[name]
    if fact is not None and not fact.always:
        yield fact.name
