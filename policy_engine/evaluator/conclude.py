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
    skipped: tuple[Skipped, ...] = ()
    # Asks for nothing but text, in fewer characters than any model's context has tokens: every model fits.
    if not request.is_plain or len(request.input) > verdict.room:  # type: ignore[arg-type]  # what is plain has input
        fitted = _fitted(policy_set, facts, verdict)
        if isinstance(fitted, Needs) and facts.unanswerable.issuperset(fitted.signals):
            facts = _given_up(fitted, facts, progress)
            fitted = _fitted(policy_set, facts, verdict)
        if isinstance(fitted, Needs):
            return fitted
        verdict, skipped = fitted
    elif progress is None and request.id is None and not facts.errors:
        # Nothing is this request's own: one decision serves all that are like it.
        return policy_set.nameless.get(id(verdict)) or _nameless(policy_set, verdict)
    notes = CLEAN
    if progress is not None or skipped or facts.errors:
        unknown = () if progress is None else tuple(sorted(progress.unknown))
        notes = Notes(unknown=unknown, errors=facts.errors, skipped=skipped)
    return decision_of(request.id, policy_set.origin, verdict, notes)


def _nameless(policy_set: PolicySet, verdict: Verdict) -> Decision:
    # INVARIANT: the verdict is the default's or a rule's own, so its id stands for it as long as the policies live.
    decision = policy_set.nameless[id(verdict)] = decision_of(None, policy_set.origin, verdict, CLEAN)
    return decision


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


def _given_up(needs: Needs, facts: Facts, progress: Progress | None) -> Facts:
    from policy_engine.evaluator.settle import give_up

    return give_up(needs.signals, facts, progress)
