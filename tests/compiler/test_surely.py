"""Rules as code where something is missing: it never says more than the walk does."""

from pathlib import Path

import pytest
import yaml

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.compiler.surely import FALSE, TRUE, SurePrograms, sure_program
from policy_engine.evaluator.possible import all_outcomes, is_settled
from policy_engine.model.facts import Facts
from policy_engine.model.request import Request
from tests.policies_of import policies

CONDITIONS = [
    "task: chat",
    "not: {task: chat}",
    "attributes: {plan: pro, seats: {gt: 3}}",
    "any: [{attributes: {seats: {gt: 3}}}, {task: code}]",
    "not: {any: [{attributes: {seats: {gt: 3}}}, {task: code}]}",
    "none: [{attributes: {plan: pro}}, {attributes: {beta: true}}]",
    "attributes: {tenant: {exists: true}}",
    "message: {contains: hello}, budget: {daily: {used: {lt: 50%}}}",
    "cache: {replies: {hit: true}}",
    "score: {s: {gte: 2}}",
    "not: {score: {s: {gte: 2}}}",
    "score: {s: {lt: 0}}",
    "score: {s: {eq: 1}}",
    "expr: 'message.chars > attributes.seats'",
]
REQUESTS = {
    "nothing": Request(),
    "a task": Request(task="chat"),
    "another task": Request(task="code", attributes={"plan": "free"}),
    "a text": Request(input="hello", attributes={"plan": "pro", "seats": 9}),
    "another text": Request(input="bye", attributes={"seats": 1, "beta": True}, signals={"cache": {"replies": {}}}),
    "wants": Request(task="chat", wants={"stream": True}),
    "all": Request(
        task="chat",
        input="hello",
        attributes={"plan": "pro", "seats": 9, "beta": True, "tenant": "a"},
        signals={"cache": {"replies": {"similarity": 0.99}}, "budget": {"daily": {"used": 0.1, "left": 1}}},
    ),
}
SCORE = (
    "scores: {s: [{when: {task: chat}, points: 1}, {when: {wants: {stream: true}}, points: 2}, "
    "{when: {attributes: {plan: free}}, points: -2}]}"
)


@pytest.fixture(scope="module")
def policy_set(tmp_path_factory: pytest.TempPathFactory) -> PolicySet:
    """One rule for each condition."""
    rules = [f"{{name: r{i}, when: {{{when}}}, then: {{route: fast}}}}" for i, when in enumerate(CONDITIONS)]
    return policies(tmp_path_factory.mktemp("surely"), f"{SCORE}\nrules: [{', '.join(rules)}]")


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_what_is_sure_is_what_the_walk_says(policy_set: PolicySet, request_: Request) -> None:
    """Whatever is missing, each rule that is said to hold or not to hold does by the walk, and by it no other does."""
    said = {rule.name: sure_program(rule)(Facts(request_, policy_set.layout)) for rule in policy_set.rules}
    facts = Facts(request_, policy_set.layout)
    walked = {rule.name: all_outcomes(rule.conditions, facts) for rule in policy_set.rules}

    assert said == {name: one if is_settled(one) and one in (TRUE, FALSE) else 0 for name, one in walked.items()}


def test_a_cache_that_has_nothing_rules_out_a_rule_only_if_unknown_rules_are_skipped(tmp_path: Path) -> None:
    """With `on_unknown: match` a condition that is unknown has to be told first."""
    rule = {"when": {"attributes": {"plan": "pro"}}, "then": {"respond": {"cache": "replies"}}}
    rules = [{"name": "skip", **rule}, {"name": "match", "on_unknown": "match", **rule}]
    policy_set = policies(tmp_path, yaml.safe_dump({"rules": rules}))
    programs = SurePrograms(policy_set.rules)
    empty = {"cache": {"replies": {}}}

    unknown = Facts(Request(input="x", signals=empty), policy_set.layout)
    free = Facts(Request(input="x", attributes={"plan": "free"}, signals=empty), policy_set.layout)

    assert [programs[bit](unknown) for bit in (1, 2)] == [FALSE, 0]
    assert [programs[bit](free) for bit in (1, 2)] == [FALSE, FALSE]
