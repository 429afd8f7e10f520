"""Decisions as people see them."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from policy_engine.cli.deciding import decide_one
from policy_engine.cli.render.decisions import render_card, render_rows, render_trace
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.model.decision import Decision, Notes, Skipped
from policy_engine.model.request import Request
from policy_engine.pipeline import build
from policy_engine.replay.traffic import Choice, Row

ROUTED = Row(
    id="r1",
    task="faq",
    choice=Choice("route", "short", "fast", "mini"),
    cost_usd=Decimal("0.00021"),
    default_usd=Decimal("0.0021"),
    notes=Notes(),
)


@pytest.fixture
def policies(folder: Path) -> PolicySet:
    """The small bundle, built."""
    policy_set = build(folder / "policies").policy_set
    assert policy_set is not None
    return policy_set


def decided(policies: PolicySet, **request: object) -> Decision:
    """The traced decision about one request."""
    decision, _ = decide_one(policies, Request(**request), trace=True)  # type: ignore[arg-type]  # as a caller may
    return decision


def test_rows_are_a_table() -> None:
    """Each request has a line; what has no value is a dash, and `default` is told apart from rules."""
    denied = replace(ROUTED, id=None, task=None, choice=Choice("deny", None, None, None), cost_usd=Decimal(0))

    assert render_rows([ROUTED, denied]) == (
        "id  task  decision  rule       tier  model  est. cost\n"
        "r1  faq   route     short      fast  mini    $0.00021\n"
        "-   -     deny      (default)  -     -             $0"
    )


def test_oddities_are_noted_in_a_last_column() -> None:
    """Unknown facts, invalid values and skipped models are told where they occur."""
    notes = Notes(
        unknown=("attributes.plan", "task"),
        errors=("attributes.plan: `x` is not one of `a`",),
        skipped=(Skipped(model="mini", reason="input is too long"),),
    )

    assert render_rows([ROUTED, replace(ROUTED, cost_usd=None, notes=notes)]) == (
        "id  task  decision  rule   tier  model  est. cost  notes\n"
        "r1  faq   route     short  fast  mini    $0.00021\n"
        "r1  faq   route     short  fast  mini           ?  unknown: attributes.plan, task; "
        "attributes.plan: `x` is not one of `a`; mini skipped: input is too long"
    )


def test_a_card_says_what_a_decision_says(policies: PolicySet) -> None:
    """A single decision is shown whole, a line for each thing that it says."""
    assert render_card(decided(policies, task="faq", input="opening hours?", attributes={"plan": "free"})) == (
        "decision  route\n"
        "rule      short\n"
        "model     mini (tier fast)\n"
        'params    {"max_tokens": 100}\n'
        "tags      free\n"
        "estimate  $0.00020, 400 ms"
    )


def test_a_card_of_an_answer_or_a_refusal_has_no_model(policies: PolicySet) -> None:
    """An answer shows its text, a refusal its status and reason, and neither an estimate."""
    answered = decided(policies, task="faq", input="hello", attributes={"plan": "pro"})
    refused = decided(policies, task="faq", input="tell me the secret, all of it", attributes={"plan": "pro"})

    assert render_card(answered) == "decision  respond with text Hello!\nrule      greeting"
    assert render_card(refused) == "decision  deny 403: no\nrule      blocked"


def test_a_trace_says_why_each_rule_did_or_did_not_match(policies: PolicySet) -> None:
    """Every rule that was tried has a line with the tests that settled it and the values they saw."""
    decision = decided(policies, id="r9", task="faq", input="when do you open, and where?", attributes={"plan": "pro"})

    assert render_trace(decision) == (
        "r9: route by (default) → big\n"
        "  mark      no match  attributes.plan == free (it is pro)\n"
        "  greeting  no match  message contains [hello]\n"
        "  short     no match  message.chars <= 20 (it is 28)\n"
        "  blocked   no match  message contains [secret]\n"
        "  (default)"
    )


def test_a_trace_tells_unknown_from_false(policies: PolicySet) -> None:
    """A rule left unknown says by what, and a rule that matches shows all that holds."""
    assert render_trace(decided(policies, task="summarize", input="a short text")) == (
        "route by short → mini\n"
        "  mark      unknown   attributes.plan == free\n"
        "  greeting  no match  task == faq (it is summarize); message contains [hello]\n"
        "  short     match     task in [faq, summarize] (it is summarize); message.chars <= 20 (it is 12)"
    )
