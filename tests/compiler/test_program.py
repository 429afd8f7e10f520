"""Nodes as generated code: it says what the walk says, and tells where it cannot."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.compiler.program import Undecided, program_of
from policy_engine.evaluator.possible import FALSE, TRUE, all_outcomes
from policy_engine.model.facts import Facts
from policy_engine.model.request import Request
from tests.policies_of import policies

CONDITIONS = [
    "task: chat",
    "task: [chat, code]",
    "attributes: {plan: {ne: pro}}",
    "attributes: {seats: {gt: 3, lte: 9}}",
    "attributes: {beta: true}",
    "attributes: {beta: false}",
    "attributes: {groups: {has: a}}",
    "attributes: {tenant: {glob: 'a*'}}",
    "attributes: {tenant: {exists: true}}",
    "message: {words: {gte: 2}, contains: hello}",
    "conversation: {turns: {eq: 1}}",
    "wants: {stream: true}",
    "any: [{task: code}, {none: [{wants: {json: true}}, {attributes: {plan: free}}]}]",
    "time: {days: mon-fri, zone: UTC}",
    "sample: {share: 50%, by: attributes.tenant}",
    "score: {s: {gte: 2}}",
    "score: {s: {eq: 1}}",
    "expr: 'message.chars / 2 > attributes.seats - 1'",
    "expr: 'attributes.tenant in attributes.groups or lower(message.text) == \"hello you\"'",
    "budget: {daily: {used: {lt: 50%}}}",
    "cache: {replies: {hit: true}}",
]
SIGNALS = {"cache": {"replies": {"similarity": 0.95}}, "budget": {"daily": {"used": 0.7, "left": 1}}}
REQUESTS = [
    Request(
        task="chat",
        input="Hello you",
        attributes={"plan": "pro", "seats": 4, "beta": True, "groups": ["a", "acme"], "tenant": "acme"},
        signals=SIGNALS,
    ),
    Request(
        task="code",
        input="hello",
        attributes={"plan": "free", "seats": 10, "beta": False, "groups": [], "tenant": "x"},
        wants={"stream": True, "json": True},
        signals={"cache": {"replies": {}}, "budget": {"daily": {"used": 0.1, "left": 1}}},
        at=datetime(2026, 11, 22, tzinfo=UTC),
    ),
]


@pytest.fixture(scope="module")
def policy_set(tmp_path_factory: pytest.TempPathFactory) -> PolicySet:
    """One rule for each condition."""
    rules = [f"{{name: r{i}, when: {{{when}}}, then: {{route: fast}}}}" for i, when in enumerate(CONDITIONS)]
    scores = "scores: {s: [{when: {task: chat}, points: 1}, {when: {wants: {stream: true}}, points: 2}]}"
    return policies(tmp_path_factory.mktemp("programs"), f"{scores}\nrules: [{', '.join(rules)}]")


@pytest.mark.parametrize("request_", REQUESTS, ids=["one", "other"])
def test_code_says_what_the_walk_says(policy_set: PolicySet, request_: Request) -> None:
    """Where nothing is missing, the program of each condition is true exactly where the condition is."""
    facts = Facts(request_, policy_set.layout, lambda: datetime(2026, 11, 23, tzinfo=UTC))

    run = {rule.name: program(facts) for rule in policy_set.rules if (program := program_of(rule.conditions))}
    walked = {rule.name: {TRUE: True, FALSE: False}[all_outcomes(rule.conditions, facts)] for rule in policy_set.rules}

    assert {name: bool(value) for name, value in run.items()} == walked


def test_no_conditions_are_no_program() -> None:
    """What always holds needs no code."""
    assert program_of([]) is None


def test_code_that_cannot_tell_raises_an_arithmetic_error(tmp_path: Path) -> None:
    """A text that is too long and a division by nothing are told apart from false by an exception."""
    given = {
        "rules": [
            {"name": "long", "when": {"any": [{"message": {"matches": "z"}}]}, "then": {"route": "fast"}},
            {"name": "zero", "when": {"expr": "1 / (message.lines - 1) > 0"}, "then": {"route": "fast"}},
        ]
    }
    policy_set = policies(tmp_path, yaml.safe_dump(given))
    facts = Facts(Request(input="x" * 300_000), policy_set.layout)
    programs = [program_of(rule.conditions) for rule in policy_set.rules]

    for program, problem in zip(programs, (Undecided, ZeroDivisionError), strict=True):
        assert program is not None
        with pytest.raises(problem):
            program(facts)
    assert issubclass(Undecided, ArithmeticError)
