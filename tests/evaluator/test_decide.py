"""The drivers: facts grow until there is a decision."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.evaluator.decide import decide, decide_async
from policy_engine.model.facts import UNKNOWN, Facts
from policy_engine.model.request import Request
from tests.policies_of import policies

POLICY = """
rules:
  - {name: spend, when: {budget: {daily: {used: {gte: 90%}}}}, then: {route: fast}}
  - {name: cached, when: {cache: {replies: {hit: true}}}, then: {respond: {cache: replies}}}
  - {name: night, when: {time: {between: "22:00-06:00", zone: UTC}}, then: {route: frontier}}
"""


@pytest.fixture
def policy_set(tmp_path: Path) -> PolicySet:
    """Two rules that read signals, and one that reads the clock."""
    return policies(tmp_path, POLICY)


def test_a_learner_is_asked_with_the_facts_so_far(policy_set: PolicySet) -> None:
    """Each call of the learner gets the groups of one stage and facts that know what was learned before."""
    seen: list[tuple[tuple[str, ...], dict[str, Any]]] = []

    def learn(groups: tuple[str, ...], facts: Facts) -> Mapping[str, Any]:
        seen.append((groups, dict(facts.signals)))
        return {"budget.daily": {"used": 0.1, "left": 9}} if groups == ("budget.daily",) else {}

    decision = decide(policy_set, Request(), learn=learn, clock=lambda: datetime(2026, 11, 23, 23, tzinfo=UTC))

    assert seen == [
        (("budget.daily",), {}),
        (("cache.replies",), {"budget.daily": {"used": 0.1, "left": 9}}),
    ]
    assert (decision.rule, decision.unknown) == ("night", ("cache.replies",))


def test_what_a_learner_gives_besides_is_passed_over(policy_set: PolicySet) -> None:
    """A value that was not asked for is not taken, and UNKNOWN is as good as nothing."""
    decision = decide(
        policy_set,
        Request(at=datetime(2026, 11, 23, 12, tzinfo=UTC)),
        learn=lambda groups, facts: {"cache.replies": UNKNOWN, "budget.daily": UNKNOWN, "nonsense": 1},
    )

    assert (decision.rule, decision.unknown, decision.errors) == (None, ("budget.daily", "cache.replies"), ())


def test_without_a_learner_signals_come_from_the_request_alone(policy_set: PolicySet) -> None:
    """Nothing is looked up; what the request does not supply is unknown."""
    request = Request(at=datetime(2026, 11, 23, 12, tzinfo=UTC), signals={"cache": {"replies": {"similarity": 1}}})

    decision = decide(policy_set, request)

    assert (decision.rule, decision.unknown) == ("cached", ("budget.daily",))


def test_the_clock_is_read_once_for_a_decision(policy_set: PolicySet) -> None:
    """However often the graph is asked, it is the same moment."""
    hours = iter((23, 12, 12, 12))

    decision = decide(policy_set, Request(), clock=lambda: datetime(2026, 11, 23, next(hours), tzinfo=UTC))

    assert decision.rule == "night"


def test_awaiting_a_learner_gives_the_same_decision(policy_set: PolicySet) -> None:
    """The asynchronous driver differs in how it learns, and in nothing else."""
    values = {"budget.daily": {"used": 0.1, "left": 9}, "cache.replies": {"similarity": 0.9}}

    async def learn(groups: tuple[str, ...], facts: Facts) -> Mapping[str, Any]:
        return {group: values[group] for group in groups}

    decision = asyncio.run(decide_async(policy_set, Request(id="r"), learn=learn, trace=True, estimate=True))

    assert decision == decide(
        policy_set,
        Request(id="r"),
        learn=lambda groups, facts: {g: values[g] for g in groups},
        trace=True,
        estimate=True,
    )
    assert decision.rule == "cached"


def test_the_same_question_has_the_same_answer(policy_set: PolicySet) -> None:
    """Deciding changes neither policies nor request."""
    request = Request(input="hello", at=datetime(2026, 11, 23, 12, tzinfo=UTC))

    assert decide(policy_set, request) == decide(policy_set, request)
