"""Conditions as nodes: equal tests are one node, however they are written."""

from pathlib import Path

import pytest

from policy_engine.compiler.graph import Node, Op, leaves
from policy_engine.compiler.policy_set import PolicySet
from tests.policies_of import policies


def _node(policy_set: PolicySet, name: str) -> Node:
    (node,) = [rule.node for rule in policy_set.rules if rule.name == name]
    assert node is not None
    return node


EQUAL = {
    "a bare value and eq": ("task: chat", "task: {eq: chat}"),
    "a list and in": ("task: [chat, code]", "task: {in: [code, chat]}"),
    "a list of one and a value": ("attributes: {plan: [pro]}", "attributes: {plan: pro}"),
    "all and a mapping": ("task: chat, wants: {json: true}", "all: [{task: chat}, {wants: {json: true}}]"),
    "all of one": ("all: [{task: chat}]", "task: chat"),
    "all in all": ("all: [{task: chat}, {all: [{wants: {json: true}}]}]", "task: chat, wants: {json: true}"),
    "any in any": (
        "any: [{any: [{task: chat}, {task: code}]}, {wants: {json: true}}]",
        "any: [{task: chat}, {task: code}, {wants: {json: true}}]",
    ),
    "what is said twice": ("all: [{task: chat}, {task: chat}]", "task: chat"),
    "none and not": ("none: [{task: chat}]", "not: {task: chat}"),
    "not not": ("not: {not: {task: chat}}", "task: chat"),
    "ne and not": ("attributes: {plan: {ne: pro}}", "not: {attributes: {plan: pro}}"),
    "not_in and not in": ("attributes: {plan: {not_in: [pro, free]}}", "not: {attributes: {plan: [free, pro]}}"),
    "false and not true": ("attributes: {beta: false}", "attributes: {beta: {ne: true}}"),
    "units": ("message: {tokens: {gt: 8k}}", "message: {tokens: {gt: 8000}}"),
    "whole bounds": ("message: {chars: {gt: 4}}", "message: {chars: {gte: 5}}"),
    "per cent": ("budget: {daily: {used: {gte: 90%}}}", "budget: {daily: {used: {gte: 0.9}}}"),
    "durations": ("latency: {mini: {p50: {lt: 1s}}}", "latency: {mini: {p50: {lt: 1000ms}}}"),
    "exists": ("attributes: {plan: {exists: false}}", "not: {attributes: {plan: {exists: true}}}"),
    "an expression and a test": ("expr: 'message.chars > 4'", "message: {chars: {gt: 4}}"),
    "a turned expression": ("expr: '4 < message.chars'", "message: {chars: {gt: 4}}"),
    "an expression of values": ('expr: \'attributes.plan in ("pro", "free")\'', "attributes: {plan: [free, pro]}"),
    "an expression of a boolean": ("expr: 'not wants.json'", "wants: {json: false}"),
    "an expression that joins": ("expr: 'task == \"chat\" and wants.json'", "task: chat, wants: {json: true}"),
    "an expression with a score": ("expr: 'score.s >= 1'", "score: {s: {gte: 1}}"),
    "an expression with a list": ("expr: '\"a\" in attributes.groups'", "attributes: {groups: {has: a}}"),
    "a name and what it names": ("condition: json", "wants: {json: true}"),
    "names of both": ("condition: [chatty, json]", "all: [{task: chat}, {wants: {json: true}}]"),
    "the order of patterns": ("message: {matches: [b, a]}", "message: {matches: [a, b, a]}"),
}


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> PolicySet:
    """Two rules for each pair of conditions."""
    rules = [
        f"{{name: {side}-{number}, when: {{{when}}}, then: {{route: fast}}}}"
        for number, pair in enumerate(EQUAL.values())
        for side, when in zip(("one", "other"), pair, strict=True)
    ]
    return policies(
        tmp_path_factory.mktemp("pairs"),
        f"""
        conditions: {{json: {{wants: {{json: true}}}}, chatty: {{task: chat}}}}
        scores: {{s: [{{when: {{task: chat}}, points: 1}}]}}
        rules: [{", ".join(rules)}]
        """,
    )


@pytest.mark.parametrize("number", range(len(EQUAL)), ids=EQUAL.keys())
def test_what_means_the_same_is_the_same_node(number: int, pairs: PolicySet) -> None:
    """Two ways to write one condition share one node, so that it is worked out once."""
    assert _node(pairs, f"one-{number}") is _node(pairs, f"other-{number}")


def test_tests_of_different_kinds_are_different_nodes(tmp_path: Path) -> None:
    """A text, a number and a boolean that look alike are not one test."""
    policy_set = policies(
        tmp_path,
        """
        rules:
          - {name: number, when: {attributes: {groups: {has: 7}}}, then: {route: fast}}
          - {name: text, when: {attributes: {groups: {has: "7"}}}, then: {route: fast}}
          - {name: one, when: {attributes: {groups: {has: 1}}}, then: {route: fast}}
          - {name: yes, when: {attributes: {groups: {has: true}}}, then: {route: fast}}
        """,
    )

    assert _node(policy_set, "number") is not _node(policy_set, "text")


def test_cheap_tests_come_before_dear_ones(tmp_path: Path) -> None:
    """Comparisons, regexes, expressions, counters, classifiers, similarities and caches stand in this order."""
    policy_set = policies(
        tmp_path,
        """
        rules:
          - name: r
            when:
              cache: {replies: {hit: true}}
              similar: {greetings: {gt: 0.5}}
              classifier: {topic: {label: billing}}
              budget: {daily: {used: {lt: 50%}}}
              expr: 'message.chars * 2 > 8'
              message: {matches: x}
              task: chat
            then: {route: fast}
        """,
    )

    assert [leaf.text for leaf in leaves(_node(policy_set, "r"))] == [
        "task == chat",
        "message matches [x]",
        "message.chars * 2 > 8",
        "budget.daily.used < 50%",
        "classifier.topic.label == billing",
        "similar.greetings > 0.5",
        "cache.replies.hit",
    ]


def test_a_negated_condition_keeps_its_child(tmp_path: Path) -> None:
    """The opposite of a join is a node over the join's own node."""
    policy_set = policies(
        tmp_path,
        """
        rules:
          - {name: both, when: {task: chat, wants: {json: true}}, then: {route: fast}}
          - {name: not-both, when: {not: {all: [{task: chat}, {wants: {json: true}}]}}, then: {route: fast}}
        """,
    )

    negated = _node(policy_set, "not-both")

    assert (negated.op, negated.children) == (Op.NOT, (_node(policy_set, "both"),))
