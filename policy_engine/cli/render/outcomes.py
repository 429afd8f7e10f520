"""Outcomes for people: in one line, what became of a request and what it took."""

from __future__ import annotations

from policy_engine.cli.render.cells import visible
from policy_engine.cli.render.decisions import DEFAULT
from policy_engine.cli.render.money import dollars
from policy_engine.cli.render.text import counted
from policy_engine.model.outcome import CallRecord, Outcome


def outcome_line(outcome: Outcome) -> str:
    """How a request ended, by which rule and model, after how many calls, for how much, and which limit spoke."""
    rule = outcome.decision.rule
    parts = [f"rule {DEFAULT if rule is None else rule}"]
    call = _answering(outcome)
    if call is not None:
        parts.append(f"model {call.model}" if call.tier is None else f"model {call.model} (tier {call.tier})")
    parts.append(counted(len(outcome.calls), "call") if outcome.calls else "no calls")
    parts.append("cost unknown" if outcome.cost_usd is None else dollars(outcome.cost_usd))
    if outcome.limit is not None:
        parts.append(f"limit {outcome.limit}")
    return visible(f"{outcome.status.replace('_', ' ')}: {', '.join(parts)}")


def _answering(outcome: Outcome) -> CallRecord | None:
    """The call that the outcome's message is from; None if no model gave it."""
    if not outcome.status.endswith("accepted"):
        return None
    answers = (call for call in reversed(outcome.calls) if call.purpose == "answer" and call.failure is None)
    return next(answers, None)
