"""The reasons of a decision."""

from pathlib import Path
from typing import Any

from policy_engine.evaluator.decide import decide
from policy_engine.model.request import Request
from tests.policies_of import policies

POLICY = """\
scores: {s: [{when: {task: chat}, points: 1}]}
rules:
  - {name: m, when: {message: {chars: {gt: 2}}}, then: {tags: [t]}}
  - {name: no, when: {task: chat, attributes: {plan: pro}}, then: {route: fast}}
  - {name: unknown, when: {attributes: {seats: {gt: 2}}}, then: {route: fast}}
  - {name: again, when: {not: {attributes: {seats: {gt: 2}}}}, then: {route: fast}}
  - {name: signal, when: {budget: {daily: {used: {gte: 90%}}}, wants: {json: false}}, then: {route: fast}}
  - {name: text, when: {message: {matches: secret}}, then: {route: fast}}
  - {name: score, when: {score: {s: {gte: 1}}}, then: {route: fast}}
  - {name: any, when: {any: [{task: code}, {attributes: {beta: true}}]}, on_unknown: match, then: {tags: [u]}}
  - {name: default, when: {attributes: {groups: {has: a}}}, on_unknown: default, then: {route: fast}}
  - {name: never, then: {route: fast}}
"""


def _traced(folder: Path, request: Request) -> list[dict[str, Any]]:
    decision = decide(policies(folder, POLICY), request, trace=True)
    assert decision.trace is not None
    return decision.trace.to_json()


def test_every_rule_tried_is_told_with_what_settled_it(tmp_path: Path) -> None:
    """False tests of a rule that fails, unknown ones of an unknown rule, all of a match; never the caller's text."""
    request = Request(
        task="sum_up",
        input="hush",
        attributes={"plan": "pro"},
        signals={"budget": {"daily": {"used": 0.5, "left": 25}}},
    )

    traced = _traced(tmp_path, request)

    assert [(one["rule"], one["result"], one["terminal"], one["tests"]) for one in traced] == [
        ("m", "match", False, [{"test": "message.chars > 2", "truth": "true", "value": 4}]),
        ("no", "no_match", True, [{"test": "task == chat", "truth": "false", "value": "sum_up"}]),
        ("unknown", "unknown", True, [{"test": "attributes.seats > 2", "truth": "unknown"}]),
        ("again", "unknown", True, [{"test": "not attributes.seats > 2", "truth": "unknown"}]),
        ("signal", "no_match", True, [{"test": "budget.daily.used >= 90%", "truth": "false", "value": 0.5}]),
        ("text", "no_match", True, [{"test": "message matches [secret]", "truth": "false"}]),
        (
            "score",
            "no_match",
            True,
            [
                {"test": "score.s >= 1", "truth": "false"},
                {"test": "task == chat", "truth": "false", "value": "sum_up"},
            ],
        ),
        (
            "any",
            "match_on_unknown",
            False,
            [
                {"test": "task == code", "truth": "false", "value": "sum_up"},
                {"test": "attributes.beta", "truth": "unknown"},
            ],
        ),
        ("default", "default_on_unknown", True, [{"test": "attributes.groups has a", "truth": "unknown"}]),
    ]
    assert traced[1]["place"] == "case.yaml:$.rules[1]"


def test_a_trace_ends_with_the_rule_that_decides(tmp_path: Path) -> None:
    """Rules after the one that decides were not tried."""
    traced = _traced(tmp_path, Request(task="chat", attributes={"plan": "pro"}))

    assert [(one["rule"], one["result"]) for one in traced] == [("m", "unknown"), ("no", "match")]
    assert traced[-1]["tests"] == [
        {"test": "task == chat", "truth": "true", "value": "chat"},
        {"test": "attributes.plan == pro", "truth": "true", "value": "pro"},
    ]


def test_a_long_value_is_cut_and_a_list_stays_a_list(tmp_path: Path) -> None:
    """Values of attributes are shown, to 80 characters."""
    policy_set = policies(
        tmp_path,
        "rules: [{name: r, when: {attributes: {tenant: x, groups: {has: y}}}, then: {route: fast}},"
        " {name: s, when: {attributes: {groups: {has: y}}}, then: {route: fast}}]",
    )

    decision = decide(policy_set, Request(attributes={"tenant": "t" * 200, "groups": ["a", 1]}), trace=True)

    assert decision.trace is not None
    assert [test.value for rule in decision.trace.rules for test in rule.tests] == ["t" * 80, ["a", 1], ["a", 1]]


def test_nothing_is_traced_unless_asked_for(tmp_path: Path) -> None:
    """Without being asked, a decision has no trace."""
    assert decide(policies(tmp_path, POLICY), Request()).trace is None


def test_each_rule_is_told_in_its_own_words(tmp_path: Path) -> None:
    """Tests that mean the same are one node of the graph, and a trace quotes each rule as it was written."""
    rules = "[{name: a, when: {message: {chars: {lte: 300}}}, then: {tags: [a]}}, "
    rules += "{name: b, when: {message: {chars: {lt: 301}}}, then: {tags: [b]}}]"
    policy_set = policies(tmp_path, f"rules: {rules}")

    decision = decide(policy_set, Request(input="x"), trace=True)

    assert decision.trace is not None
    assert [test.text for rule in decision.trace.rules for test in rule.tests] == [
        "message.chars <= 300",
        "message.chars < 301",
    ]
    assert policy_set.rules[0].node is policy_set.rules[1].node
