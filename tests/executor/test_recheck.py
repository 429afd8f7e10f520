"""Decisions that budgets overtake."""

from decimal import Decimal
from pathlib import Path

import pytest

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.evaluator.decide import decided
from policy_engine.executor.recheck import Recheck
from policy_engine.model.facts import Facts
from policy_engine.model.request import Request
from policy_engine.pipeline import build
from policy_engine.signals.budgets import Reservation, Standing

POLICIES = """
version: 1
providers: {local: {kind: fake}}
models: {small: {provider: local, model: s}, large: {provider: local, model: l}}
tiers: [{name: fast, models: [small]}, {name: strong, models: [large]}]
budgets: {daily: {amount: $1, window: day}, monthly: {amount: $9, window: month}}
rules:
  - {name: spent, when: {budget: {daily: {used: {gte: 100%}}}}, on_unknown: skip, then: {deny: {message: spent}}}
  - {name: frugal, when: {budget: {daily: {used: {gte: 80%}}}}, on_unknown: skip, then: {route: fast}}
default: {route: strong}
"""


@pytest.fixture
def policies(tmp_path: Path) -> PolicySet:
    """Policies that go cheaper at 80 % of a budget and refuse at 100 %."""
    (tmp_path / "policy.yaml").write_text(POLICIES, encoding="utf-8")
    result = build(tmp_path)
    assert result.policy_set is not None, [one.headline() for one in result.report.errors]
    return result.policy_set


def standing(used: str, budget: str = "daily", amount: str = "1") -> Reservation:
    """A reservation after which so much of a budget is used."""
    one = Standing(budget=budget, used_usd=Decimal(used), amount_usd=Decimal(amount))
    return Reservation(lease="l", keys=(), standings=(one,))


def overtaken(policies: PolicySet, reservation: Reservation, *, used: float, supplied: bool = False) -> Facts | None:
    """What becomes of a decision that was made when less was used."""
    signals = {"budget": {"daily": {"used": used, "left": 1 - used}}} if supplied else {}
    facts = Facts(Request(input="x", signals=signals), policies.layout)
    decision, facts = decided(
        policies, facts, learn=lambda groups, _: {key: {"used": used, "left": 1 - used} for key in groups}
    )
    return Recheck(policies, decision, facts).overtaken(reservation)


def test_where_the_rules_say_otherwise_their_facts_are_told(policies: PolicySet) -> None:
    """They are asked with this call counted as used, and what else was known stays known."""
    facts = overtaken(policies, standing("1.005"), used=0.5)

    assert facts is not None
    assert facts.signals["budget.daily"] == {"used": 1.005, "left": 0.0}
    decision, _ = decided(policies, facts, learn=lambda groups, _: {})
    assert decision.rule == "spent"


@pytest.mark.parametrize(
    ("reservation", "used", "supplied"),
    [
        (standing("1"), 0.5, False),
        (standing("10", "monthly", "9"), 0.5, False),
        (standing("1.005"), 1.005, False),
        (standing("1.005"), 0.5, True),
    ],
    ids=["it holds", "no rule reads it", "the rules knew", "the request said so itself"],
)
def test_else_the_decision_stands(reservation: Reservation, used: float, supplied: bool, policies: PolicySet) -> None:
    """A budget refuses nothing by itself."""
    assert overtaken(policies, reservation, used=used, supplied=supplied) is None
