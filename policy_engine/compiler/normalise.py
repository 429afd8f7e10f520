"""Conditions as nodes of the graph: names resolved, operators in normal form, equal tests shared."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction

from policy_engine.compiler.atoms import (
    AnswerFitsSchema,
    AnswerHasSections,
    AnswerIsJson,
    AnswerIsOneOf,
    Atom,
    Judged,
    Sampled,
    Scored,
)
from policy_engine.compiler.clock import during
from policy_engine.compiler.expression import expression_node
from policy_engine.compiler.graph import Node, Op
from policy_engine.compiler.operands import SYMBOLS, compare, interval, written
from policy_engine.compiler.regexes import patterns_hold
from policy_engine.compiler.scope import Scope
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
    Scalar,
    Test,
    TimeTest,
)
from policy_engine.model.policy import Score
from policy_engine.model.quantity import Kind, QuantityError, parse_quantity
from policy_engine.model.vocabulary import REQUEST_ID


def node_of(condition: Condition, scope: Scope) -> Node:
    """The node of a condition; what cannot be resolved never holds, its finding being told elsewhere."""
    if type(condition) is Test:  # nearly all are
        return _test(condition, scope)
    match condition:
        case AllOf(children=children):
            return scope.interner.all_of([node_of(child, scope) for child in children])
        case AnyOf(children=children):
            return scope.interner.any_of([node_of(child, scope) for child in children])
        case NoneOf(children=children):
            return scope.interner.all_of([scope.interner.negation(node_of(child, scope)) for child in children])
        case Negation(child=child):
            return scope.interner.negation(node_of(child, scope))
        case Reference(name=name):
            return _named(name, scope)
        case Test():
            return _test(condition, scope)
        case TimeTest():
            return during(condition, scope)
        case SampleTest():
            return _sample(condition, scope)
        case ExpressionTest():
            return expression_node(condition, scope)
        case JudgeTest():
            return _judge(condition, scope)


def _named(name: str, scope: Scope) -> Node:
    key = f"condition.{name}"
    declared = scope.declarations.conditions.get(name)
    if key not in scope.resolved:
        if declared is None or declared.when is None or key in scope.path:
            return scope.never()
        scope.resolved[key] = node_of(declared.when, scope.within(key))
    return scope.resolved[key]


def _test(test: Test, scope: Scope) -> Node:
    if test.op in _SEARCHES and not patterns_hold(test, scope):
        return scope.never()
    key = (test.fact, test.op, repr(test.operand))  # true and 1 are not the same
    known = scope.compared.get(key)
    return _new_test(test, key, scope) if known is None else known


def _new_test(test: Test, key: object, scope: Scope) -> Node:
    section, _, name = test.fact.partition(".")
    if section == "score":
        return _score(name, test, scope)
    if test.op in _ANSWER_ATOMS:
        operand = test.operand if isinstance(test.operand, tuple) else (test.operand,)
        return scope.leaf(_ANSWER_ATOMS[test.op](operand), f"output {test.op} {written(test.operand)}")
    if test.fact == "output.json":
        return scope.leaf(AnswerIsJson(test.operand is True), f"output is{'' if test.operand else ' not'} json")
    fact = scope.fact(test.fact)
    node = scope.never() if fact is None else compare(fact, test.op, test.operand, scope)
    scope.compared[key] = node
    return node


_SEARCHES = ("matches", "contains", "glob")
_ANSWER_ATOMS: Mapping[str, Callable[[tuple[Scalar, ...]], Atom]] = {
    "sections": lambda operand: AnswerHasSections(tuple(map(str, operand))),
    "json_schema": lambda operand: AnswerFitsSchema(str(operand[0])),
    "one_of": lambda operand: AnswerIsOneOf(frozenset(str(text).strip() for text in operand)),
}


def _sample(sample: SampleTest, scope: Scope) -> Node:
    by = REQUEST_ID if sample.by is None else scope.fact(sample.by)
    salt = sample.salt if sample.salt is not None else scope.rule
    try:
        share = parse_quantity(sample.share, Kind.SHARE)
    except QuantityError:
        return scope.never()
    if by is None or salt is None:
        return scope.never()
    # hash < share * 2**64 for whole hashes is hash < its ceiling, also where the product is whole.
    ceiling = math.ceil(Fraction(share) * 2**64)
    return scope.leaf(Sampled(ceiling, by, salt), f"sample {written(sample.share)} by {by.name}")


def _judge(judge: JudgeTest, scope: Scope) -> Node:
    nodes = []
    for op, operand in judge.ranges:
        low, high = interval(op, parse_quantity(operand, Kind.SHARE), integral=False)
        text = f"judge {judge.model} {SYMBOLS.get(op, op)} {written(operand)}"
        nodes.append(scope.leaf(Judged(judge.model, judge.question, low, high), text))
    return scope.interner.all_of(nodes) if nodes else scope.never()


def _score(name: str, test: Test, scope: Scope) -> Node:
    declared = scope.declarations.scores.get(name)
    key = f"score.{name}"
    if declared is None or key in scope.path or not declared.parts:
        return scope.never()
    if test.op in ("ne", "not_in"):
        positive = Test(
            fact=test.fact, op="eq" if test.op == "ne" else "in", operand=test.operand, address=test.address
        )
        return scope.interner.negation(_score(name, positive, scope))
    values = test.operand if isinstance(test.operand, tuple) else (test.operand,)
    op = "eq" if test.op == "in" else test.op
    try:
        return scope.interner.any_of([_score_test(declared, op, value, scope) for value in values])
    except QuantityError:
        return scope.never()


def _score_test(score: Score, op: str, value: Operand, scope: Scope) -> Node:
    """A sum is compared exactly: points and threshold are whole numbers of 1/scale points."""
    number = parse_quantity(value, Kind.NUMBER)
    points = [Decimal(repr(part.points)) for part in score.parts]
    scale = 10 ** max(0, *(-int(amount.as_tuple().exponent) for amount in (number, *points)))
    low, high = interval(op, number * scale, integral=True)
    parts = tuple(_score_parts(score, scope))
    atom = Scored(
        score.name,
        tuple(int(amount * scale) for amount in points),
        scale,
        None if low is None else int(low),
        None if high is None else int(high),
    )
    text = f"score.{score.name} {SYMBOLS.get(op, op)} {written(value)}"
    return scope.word(scope.interner.scored(atom, parts, lambda: _scored_node(atom, parts, text)), text)


def _score_parts(score: Score, scope: Scope) -> Iterator[Node]:
    inner = scope.within(f"score.{score.name}")
    for position, part in enumerate(score.parts):
        key = f"score.{score.name}.{position}"
        if key not in scope.resolved:
            scope.resolved[key] = node_of(part.when, inner)
        yield scope.resolved[key]


def _scored_node(atom: Scored, parts: tuple[Node, ...], text: str) -> Node:
    reads = 0
    for part in parts:
        reads |= part.reads
    return Node(
        op=Op.LEAF,
        children=parts,
        atom=atom,
        reads=reads,
        cost=sum(part.cost for part in parts),
        text=text,
    )
