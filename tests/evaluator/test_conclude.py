"""From the deciding rule to a decision: the quick way and the long way agree."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.evaluator.decide import decide
from policy_engine.model.request import Request
from tests.policies_of import policies


@pytest.fixture(scope="module")
def policy_set(tmp_path_factory: pytest.TempPathFactory) -> PolicySet:
    """One route to a model with a context of 1,000 tokens, and one that can hold more."""
    return policies(tmp_path_factory.mktemp("conclude"), "rules: [{name: r, then: {route: [mini, haiku]}}]")


@given(text=st.text(alphabet="aä日👍", min_size=300, max_size=400))
def test_a_plain_request_is_decided_as_if_looked_at_closely(policy_set: PolicySet, text: str) -> None:
    """Text that surely fits is not measured, and comes to what measuring would."""
    text = text * 3
    quick = decide(policy_set, Request(input=text))
    closely = decide(policy_set, Request(messages=[{"role": "user", "content": text}]))

    assert (quick.model, quick.plan, quick.skipped) == (closely.model, closely.plan, closely.skipped)


def test_a_plain_request_shares_its_verdict(policy_set: PolicySet) -> None:
    """What a rule fixes is made once for all its decisions."""
    one, other = decide(policy_set, Request(input="a")), decide(policy_set, Request(input="b", id="2"))

    assert one.verdict is other.verdict
    assert one.notes is other.notes


def test_a_decision_does_not_change_what_it_was_made_from(tmp_path: Path) -> None:
    """Models that are skipped for one request are there for the next."""
    policy_set = policies(tmp_path, "rules: [{name: r, then: {route: fast}}]")

    full = decide(policy_set, Request(input="x", tokens={"input": 5_000}))
    small = decide(policy_set, Request(input="x"))

    assert (full.model, small.model) == ("haiku", "mini")


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> PolicySet:
    """One choice by latency, between a model with a context of 1,000 tokens and one that can hold more."""
    rules = "rules: [{name: r, then: {route: {fastest: [mini, haiku]}, limits: {max_tokens: 200}}}]"
    return policies(tmp_path_factory.mktemp("measured"), rules)


@given(text=st.text(alphabet="aä日👍", min_size=200, max_size=400))
def test_where_no_latency_is_known_the_declared_order_holds(measured: PolicySet, text: str) -> None:
    """For a plain request as for one that is looked at closely; what does not fit is skipped for both."""
    text = text * 3
    quick = decide(measured, Request(input=text))
    closely = decide(measured, Request(messages=[{"role": "user", "content": text}]))

    assert (quick.model, quick.plan, quick.skipped) == (closely.model, closely.plan, closely.skipped)


def test_once_a_latency_is_known_it_decides(measured: PolicySet) -> None:
    """Whatever was decided without it."""
    learned = {"latency.mini": {"p50": 9.0, "p95": 9.0}, "latency.haiku": {"p50": 0.1, "p95": 0.1}}

    before = decide(measured, Request(input="x"))
    after = decide(measured, Request(input="x"), learn=lambda groups, _: {group: learned[group] for group in groups})

    assert [before.plan.steps[0].targets[0].model, after.model] == [before.model, "haiku"]
