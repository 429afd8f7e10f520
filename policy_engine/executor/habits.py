"""
What requests leave for the next: models that a session keeps, models that cool, escalations counted.

Serving and replaying count by the same functions, so that a rule that reads what is counted decides alike in both.
"""

from __future__ import annotations

from policy_engine.errors import StateError
from policy_engine.executor.order import Order
from policy_engine.model.decision import Decision
from policy_engine.model.events import Emit, SignalFailed
from policy_engine.model.facts import Facts
from policy_engine.model.outcome import CallRecord, Outcome, Status
from policy_engine.signals.counters import Counters
from policy_engine.signals.embedders.meter import PURPOSE as EMBEDDING
from policy_engine.signals.sessions import Turn


def order_for(decision: Decision, facts: Facts, counters: Counters, *, now_s: float, emit: Emit) -> Order:
    """Which models of a decision's plan are tried first and last. A state that cannot be used keeps no model."""
    cooling = counters.measured.failures.cooling(now_s=now_s)
    stick = decision.verdict.modifiers.stick
    if stick is None:
        return Order(cooling=cooling)
    try:
        return Order(kept=counters.sticks.kept(stick, facts, now_s=now_s), cooling=cooling)
    except StateError as error:
        emit(SignalFailed(signal="stick", reason=error.reason, error=error))
        return Order(cooling=cooling)


def measure(outcome: Outcome, counters: Counters, *, now_s: float) -> None:
    """Tells how each call to a model went, for what is measured of the models."""
    for call in outcome.calls:
        if call.purpose == EMBEDDING:
            continue
        counters.measured.failures.record(call.model, call.failure, now_s=now_s)
        if call.failure is None and call.elapsed_ms is not None:
            counters.measured.latencies.record(call.model, call.elapsed_ms / 1000, now_s=now_s)


def count_rate(outcome: Outcome, counters: Counters, *, now_s: float) -> None:
    """
    Tells whether a request escalated, for the rate of its cascade.

    Raises:
        StateError: the state cannot be used.
    """
    cascade, escalated = outcome.decision.plan.cascade, has_escalated(outcome)
    if cascade is not None and escalated is not None:
        counters.escalations.record(cascade, escalated=escalated, now_s=now_s)


def turn_of(outcome: Outcome, *, counted: int = 0) -> Turn:
    """What a request is to its session; of its escalations so many are counted there already."""
    answers = (call for call in reversed(outcome.calls) if call.purpose == "answer" and call.failure is None)
    last: CallRecord | None = next(answers, None)
    return Turn(
        model=None if last is None else last.model,
        tier=None if last is None else last.tier,
        escalations=outcome.escalations - counted,
        errors=sum(call.failure is not None and call.purpose != EMBEDDING for call in outcome.calls),
    )


def has_escalated(outcome: Outcome) -> bool | None:
    """
    Whether a request went beyond the first step of its cascade; None if it says nothing about that step.

    It does not if it began higher or was not allowed to escalate, since too many had; nor if its answer was thrown away
    without being judged: a judge that is down must not make the cascade begin higher.
    """
    answers = [call for call in outcome.calls if call.purpose == "answer"]
    if outcome.decision.plan.cascade is None or not answers or answers[0].step != 0:
        return None
    return None if outcome.limit == "escalation_rate" or outcome.escalated_unsure else outcome.escalations > 0


def keep_model(outcome: Outcome, facts: Facts, counters: Counters, *, now_s: float) -> None:
    """
    Keeps the model that answered, if the decision says so.

    It is not kept where a limit chose it, or where the answer before it was thrown away without being judged: nobody
    found that the session needs it.

    Raises:
        StateError: the state cannot be used.
    """
    stick = outcome.decision.verdict.modifiers.stick
    if stick is None or outcome.status is not Status.ACCEPTED or outcome.limit is not None or outcome.escalated_unsure:
        return
    answers = (call for call in reversed(outcome.calls) if call.purpose == "answer" and call.failure is None)
    answered = next(answers, None)
    if answered is not None:
        counters.sticks.keep(stick, facts, answered.model, now_s=now_s)
