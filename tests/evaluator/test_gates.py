"""Gates: the same conditions, over facts about an answer."""

import json
from typing import Any

import pytest
import yaml

from policy_engine.compiler.graph import Node
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.evaluator.possible import FALSE, MAYBE, OPEN, TRUE, outcomes
from policy_engine.executor.gate import answer_facts
from policy_engine.model.call import Reply, Usage
from policy_engine.model.facts import UNKNOWN, Facts
from policy_engine.model.request import Request
from tests.policies_of import policies

SCHEMA = json.dumps({"type": "object", "required": ["total"], "properties": {"total": {"type": "number"}}})
ANSWER = "# Title\n\n## Answer\nIt is 42."

# accept → answers for which it is true, and for which it is false
GATES: dict[str, tuple[dict[str, Any], list[str], list[str]]] = {
    "chars": ({"chars": {"gte": 4}}, ["four", "more than four"], ["", "abc"]),
    "words": ({"words": {"eq": 2}}, ["two words"], ["one", ""]),
    "lines": ({"lines": {"lte": 1}}, ["one", ""], ["one\ntwo"]),
    "tokens as estimated": ({"tokens": {"eq": 2}}, ["hello"], ["four"]),
    "matches": ({"matches": [r"\d+", "none"]}, ["42", "none"], ["forty-two"]),
    "contains": ({"contains": "answer"}, ["The Answer!"], ["answers"]),
    "sections": (
        {"sections": ["## Answer", "# Title"]},
        [ANSWER, "  # Title: x\n## Answer, short"],
        ["## Answer", "a # Title\n## Answer"],
    ),
    "json": (
        {"json": True},
        ['{"a": 1}', "[]", " 5 ", "null", '"x"'],
        ["", "{a: 1}", "5 6", "NaN", "```json\n{}\n```"],
    ),
    "no json": ({"json": False}, ["hello"], ["{}"]),
    "json_schema": ({"json_schema": "total.schema.json"}, ['{"total": 1.5}'], ['{"total": "1"}', "[]", "{", ""]),
    "one_of": ({"one_of": ["yes", "no"]}, ["yes", " no\n"], ["Yes", "yes.", ""]),
    "finish_reason": ({"finish_reason": ["stop"]}, ["anything"], []),
    "all at once": ({"chars": {"gt": 1}, "json": True, "contains": "a"}, ['["a"]'], ["[]", "a b"]),
}  # fmt: skip


@pytest.fixture(scope="module")
def policy_set(tmp_path_factory: pytest.TempPathFactory) -> PolicySet:
    """A cascade for each gate."""
    extra = {
        "judged": {"output": {"judge": {"model": "opus", "question": "Is it right?", "score": {"gte": 0.7, "lt": 1}}}},
        "two judged": {
            "all": [
                {"output": {"judge": {"model": "opus", "question": "Is it right?", "score": {"gte": 0.7}}}},
                {"output": {"judge": {"model": "opus", "question": "Is it kind?", "score": {"gte": 0.5}}}},
            ]
        },
        "confidence": {"output": {"confidence": {"gte": 0.85}}},
        "request too": {"task": "chat", "any": [{"output": {"chars": {"gt": 3}}}, {"attributes": {"plan": "free"}}]},
        "expression": {"expr": 'output.json and output.chars < 9 and count(output.text, "a") == 1 and task == "chat"'},
        "expression of booleans": {"expr": "output.json == wants.json"},
    }
    accepts = {name: {"output": gate} for name, (gate, _, _) in GATES.items()} | extra
    rules = [{"name": name, "when": {"task": "chat"}, "then": {"cascade": name.replace(" ", "-")}} for name in accepts]
    cascades = {
        name.replace(" ", "-"): {"steps": [{"route": "mini", "accept": accept}, {"route": "opus"}]}
        for name, accept in accepts.items()
    }
    text = yaml.safe_dump({"cascades": cascades, "rules": [{**r, "name": r["name"].replace(" ", "-")} for r in rules]})
    return policies(tmp_path_factory.mktemp("gates"), {"case.yaml": text, "total.schema.json": SCHEMA})


@pytest.mark.parametrize("name", GATES)
def test_a_gate_accepts_what_its_conditions_say(name: str, policy_set: PolicySet) -> None:
    """Each test of an answer is true or false for it, never unknown."""
    _, accepted, refused = GATES[name]

    found = {text: _outcome(policy_set, name, _reply(text)) for text in (*accepted, *refused)}

    assert found == {**dict.fromkeys(accepted, TRUE), **dict.fromkeys(refused, FALSE)}


def test_confidence_is_the_mean_probability_and_may_be_unknown(policy_set: PolicySet) -> None:
    """Token probabilities are averaged; a provider that gives none leaves the gate unknown."""
    found = [
        _outcome(policy_set, "confidence", _reply("x", logprobs=logprobs))
        for logprobs in ((0.0, -0.1), (-1.0, 0.0), None, ())
    ]

    assert found == [TRUE, FALSE, MAYBE, MAYBE]


def test_the_tokens_of_an_answer_are_what_the_provider_counted(policy_set: PolicySet) -> None:
    """A count of the provider's wins over the estimate."""
    usage = Usage(input_tokens=9, output_tokens=2)

    assert _outcome(policy_set, "tokens as estimated", _reply("a much longer answer", usage=usage)) == TRUE


def test_a_judge_is_pending_until_it_has_judged(policy_set: PolicySet) -> None:
    """A score settles the gate, and a judge that failed leaves it unknown."""
    scores = [
        {},
        {"judge.opus: Is it right?": 0.7},
        {"judge.opus: Is it right?": 1},
        {"judge.opus: Is it right?": UNKNOWN},
    ]

    assert [_outcome(policy_set, "judged", _reply("x"), judged=score) for score in scores] == [OPEN, TRUE, FALSE, MAYBE]


def test_two_questions_to_one_judge_are_two_scores(policy_set: PolicySet) -> None:
    """What a judge says to one question is no answer to another."""
    right, kind = "judge.opus: Is it right?", "judge.opus: Is it kind?"

    found = [
        _outcome(policy_set, "two judged", _reply("x"), judged=score)
        for score in ({right: 0.9}, {right: 0.9, kind: 0.5})
    ]

    assert found == [OPEN, TRUE]


def test_a_gate_may_read_the_request_as_well(policy_set: PolicySet) -> None:
    """Facts of the request stand beside those of the answer, with the same three values."""
    requests = [
        Request(task="chat"),
        Request(task="chat", attributes={"plan": "free"}),
        Request(),
        Request(task="code"),
    ]

    short = [_outcome(policy_set, "request too", _reply("ab"), request=request) for request in requests]
    long = [_outcome(policy_set, "request too", _reply("abcd"), request=request) for request in requests]

    assert short == [MAYBE, TRUE, MAYBE, FALSE]
    assert long == [TRUE, TRUE, MAYBE, FALSE]


def test_a_gate_may_be_an_expression(policy_set: PolicySet) -> None:
    """In a gate an expression reads the answer, whether it is JSON among other things."""
    chat = Request(task="chat")

    found = [
        _outcome(policy_set, "expression", _reply(text), request=chat)
        for text in ('["a"]', '["aa"]', "a", '["a", 1, 2]')
    ]
    alike = [
        _outcome(policy_set, "expression of booleans", _reply(text), request=Request(wants={"json": wanted}))
        for text, wanted in (("{}", True), ("{}", False), ("hi", False))
    ]

    assert found == [TRUE, FALSE, FALSE, FALSE]
    assert alike == [TRUE, FALSE, TRUE]


def _outcome(
    policy_set: PolicySet,
    name: str,
    reply: Reply,
    *,
    judged: dict[str, Any] | None = None,
    request: Request | None = None,
) -> int:
    gate = _gate(policy_set, name)
    facts = Facts(request or Request(), policy_set.layout)
    return outcomes(gate, facts.answered(answer_facts(reply), judged or {}))


def _gate(policy_set: PolicySet, name: str) -> Node:
    (verdict,) = [rule.verdict for rule in policy_set.rules if rule.name == name.replace(" ", "-")]
    assert verdict is not None
    gate = verdict.plan.steps[0].gate
    assert isinstance(gate, Node)
    return gate


def _reply(text: str, *, logprobs: tuple[float, ...] | None = None, usage: Usage | None = None) -> Reply:
    message = {"role": "assistant", "content": text}
    return Reply(message=message, finish_reason="stop", usage=usage, elapsed_s=1.0, logprobs=logprobs)
