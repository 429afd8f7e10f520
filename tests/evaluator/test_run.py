"""The graph asked once: a decision, or what it needs first."""

from pathlib import Path

import pytest

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.evaluator.decide import decide
from policy_engine.evaluator.progress import Needs
from policy_engine.evaluator.run import run
from policy_engine.evaluator.trace import run_traced
from policy_engine.model.decision import Decision
from policy_engine.model.facts import UNKNOWN, Facts
from policy_engine.model.request import Request
from tests.policies_of import policies

POLICY = """
rules:
  - {name: m, when: {budget: {daily: {used: {gte: 50%}}}}, then: {tags: [spent]}}
  - {name: cached, when: {cache: {replies: {hit: true}}}, then: {respond: {cache: replies}}}
  - {name: quick, when: {task: chat}, then: {route: {fastest: [fast]}}}
"""


@pytest.fixture
def policy_set(tmp_path: Path) -> PolicySet:
    """A modifier that reads a counter, an answer from a cache, and a choice by latency."""
    return policies(tmp_path, POLICY)


@pytest.mark.parametrize("start", [run, run_traced], ids=["plain", "traced"])
def test_asking_again_with_more_facts_only_continues(policy_set: PolicySet, start: object) -> None:
    """Each run needs what the next rule, or the choice of its model, has to know; the last one decides."""
    assert callable(start)
    facts = Facts(Request(task="chat"), policy_set.layout)

    first = start(policy_set, facts)
    facts = facts.knowing({"budget.daily": {"used": 0.6, "left": 4}})
    second = start(policy_set, facts)
    facts = facts.knowing({"cache.replies": UNKNOWN})
    third = start(policy_set, facts)
    facts = facts.knowing({"latency.mini": {"p50": 0.9}, "latency.haiku": UNKNOWN})
    decision = start(policy_set, facts)

    assert (first, second, third) == (
        Needs(("budget.daily",)),
        Needs(("cache.replies",)),
        Needs(("latency.mini", "latency.haiku")),
    )
    assert isinstance(decision, Decision)
    assert (decision.rule, decision.model, decision.tags, decision.unknown) == (
        "quick", "haiku", ("spent",), ("cache.replies",),
    )  # fmt: skip


def test_running_changes_no_facts(policy_set: PolicySet) -> None:
    """The same facts can be asked about twice, with the same result."""
    facts = Facts(Request(task="chat"), policy_set.layout)

    assert run(policy_set, facts) == run(policy_set, facts) == Needs(("budget.daily",))
    assert (dict(facts.signals), facts.errors) == ({}, ())


def test_more_rules_than_one_unit_holds_are_tried_in_order(tmp_path: Path) -> None:
    """Decision order holds across units, for a declared task, another one and none."""
    rules = [
        f"{{name: r{i}, when: {{attributes: {{seats: {{eq: {i % 700}}}}}}}, then: {{tags: [t{i}]}}}}"
        for i in range(1_300)
    ]
    policy_set = policies(tmp_path, f"rules: [{', '.join(rules)}]")

    tags = []
    for task in ("chat", "other", None):
        decision = run(policy_set, Facts(Request(task=task, attributes={"seats": 555}), policy_set.layout))
        assert isinstance(decision, Decision)
        tags.append(decision.tags)

    assert tags == [("t555", "t1255")] * 3


def test_what_is_given_up_later_is_to_blame_for_rules_before(tmp_path: Path) -> None:
    """A rule that was out before it came to a signal has that signal to blame, too, once a choice asked for it."""
    text = """
rules:
  - {name: unsure, when: {attributes: {seats: {gt: 3}}, latency: {mini: {p50: {gt: 2s}}}}, then: {route: frontier}}
  - {name: quick, when: {task: chat}, then: {route: {fastest: [mini]}}}
"""
    policy_set = policies(tmp_path, text)
    facts = Facts(Request(task="chat", input="x"), policy_set.layout)
    facts.unanswerable = frozenset(("latency.mini",))

    given_up = run(policy_set, facts)

    assert isinstance(given_up, Decision)
    assert given_up == decide(policy_set, facts.request)
    assert given_up.unknown == ("attributes.seats", "latency.mini")
