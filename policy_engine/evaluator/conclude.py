"""From the deciding rule to a Decision: modifiers merged, models chosen for this request, oddities noted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.compiler.rule import CompiledRule
from policy_engine.evaluator.merge import merge_modifiers
from policy_engine.evaluator.route import Demand, NeedsLatency, choose
from policy_engine.model.decision import CLEAN, Decision, Notes, Skipped, first_target
from policy_engine.model.effect import Modifiers
from policy_engine.model.facts import Facts
from policy_engine.model.plan import Plan, PlanStep, Refusal, Verdict

NO_MODEL_STATUS = 503
"""Status of the refusal where `only` leaves no model."""


@dataclass(frozen=True, slots=True)
class Needs:
    """Signals, by group (`cache.support`), that have to be learned (or given up) before the decision can be made."""

    signals: tuple[str, ...]


class Gathered(Protocol):
    """What was gathered before a rule decided."""

    @property
    def modifiers(self) -> list[CompiledRule]:
        """Modifiers that matched, in order."""

    @property
    def unknown(self) -> set[str]:
        """Names of what left tried rules unknown."""


def conclude(policy_set: PolicySet, facts: Facts, verdict: Verdict, gathered: Gathered | None) -> Decision | Needs:
    """The decision that a verdict comes to for one request, or the latencies that its choice of model needs."""
    request = facts.request
    unknown: Iterable[str] = ()
    if gathered is not None:
        unknown = gathered.unknown
        if gathered.modifiers:
            verdict = _with_modifiers(verdict, [rule.modifiers for rule in gathered.modifiers])
    skipped: tuple[Skipped, ...] = ()
    # Asks for nothing but text, in fewer characters than any model's context has tokens: every model fits.
    plain = (
        (text := request.input) is not None
        and len(text) <= verdict.room
        and not (request.tools or request.params or request.wants or request.tokens)
    )
    if not plain and verdict.plan.steps:
        try:
            verdict, skipped = _with_models(policy_set, facts, verdict)
        except NeedsLatency as needs:
            return Needs(needs.groups)
    notes = CLEAN
    if unknown or skipped or facts.errors:
        notes = Notes(unknown=tuple(sorted(unknown)), errors=facts.errors, skipped=skipped)
    return Decision(id=request.id, origin=policy_set.origin, verdict=verdict, notes=notes)


def _with_modifiers(verdict: Verdict, others: list[Modifiers]) -> Verdict:
    merged = merge_modifiers(verdict.modifiers, others)
    free = not (merged.limits or merged.params or merged.only)
    return replace(verdict, modifiers=merged, room=verdict.room if free else -1)


def _with_models(policy_set: PolicySet, facts: Facts, verdict: Verdict) -> tuple[Verdict, tuple[Skipped, ...]]:
    demand = Demand.of(facts, verdict.modifiers)
    skipped: list[Skipped] = []
    steps = tuple(
        replace(step, chain=choose(step.chain, policy_set, facts, demand, skipped)) for step in verdict.plan.steps
    )
    if demand.only and not any(step.chain for step in steps):
        ruled_out = not any(demand.allows(policy_set.cards[one.model]) for one in skipped)
        if ruled_out:
            return _refused(verdict), _unique(skipped)
    return _with_steps(verdict, steps), _unique(skipped)


def _with_steps(verdict: Verdict, steps: tuple[PlanStep, ...]) -> Verdict:
    plan = replace(verdict.plan, steps=steps)
    return replace(verdict, plan=plan, first=first_target(plan))


def _refused(verdict: Verdict) -> Verdict:
    tags = ", ".join(verdict.modifiers.only)
    refusal = Refusal(status=NO_MODEL_STATUS, message=f"no model with the required tags: {tags}")
    return replace(verdict, effect="deny", plan=Plan(refusal=refusal), first=None)


def _unique(skipped: Iterable[Skipped]) -> tuple[Skipped, ...]:
    return tuple(dict.fromkeys(skipped))
