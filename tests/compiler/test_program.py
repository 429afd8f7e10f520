"""Nodes as generated code: it says what the walk says, and tells where it cannot."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.compiler.program import Asked, Programs, Undecided, first_of, program_of
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

    run = {rule.name: program_of(rule.conditions)(facts) for rule in policy_set.rules}
    walked = {rule.name: {TRUE: True, FALSE: False}[all_outcomes(rule.conditions, facts)] for rule in policy_set.rules}

    assert {name: bool(value) for name, value in run.items()} == walked


def test_programs_are_written_when_first_asked_for(policy_set: PolicySet) -> None:
    """A rule's program is made once, by the first who asks, and kept."""
    programs = Programs({4: policy_set.rules[0].conditions})

    before = dict(programs)
    program = programs[4]

    assert before == {}
    assert programs[4] is program


@pytest.mark.parametrize("request_", REQUESTS, ids=["one", "other"])
def test_the_first_of_some_rules_is_the_first_whose_program_is_true(policy_set: PolicySet, request_: Request) -> None:
    """One program for several rules gives the position of the first that holds, and -1 where none does."""
    facts = Facts(request_, policy_set.layout, lambda: datetime(2026, 11, 23, tzinfo=UTC))
    holds = [bool(program_of(rule.conditions)(facts)) for rule in policy_set.rules]
    tests = [Asked(search=None, others=rule.conditions) for rule in policy_set.rules]

    found = [first_of(tests[start:], None)(facts) for start in range(len(tests) + 1)]

    assert found == [holds[start:].index(True) if True in holds[start:] else -1 for start in range(len(tests) + 1)]


def test_a_search_of_one_program_is_made_once(tmp_path: Path) -> None:
    """What several rules search for is looked for in one scan, and only when a rule comes to it."""
    policy_set = policies(tmp_path, "rules: [{name: a, when: {message: {matches: x}}, then: {route: fast}}]")
    search = policy_set.rules[0].conditions[0]
    scans: list[Facts] = []

    def found(facts: Facts) -> int:
        scans.append(facts)
        return 0b10

    first = first_of([Asked(search=search, others=()), Asked(search=search, others=())], found)

    assert first(Facts(Request(input="x"), policy_set.layout)) == 1
    assert len(scans) == 1


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
        with pytest.raises(problem):
            program(facts)
    assert issubclass(Undecided, ArithmeticError)
