"""What the first call of a decision is expected to cost and take."""

from __future__ import annotations

from decimal import Decimal

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.evaluator.route import output_bound
from policy_engine.model.decision import Decision, Estimate
from policy_engine.model.facts import Facts
from policy_engine.model.plan import Verdict
from policy_engine.model.price import price_usd

EXPECTED_OUTPUT_TOKENS = 256
"""Output tokens assumed where neither caller nor policy says how many may come."""

NOTHING = Estimate(cost_usd=Decimal(0), latency_ms=0.0)

_FREE = Decimal(0)


def estimate_of(decision: Decision, facts: Facts, policy_set: PolicySet) -> Estimate:
    """The estimate for the first model that would be called; nothing where none is called."""
    if decision.model is None:
        return NOTHING if not decision.plan.steps else Estimate(cost_usd=None, latency_ms=None)
    latency = policy_set.cards[decision.model].latency_s
    latency_ms = None if latency is None else round(latency * 1000, 3)
    return Estimate(cost_usd=estimate_usd(decision, facts, policy_set), latency_ms=latency_ms)


def estimate_usd(decision: Decision, facts: Facts, policy_set: PolicySet) -> Decimal | None:
    """The cost of that estimate alone."""
    return _first_usd(decision.verdict, facts, policy_set)


def estimate_default(facts: Facts, policy_set: PolicySet) -> Decimal | None:
    """What the request would cost if `default` decided it, USD; None if a price is unknown."""
    return _first_usd(policy_set.default, facts, policy_set)


def _first_usd(verdict: Verdict, facts: Facts, policy_set: PolicySet) -> Decimal | None:
    first, plan = verdict.first, verdict.plan
    if first is None:
        return None if plan.steps else _FREE
    rates = policy_set.cards[first.model].rates(facts.input_tokens)
    bound = output_bound(facts, verdict.modifiers, plan.limits)
    sent = price_usd(facts.input_tokens, rates.input)
    answered = price_usd(EXPECTED_OUTPUT_TOKENS if bound is None else bound, rates.output)
    return None if sent is None or answered is None else sent + answered
