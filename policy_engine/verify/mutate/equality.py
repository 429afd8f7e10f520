"""Changes that provably change no decision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from policy_engine.compiler.atoms import InSet, Interval
from policy_engine.compiler.graph import Node, Op, conjuncts, leaves
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.compiler.rule import CompiledRule
from policy_engine.model.plan import Verdict
from policy_engine.model.policy import OnUnknown
from policy_engine.model.vocabulary import Stage
from policy_engine.verify.effects import modifiers_set


def is_same(base: PolicySet, variant: PolicySet) -> bool:
    """Whether two policy sets of one graph consist of the same nodes and effects, in the same order."""
    if len(base.rules) != len(variant.rules) or not _is_same_verdict(base.default, variant.default):
        return False
    return all(_is_same_rule(one, other) for one, other in zip(base.rules, variant.rules, strict=True))


def is_swap_without_effect(swapped: tuple[CompiledRule, CompiledRule] | None) -> bool:
    """
    Whether two rules can be tried in either order.

    They can if neither is tried as unknown with consequences, and one is false wherever the other is true; or if both
    are modifiers that set different things.
    """
    if swapped is None:
        return False
    first, second = swapped
    if OnUnknown.DEFAULT in (first.on_unknown, second.on_unknown):
        return False
    if first.verdict is None and second.verdict is None and _are_apart(first, second):
        return True
    both_skip = first.on_unknown is OnUnknown.SKIP and second.on_unknown is OnUnknown.SKIP
    return both_skip and (
        _rule_out(first.conditions, second.conditions) or _rule_out(second.conditions, first.conditions)
    )


def ends_in_default(base: PolicySet, variant: PolicySet) -> bool:
    """Whether all that differs is that the last rule, where it is unknown, is skipped or gives way to `default`."""
    *before, last = base.rules or (None,)
    *same, other = variant.rules or (None,)
    if last is None or other is None or before != same or not _is_same_verdict(base.default, variant.default):
        return False
    either = {last.on_unknown, other.on_unknown}
    is_alike = _is_same_rule(replace(last, on_unknown=other.on_unknown), other)
    return is_alike and either == {OnUnknown.SKIP, OnUnknown.DEFAULT}


def excludes(one: Node, other: Node) -> bool:
    """Whether `other` is known to be false wherever `one` is true, and the other way round; False if not proved."""
    if one.op is Op.ANY:
        return all(excludes(child, other) for child in one.children)
    if other.op is Op.ANY:
        return all(excludes(one, child) for child in other.children)
    if one.op is Op.ALL:
        return any(excludes(child, other) for child in one.children)
    if other.op is Op.ALL:
        return any(excludes(one, child) for child in other.children)
    if one.op is Op.NOT or other.op is Op.NOT:
        return one.children[:1] == (other,) or other.children[:1] == (one,)
    return _are_disjoint(one, other)


def _are_disjoint(one: Node, other: Node) -> bool:
    match one.atom, other.atom:
        case InSet(fact=fact, values=values), InSet(fact=same, values=others):
            return fact == same and values.isdisjoint(others)
        case Interval(fact=fact, low=low, high=high), Interval(fact=same, low=least, high=most):
            return fact == same and (_ends_before(high, least) or _ends_before(most, low))
    return False


def _ends_before(high: float | None, low: float | None) -> bool:
    return high is not None and low is not None and high <= low


def _rule_out(conditions: Iterable[Node], others: Iterable[Node]) -> bool:
    """Whether one of the others is false wherever all of the conditions are true, and the other way round."""
    held = tuple(conditions)
    return any(
        all(any(excludes(one, child) for one in held) for child in (other.children if other.op is Op.ANY else (other,)))
        for other in others
    )


def _are_apart(first: CompiledRule, second: CompiledRule) -> bool:
    """Whether two modifiers add up to the same in either order, and neither changes what the other sees."""
    one, other = first.modifiers, second.modifiers
    keys, others = set(modifiers_set(one)), set(modifiers_set(other))
    if "only" in keys | others and not (_reads_request_alone(first) and _reads_request_alone(second)):
        return False
    shared = (keys & others) - _UNITED
    return shared <= _BY_ENTRY and all(
        set(getattr(one, key) or ()).isdisjoint(getattr(other, key) or ()) for key in shared
    )


_UNITED = frozenset(("tags", "log", "only"))
"""Modifiers of which it makes no difference who sets them first."""

_BY_ENTRY = frozenset(("limits", "params"))


def _reads_request_alone(rule: CompiledRule) -> bool:
    """Whether a rule asks for no signal, which `only` might rule out."""
    read = (stage for node in rule.conditions for leaf in leaves(node) for _, stage in leaf.groups)
    return all(stage is Stage.REQUEST for stage in read)


def _is_same_rule(one: CompiledRule, other: CompiledRule) -> bool:
    if one is other:
        return True
    return (
        one.rule.address == other.rule.address
        and _needed(one) == _needed(other)
        and one.hit is other.hit
        and one.on_unknown is other.on_unknown
        and one.modifiers == other.modifiers
        and _is_same_verdict(one.verdict, other.verdict)
    )


def _needed(rule: CompiledRule) -> frozenset[Node]:
    """A rule's conditions without those that another one of them implies."""
    conditions = () if rule.node is None else conjuncts(rule.node)
    return frozenset(node for node in conditions if not any(_implies(other, node) for other in conditions))


def _implies(one: Node, other: Node) -> bool:
    """Whether `one` is the narrower test of one fact: `other` is unknown together with it, and holds where it does."""
    match one.atom, other.atom:
        case InSet(fact=fact, values=values), InSet(fact=same, values=others):
            return fact == same and values < others
    return False


def _is_same_verdict(one: Verdict | None, other: Verdict | None) -> bool:
    return one == other
