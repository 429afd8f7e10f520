"""The parts of a rule's condition as they are written, each with its place and its node of the graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from policy_engine.compiler.graph import Node, Op, leaves
from policy_engine.compiler.normalise import node_of
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.compiler.reopened import scope_of
from policy_engine.compiler.scope import Scope
from policy_engine.diagnostics import Address
from policy_engine.model.condition import (
    AllOf,
    AnyOf,
    Condition,
    ExpressionTest,
    Negation,
    NoneOf,
    Reference,
    Test,
    children_of,
)
from policy_engine.model.policy import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """
    One part of a condition: a test, or tests joined.

    `owner` is the named condition or score that it stands in, None where that is the rule itself. `address` is its
    place; parts of one expression are told apart by a last key of their own, which the text does not have.
    """

    text: str
    address: Address
    node: Node = field(repr=False)
    owner: str | None


def pieces_of(rule: Rule, policy_set: PolicySet) -> Iterator[Piece]:
    """
    Every part of a rule's condition, outer ones first.

    Named conditions are entered where they are used, scores where they are tested; each part comes once.
    """
    if rule.when is None:
        return
    seen: set[Address] = set()
    for piece in _walk(rule.when, scope_of(policy_set, rule.name), None):
        if piece.address not in seen:
            seen.add(piece.address)
            yield piece


def _walk(condition: Condition, scope: Scope, owner: str | None) -> Iterator[Piece]:
    node = node_of(condition, scope)
    yield Piece(text=_text(condition, node), address=condition.address, node=node, owner=owner)
    if isinstance(condition, Reference):
        declared = scope.declarations.conditions.get(condition.name)
        if declared is not None and declared.when is not None:
            yield from _walk(declared.when, scope.within(f"condition.{condition.name}"), condition.name)
    elif isinstance(condition, ExpressionTest):
        yield from _in_expression(condition, node, owner)
    elif isinstance(condition, Test) and condition.fact.startswith("score."):
        yield from _in_score(condition.fact.removeprefix("score."), scope)
    for child in children_of(condition):
        yield from _walk(child, scope, owner)


def _in_expression(condition: ExpressionTest, node: Node, owner: str | None) -> Iterator[Piece]:
    """The comparisons of an expression that joins several."""
    if node.op is Op.LEAF:
        return
    for number, leaf in enumerate(dict.fromkeys(leaves(node))):
        yield Piece(text=leaf.text, address=condition.address.child(number), node=leaf, owner=owner)


def _in_score(name: str, scope: Scope) -> Iterator[Piece]:
    declared = scope.declarations.scores.get(name)
    for part in () if declared is None else declared.parts:
        yield from _walk(part.when, scope.within(f"score.{name}"), name)


def _text(condition: Condition, node: Node) -> str:
    match condition:
        case AllOf(children=children):
            return f"all {len(children)} of them"
        case AnyOf(children=children):
            return f"any of {len(children)}"
        case NoneOf(children=children):
            return f"none of {len(children)}"
        case Negation():
            return "not"
        case Reference(name=name):
            return f"condition {name}"
        case ExpressionTest(text=text):
            return text
    return node.text or (f"not {node.children[0].text}" if node.op is Op.NOT else " and ".join(_texts(node)))


def _texts(node: Node) -> Iterator[str]:
    return (leaf.text for leaf in leaves(node))
