"""From the deciding rule to a Decision: modifiers merged, models chosen for this request, oddities noted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.evaluator.progress import Needs, Progress
from policy_engine.model.decision import CLEAN, Notes, decision_of

if TYPE_CHECKING:
    from policy_engine.compiler.policy_set import PolicySet
    from policy_engine.model.decision import Decision, Skipped
    from policy_engine.model.facts import Facts
    from policy_engine.model.plan import Verdict


def conclude(policy_set: PolicySet, facts: Facts, verdict: Verdict, progress: Progress | None) -> Decision | Needs:
    """The decision that a verdict comes to for one request, or the latencies that its choice of model needs."""
    if progress is not None and progress.modifiers:
        verdict = _modified(policy_set, verdict, progress)
    request = facts.request
    text = request.input
    skipped: tuple[Skipped, ...] = ()
    # Asks for nothing but text, in fewer characters than any model's context has tokens: every model fits.
    if text is None or len(text) > verdict.room or request.tools or request.params or request.wants or request.tokens:
        fitted = _fitted(policy_set, facts, verdict)
        if isinstance(fitted, Needs):
            return fitted
        verdict, skipped = fitted
    notes = CLEAN
    if progress is not None or skipped or facts.errors:
        unknown = () if progress is None else tuple(sorted(progress.unknown))
        notes = Notes(unknown=unknown, errors=facts.errors, skipped=skipped)
    return decision_of(request.id, policy_set.origin, verdict, notes)


# What follows is imported when first needed: whoever imports `decide` should not wait for it.


def _modified(policy_set: PolicySet, verdict: Verdict, progress: Progress) -> Verdict:
    from policy_engine.evaluator.fit import with_modifiers

    return with_modifiers(policy_set, verdict, progress.modifiers)


def _fitted(policy_set: PolicySet, facts: Facts, verdict: Verdict) -> tuple[Verdict, tuple[Skipped, ...]] | Needs:
    from policy_engine.evaluator.fit import held_to_only, with_models
    from policy_engine.evaluator.route import NeedsLatency

    if verdict.modifiers.only:
        verdict = held_to_only(policy_set, verdict)
    if not verdict.plan.steps:
        return verdict, ()
    try:
        return with_models(policy_set, facts, verdict)
    except NeedsLatency as needs:
        return Needs(needs.groups)
