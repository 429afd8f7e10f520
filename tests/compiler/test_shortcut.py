"""Tasks with few rules, decided at once."""

from pathlib import Path

import pytest

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.evaluator.decide import decide
from policy_engine.evaluator.trace import run_traced
from policy_engine.model.decision import Decision
from policy_engine.model.facts import Facts
from policy_engine.model.request import Request
from tests.policies_of import policies

POLICY = """
rules:
  - {name: mail, when: {task: chat, message: {matches: '[a-z]+@[a-z]+'}}, then: {route: frontier}}
  - {name: short, when: {task: chat, message: {chars: {lt: 10}}}, then: {route: fast}}
  - {name: mark, when: {task: sum_up}, then: {tags: [seen]}}
  - {name: cheap, when: {task: sum_up, budget: {daily: {used: {lt: 50%}}}}, then: {route: fast}}
"""


@pytest.fixture
def policy_set(tmp_path: Path) -> PolicySet:
    """Two rules for one task, a modifier and a rule that reads a counter for another, none for a third."""
    return policies(tmp_path, POLICY)


def _shortcut(policy_set: PolicySet, request: Request) -> Decision | None:
    assert request.task is not None
    return policy_set.shortcuts[request.task].decision(Facts(request, policy_set.layout))


@pytest.mark.parametrize(
    ("text", "rule"), [("write to a@b", "mail"), ("hello", "short"), ("hello there, you", None), ("@@@@@@@@@@@", None)]
)
@pytest.mark.parametrize("name", [None, "r1"])
def test_a_plain_request_is_decided_as_the_traced_graph_decides(
    policy_set: PolicySet, text: str, rule: str | None, name: str | None
) -> None:
    """The first rule that holds decides, or the default, with and without an id."""
    request = Request(id=name, task="chat", input=text)

    decision = _shortcut(policy_set, request)
    traced = run_traced(policy_set, Facts(request, policy_set.layout))

    assert isinstance(traced, Decision)
    assert decision == Decision(id=name, origin=traced.origin, verdict=traced.verdict)
    assert decision.rule == rule


@pytest.mark.parametrize(
    "request_",
    [
        Request(task="chat", messages=[{"role": "user", "content": "hello"}]),
        Request(task="chat", input="hello", attributes={"plan": 7}),
        Request(task="chat", input="x" * 1_000_000),
        Request(task="sum_up", input="hello"),
        Request(task="chat", input="hello", wants={"json": True}),
    ],
    ids=["messages", "invalid attribute", "longer than a context", "reads a counter", "wants JSON"],
)
def test_whatever_needs_a_closer_look_gets_one(policy_set: PolicySet, request_: Request) -> None:
    """Conversations, invalid values, long texts, signals and wishes are not decided at once."""
    assert _shortcut(policy_set, request_) is None


def test_a_task_without_rules_goes_to_the_default(policy_set: PolicySet) -> None:
    """Nothing is tried where no rule is about the task."""
    request = Request(task="code", input="hello")

    assert _shortcut(policy_set, request) == decide(policy_set, request)
    assert decide(policy_set, request).rule is None


def test_a_snapshot_says_its_own_number(policy_set: PolicySet) -> None:
    """Decisions made before they are asked for are those of the snapshot that is asked."""
    assert decide(policy_set.with_generation(7), Request(task="chat", input="hello")).generation == 7
