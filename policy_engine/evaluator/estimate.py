"""What the first call of a decision is expected to cost and take."""

from __future__ import annotations

from decimal import Decimal

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.evaluator.route import output_bound
from policy_engine.model.decision import Decision, Estimate
from policy_engine.model.facts import Facts
from policy_engine.model.plan import Card
from policy_engine.model.price import price_usd

EXPECTED_OUTPUT_TOKENS = 256
"""Output tokens assumed where neither caller nor policy says how many may come."""

NOTHING = Estimate(cost_usd=Decimal(0), latency_ms=0.0)


def estimate_of(decision: Decision, facts: Facts, policy_set: PolicySet) -> Estimate:
    """The estimate for the first model that would be called; nothing where none is called."""
    if decision.model is None:
        return NOTHING if not decision.plan.steps else Estimate(cost_usd=None, latency_ms=None)
    card = policy_set.cards[decision.model]
    latency = card.latency_s
    return Estimate(
        cost_usd=_cost(card, decision, facts), latency_ms=None if latency is None else round(latency * 1000, 3)
    )


def estimate_default(facts: Facts, policy_set: PolicySet) -> Decimal | None:
    """What the request would cost if `default` decided it, USD; None if a price is unknown."""
    first = policy_set.default.first
    if first is None:
        return Decimal(0) if not policy_set.default.plan.steps else None
    bound = output_bound(facts, policy_set.default.modifiers, policy_set.default.plan.limits)
    return _usd(policy_set.cards[first.model], facts, bound)


def _cost(card: Card, decision: Decision, facts: Facts) -> Decimal | None:
    return _usd(card, facts, output_bound(facts, decision.verdict.modifiers, decision.plan.limits))


def _usd(card: Card, facts: Facts, bound: int | None) -> Decimal | None:
    rates = card.rates(facts.input_tokens)
    sent = price_usd(facts.input_tokens, rates.input)
    answered = price_usd(EXPECTED_OUTPUT_TOKENS if bound is None else bound, rates.output)
    return None if sent is None or answered is None else sent + answered
