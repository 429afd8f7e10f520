"""A verdict made to fit one request: modifiers merged in, models that cannot serve it taken out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from policy_engine.compiler.policy_set import PolicySet, Unmeasured
from policy_engine.compiler.room import room_of
from policy_engine.compiler.rule import CompiledRule
from policy_engine.evaluator.merge import merge_modifiers
from policy_engine.evaluator.only import held_to
from policy_engine.evaluator.route import Demand, choose, latency_groups, targets_of
from policy_engine.model.decision import Skipped
from policy_engine.model.facts import UNKNOWN, Facts
from policy_engine.model.plan import Plan, PlanStep, Refusal, Verdict

MOST_MERGED = 4096
"""How many combinations of rules are remembered with their modifiers merged."""

NO_MODEL_STATUS = 503
"""Status of the refusal where `only` leaves no model."""


def with_modifiers(policy_set: PolicySet, verdict: Verdict, rules: Sequence[CompiledRule]) -> Verdict:
    """The verdict with the modifiers of rules that matched before it; the same ones are merged once."""
    # Verdict and rules live as long as the policy set, so their identities tell them apart.
    key = (id(verdict), *map(id, rules))
    known = policy_set.merged.get(key)
    if known is None:
        merged = merge_modifiers(verdict.modifiers, [rule.modifiers for rule in rules])
        known = replace(verdict, modifiers=merged, room=room_of(verdict.plan, merged, policy_set.cards))
        if len(policy_set.merged) < MOST_MERGED:
            policy_set.merged[key] = known
    return known


def held_to_only(policy_set: PolicySet, verdict: Verdict) -> Verdict:
    """The verdict without the `remember` and `shadow` that its `only` rules out."""
    held = held_to(verdict.modifiers, policy_set)
    return verdict if held == verdict.modifiers else replace(verdict, modifiers=held)


def with_models(policy_set: PolicySet, facts: Facts, verdict: Verdict) -> tuple[Verdict, tuple[Skipped, ...]]:
    """
    The verdict with the models that can serve the request, and those that cannot.

    Raises:
        NeedsLatency: a choice by measured latency has to wait for signals.
    """
    unmeasured = _unmeasured(policy_set, facts, verdict)
    if unmeasured is not None and facts.request.is_plain and len(facts.request.input or "") <= unmeasured.room:
        return unmeasured, ()
    demand = Demand.of(facts, verdict.modifiers, verdict.plan.limits)
    skipped: list[Skipped] = []
    chains = [choose(step.chain, policy_set, facts, demand, skipped) for step in verdict.plan.steps]
    if all(chain == step.chain for chain, step in zip(chains, verdict.plan.steps, strict=True)):
        return verdict, ()
    steps = tuple(replace(step, chain=chain) for chain, step in zip(chains, verdict.plan.steps, strict=True))
    if demand.only and not any(step.chain for step in steps):
        ruled_out = not any(demand.allows(policy_set.cards[one.model]) for one in skipped)
        if ruled_out:
            return _refused(verdict), _unique(skipped)
    return _with_steps(verdict, steps), _unique(skipped)


def _unmeasured(policy_set: PolicySet, facts: Facts, verdict: Verdict) -> Verdict | None:
    """The verdict with its models in their declared order, if measured latencies would decide and none is known."""
    known = policy_set.unmeasured.get(id(verdict))
    # Verdicts that are made for one request leave their identity to others.
    if known is None or known.verdict is not verdict:
        known = Unmeasured(verdict=verdict, groups=latency_groups(verdict.plan))
        if len(policy_set.unmeasured) < MOST_MERGED:
            policy_set.unmeasured[id(verdict)] = known
    signals = facts.signals
    if not known.groups or any(signals.get(group) is not UNKNOWN for group in known.groups):
        return None
    if known.declared is None:
        steps = tuple(replace(step, chain=targets_of(step.chain, policy_set, facts)) for step in verdict.plan.steps)
        declared = _with_steps(verdict, steps)
        known.declared = replace(declared, room=room_of(declared.plan, verdict.modifiers, policy_set.cards))
    return known.declared


def _with_steps(verdict: Verdict, steps: tuple[PlanStep, ...]) -> Verdict:
    plan = replace(verdict.plan, steps=steps)
    return replace(verdict, plan=plan, first=plan.first_target())


def _refused(verdict: Verdict) -> Verdict:
    tags = ", ".join(verdict.modifiers.only)
    refusal = Refusal(status=NO_MODEL_STATUS, message=f"no model with the required tags: {tags}")
    return replace(verdict, effect="deny", plan=Plan(refusal=refusal), first=None)


def _unique(skipped: Iterable[Skipped]) -> tuple[Skipped, ...]:
    return tuple(dict.fromkeys(skipped))
