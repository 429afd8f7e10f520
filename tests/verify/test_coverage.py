"""Tests of what tests cover."""

from __future__ import annotations

from pathlib import Path

from policy_engine.verify.coverage import Coverage, Kind, cover
from tests.verify.bundles import HEAD, opened

RULES = """\
conditions:
  calm: {attributes: {stakes: low}}
scores:
  weight: [{when: {message: {chars: {gt: 100}}}, points: 1}]
rules:
  - name: first
    when: {task: faq, any: [{attributes: {plan: free}}, {condition: calm}], score: {weight: {gte: 1}}}
    then: {route: fast, tags: [one]}
  - name: second
    when: {expr: 'message.chars > 5 and message.words > 1'}
    then: {respond: {text: "Hello!"}}
"""


def covered(folder: Path, tests: str) -> Coverage:
    """What some tests cover of the rules above."""
    return cover(*opened(folder, tests, HEAD + RULES))


def hits(coverage: Coverage, kind: Kind) -> dict[str, dict[str, int]]:
    """How often each point of a kind was seen, by what it says."""
    return {f"{point.owner}: {point.text}": dict(point.hits) for point in coverage.points if point.kind is kind}


def test_short_circuits_hide_nothing(tmp_path: Path) -> None:
    """Every part is looked at, although the first of them settles the rule."""
    coverage = covered(
        tmp_path,
        "cases: [{name: a, request: {task: summarize, input: hi, attributes: {plan: free}}, expect: {tier: fast}}]\n",
    )

    assert hits(coverage, Kind.CONDITION) == {
        "first: all 3 of them": {"true": 0, "false": 1},
        "first: task == faq": {"true": 0, "false": 1},
        "first: any of 2": {"true": 1, "false": 0},
        "first: attributes.plan == free": {"true": 1, "false": 0},
        "first: condition calm": {"true": 1, "false": 0},
        "calm: attributes.stakes == low": {"true": 1, "false": 0},
        "first: score.weight >= 1": {"true": 0, "false": 1},
        "weight: message.chars > 100": {"true": 0, "false": 1},
        "second: message.chars > 5 and message.words > 1": {"true": 0, "false": 1},
        "second: message.chars > 5": {"true": 0, "false": 1},
        "second: message.words > 1": {"true": 0, "false": 1},
    }


def test_rules_behind_the_deciding_one_are_not_covered(tmp_path: Path) -> None:
    """A case counts for the rules it tries, and for the effects that it brings about."""
    text = "x" * 101
    coverage = covered(
        tmp_path, f"cases: [{{name: a, request: {{task: faq, input: {text}}}, expect: {{rule: first}}}}]\n"
    )

    assert hits(coverage, Kind.RULE) == {"first: matches": {"matched": 1}, "second: matches": {"matched": 0}}
    assert hits(coverage, Kind.EFFECT) == {
        "first: route": {"taken": 1},
        "first: tags": {"taken": 1},
        "second: respond": {"taken": 0},
        "(default): route": {"taken": 0},
    }
    assert hits(coverage, Kind.CONDITION)["second: message.chars > 5"] == {"true": 0, "false": 0}


def test_what_is_unknown_is_neither_true_nor_false(tmp_path: Path) -> None:
    """An absent attribute covers nothing of the test that reads it."""
    coverage = covered(tmp_path, "cases: [{name: a, request: {task: faq, input: hi}, expect: {effect: route}}]\n")

    assert hits(coverage, Kind.CONDITION)["first: attributes.plan == free"] == {"true": 0, "false": 0}


def test_shares_count_every_way(tmp_path: Path) -> None:
    """A condition has two ways, a rule and an effect one each; without tests nothing is covered."""
    coverage = covered(tmp_path, "cases: [{name: a, request: {id: x}, expect: {rule: (default)}}]\n")

    assert coverage.share(Kind.RULE) == (0, 2)
    assert coverage.share(Kind.CONDITION) == (3, 22)
    assert coverage.share(Kind.EFFECT) == (1, 4)
    assert coverage.percent() == 100 * 4 / 28


def test_an_example_covers_its_rule_and_no_effect(tmp_path: Path) -> None:
    """What a rule tries by itself says nothing about what is decided."""
    policy = HEAD + RULES.replace(
        'text: "Hello!"}}', 'text: "Hello!"}}\n    examples: [{input: "one two", expect: match}]'
    )
    suite = opened(tmp_path, "cases: [{name: a, request: {id: x}, expect: {rule: (default)}}]\n", policy)

    coverage = cover(*suite)

    assert hits(coverage, Kind.RULE)["second: matches"] == {"matched": 1}
    assert hits(coverage, Kind.EFFECT)["second: respond"] == {"taken": 0}
