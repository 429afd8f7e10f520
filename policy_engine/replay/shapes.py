"""Rules and declarations as values that are equal where two bundles mean the same, wherever it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from policy_engine.compiler.graph import Node, Op
from policy_engine.compiler.rule import CompiledRule
from policy_engine.diagnostics import Address
from policy_engine.model.plan import Verdict, limits_json, modifiers_json
from policy_engine.model.vocabulary import Fact


def shape_of_rule(rule: CompiledRule) -> tuple[Any, Any, Any]:
    """A rule as (when it matches, what it does, what it adds); its place among others aside."""
    when = (shape_of(rule.node), shape_of(rule.hit), rule.on_unknown)
    return when, shape_of_verdict(rule.verdict), shape_of_modifiers(rule)


def shape_of(node: Node | None) -> Any:
    """A condition: operands of `all` and `any` in no order, atoms by what they test."""
    if node is None:
        return None
    if node.op in (Op.ALL, Op.ANY):
        return node.op, frozenset(map(shape_of, node.children))
    return node.op, _atom(node.atom), tuple(map(shape_of, node.children))


def shape_of_verdict(verdict: Verdict | None) -> Any:
    """What a rule decides."""
    if verdict is None:
        return None
    plan = verdict.plan
    steps = tuple((step.chain, shape_of(step.gate)) for step in plan.steps)
    limits = limits_json(plan.limits) if plan.limits else {}
    return verdict.effect, steps, plan.cascade, limits, plan.answer, plan.refusal


def shape_of_modifiers(rule: CompiledRule) -> Any:
    """What a rule adds."""
    return modifiers_json(rule.modifiers), rule.modifiers.tags


def plain(value: Any) -> Any:
    """A declaration without its places in files."""
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        named = ((field.name, getattr(value, field.name)) for field in fields(value))
        return {name: plain(one) for name, one in named if not isinstance(one, Address)}
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list | tuple) else value


def _atom(atom: Any) -> Any:
    """An atom by the names of its facts: what else a bundle says about a fact does not change the test."""
    if atom is None:
        return None
    return type(atom).__name__, *(_named(getattr(atom, field.name)) for field in fields(atom))


def _named(value: Any) -> Any:
    if isinstance(value, Fact):
        return value.name
    return tuple(map(_named, value)) if isinstance(value, tuple) else value
