"""Which requests have to be replayed one after the other: those that share a budget, a session, or a rate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from zlib import crc32

from policy_engine.compiler.graph import Node, leaves
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.model.effect import Modifiers
from policy_engine.model.facts import Facts
from policy_engine.model.plan import FastestTarget, Verdict
from policy_engine.model.request import Request
from policy_engine.signals.budgets import budgets_of
from policy_engine.signals.key import scope_values

_TOGETHER = ("escalation", "latency", "errors")


def scopes_of(policy_set: PolicySet) -> frozenset[tuple[str, ...]]:
    """
    What a policy set counts by: names of attributes, `session` or `user`; an empty scope counts all requests together.

    Nothing where the policies keep nothing between requests.
    """
    budgets = {budget.name: budget.scope for budget in budgets_of(policy_set.declarations)}
    return frozenset(_scopes(policy_set, budgets))


def shared_key(policy_sets: Iterable[PolicySet]) -> tuple[str, ...] | None:
    """
    The names by which requests can be dealt out so that what is counted together stays together, in order.

    Empty if nothing is counted, so that any request may go anywhere; None if all have to stay together.
    """
    scopes = [scope for policy_set in policy_sets for scope in scopes_of(policy_set)]
    if not scopes:
        return ()
    common = frozenset(scopes[0]).intersection(*scopes)
    return tuple(sorted(common)) or None


def share_of(request: Request, key: tuple[str, ...], policy_set: PolicySet, shares: int) -> int:
    """To which of so many shares a request is dealt; requests of the same key always to the same."""
    values = scope_values(key, Facts(request, policy_set.layout))
    return crc32(repr(values).encode()) % shares


def _scopes(policy_set: PolicySet, budgets: dict[str, tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    caches = policy_set.declarations.caches
    for group in _groups(policy_set):
        section, _, name = group.partition(".")
        if section == "budget":
            yield _named(budgets.get(name, ()))
        elif section == "cache":
            yield _named(caches[name].value.get("scope", ()))
        elif section in _TOGETHER:
            yield ()
        elif group == "session":
            yield ("session",)
    for limits, modifiers in _kept(policy_set):
        if "escalation_rate" in limits:
            yield ()
        if "session_escalations" in limits:
            yield ("session",)
        if modifiers.stick is not None:
            yield _named((modifiers.stick.by,))
    for verdict in _verdicts(policy_set):
        if any(isinstance(link, FastestTarget) for step in verdict.plan.steps for link in step.chain):
            yield ()  # measured latencies decide


def _named(scope: Iterable[str]) -> tuple[str, ...]:
    return tuple(name.removeprefix("attributes.") for name in scope)


def _kept(policy_set: PolicySet) -> Iterator[tuple[frozenset[str], Modifiers]]:
    """The names of limits, and the modifiers, of every rule."""
    for verdict in _verdicts(policy_set):
        yield frozenset((*(verdict.plan.limits or ()), *(verdict.modifiers.limits or ()))), verdict.modifiers
    for rule in policy_set.rules:
        yield frozenset(rule.modifiers.limits or ()), rule.modifiers


def _verdicts(policy_set: PolicySet) -> Iterator[Verdict]:
    yield policy_set.default
    for rule in policy_set.rules:
        if rule.verdict is not None:
            yield rule.verdict


def _groups(policy_set: PolicySet) -> Iterator[str]:
    for node in _nodes(policy_set):
        for leaf in leaves(node):
            yield from (group for group, _ in leaf.groups)


def _nodes(policy_set: PolicySet) -> Iterator[Node]:
    for rule in policy_set.rules:
        yield from rule.conditions
    for verdict in _verdicts(policy_set):
        yield from (step.gate for step in verdict.plan.steps if step.gate is not None)
