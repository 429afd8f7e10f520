"""Tests of what learning about a request has cost."""

from __future__ import annotations

from decimal import Decimal

from policy_engine.model.expenses import Expenses
from policy_engine.model.facts import UNKNOWN, Facts
from policy_engine.model.layout import layout_of
from policy_engine.model.outcome import CallRecord
from policy_engine.model.policy import Declarations
from policy_engine.model.request import Request

BEGUN = CallRecord(step=0, model="openai/small", tier=None, purpose="embedding")
ENDED = CallRecord(step=0, model="openai/small", tier=None, purpose="embedding", cost_usd=Decimal("0.1"))


def test_a_call_is_there_from_its_beginning_on() -> None:
    """Until it has ended its cost is unknown, and then it is what it came to, in its place."""
    expenses = Expenses()
    first = expenses.begun(BEGUN)
    expenses.begun(BEGUN)
    before = expenses.calls
    expenses.ended(first, ENDED)

    assert (before, expenses.calls) == ((BEGUN, BEGUN), (ENDED, BEGUN))


def test_facts_that_have_grown_share_the_expenses() -> None:
    """Whatever is learned of a request, and forgotten, there is one account of what it cost."""
    facts = Facts(Request(input="hello"), layout_of(Declarations(fingerprint="")))
    expenses = facts.expenses

    assert facts.knowing({"language": UNKNOWN}).expenses is expenses
    assert facts.answered({}, {}).without(()).expenses is expenses
