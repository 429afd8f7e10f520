"""The evaluation graph as data to be drawn."""

from collections.abc import Callable
from pathlib import Path

import pytest

from policy_engine.compiler.view import GraphView, Role, Tie, ViewCell, ViewRule, ViewSignal, Way, graph_view
from policy_engine.model.vocabulary import Stage
from policy_engine.pipeline import build

HEAD = """\
version: 1
attributes:
  plan: {type: string, enum: [free, pro]}
tasks: [faq, code]
providers:
  p: {kind: openai, api_key: "${KEY}"}
models:
  mini: {provider: p, model: gpt-4o-mini, price: {input: 1, output: 2}, context: 128k}
  big: {provider: p, model: gpt-4o, price: {input: 1, output: 2}, context: 128k}
tiers:
  - {name: fast, models: [mini]}
budgets:
  daily: {amount: $5, window: day, zone: Europe/Berlin}
default: {route: big}
"""


@pytest.fixture
def view_of(tmp_path: Path) -> Callable[[str], GraphView]:
    """Gives the view of the bundle with some more sections."""

    def view(sections: str) -> GraphView:
        (tmp_path / "policy.yaml").write_text(HEAD + sections, encoding="utf-8")
        result = build(tmp_path)
        assert result.policy_set is not None, result.report
        return graph_view(result.policy_set)

    return view


def nodes_of(view: GraphView, *roles: Role) -> list[tuple[str, tuple[Way, ...], int]]:
    """Text, ways and uses of the nodes in some roles."""
    return [(node.text, node.ways, node.uses) for node in view.nodes if node.role in roles]


def edges_of(view: GraphView, tie: Tie) -> list[tuple[str, str, str]]:
    """The edges of one kind: texts of both ends, and the label."""
    texts = {node.id: node.text or str(node.role) for node in view.nodes}
    return [(texts[edge.source], texts[edge.target], edge.label) for edge in view.edges if edge.tie is tie]


def test_tests_that_rules_share_are_drawn_once(view_of: Callable[[str], GraphView]) -> None:
    """Equal tests are one node that says how often it is used; task tests are answered by the task table."""
    view = view_of("""
rules:
  - {name: a, when: {task: faq, message: {chars: {gt: 5}}}, then: {route: fast}}
  - {name: b, when: {task: code, message: {chars: {gt: 5}}}, then: {route: fast}}
""")

    assert nodes_of(view, Role.TEST) == [
        ("task == faq", (Way.TASK,), 1),
        ("message.chars > 5", (Way.CODE,), 2),
        ("task == code", (Way.TASK,), 1),
    ]
    assert edges_of(view, Tie.PART) == [
        ("task == faq", "a", ""),
        ("message.chars > 5", "a", ""),
        ("task == code", "b", ""),
        ("message.chars > 5", "b", ""),
    ]


def test_rules_stand_in_order_and_lead_to_their_outcomes(view_of: Callable[[str], GraphView]) -> None:
    """Each rule is tried after the one before it, `default` last; equal outcomes are one node."""
    view = view_of("""
rules:
  - {name: a, when: {task: faq}, then: {route: fast}}
  - {name: m, then: {tags: [x], log: none}}
  - {name: b, when: {task: code}, then: {deny: {status: 402, message: no}}, on_unknown: skip}
  - {name: c, when: {attributes: {plan: pro}}, then: {route: fast}}
""")

    assert edges_of(view, Tie.NEXT) == [("a", "m", ""), ("m", "b", ""), ("b", "c", ""), ("c", "default", "")]
    assert edges_of(view, Tie.THEN) == [
        ("a", "route mini", ""),
        ("m", "add log, tags", ""),
        ("b", "deny 402", ""),
        ("c", "route mini", ""),
        ("default", "route big", ""),
    ]
    assert [node.text for node in view.nodes if node.role is Role.OUTCOME] == [
        "route mini",
        "add log, tags",
        "deny 402",
        "route big",
    ]


def test_nested_conditions_are_drawn_as_they_run(view_of: Callable[[str], GraphView]) -> None:
    """`any` and `all` are nodes of their own, `not` is written on the edge, and a rule's own entries join in it."""
    view = view_of("""
rules:
  - name: a
    when:
      any: [{task: faq}, {all: [{attributes: {plan: pro}}, {wants: {json: true}}]}]
      not: {message: {contains: hello}}
    then: {route: fast}
""")

    assert edges_of(view, Tie.PART) == [
        ("any", "a", ""),
        ("task == faq", "any", ""),
        ("all", "any", ""),
        ("attributes.plan == pro", "all", ""),
        ("wants.json", "all", ""),
        ("message contains [hello]", "a", "not"),
    ]
    assert view.rules == (
        ViewRule(
            name="a",
            outcome="route mini",
            is_terminal=True,
            conditions=(
                (Way.CODE, "task == faq or (attributes.plan == pro and wants.json)"),
                (Way.CODE, "not message contains [hello]"),
            ),
        ),
    )


def test_a_score_is_drawn_with_the_points_of_its_parts(view_of: Callable[[str], GraphView]) -> None:
    """The parts of a score lead to it, each with its points."""
    view = view_of("""
scores:
  difficulty:
    - {when: {message: {chars: {gt: 800}}}, points: 0.4}
    - {when: {task: faq}, points: -0.3}
rules:
  - {name: hard, when: {score: {difficulty: {gte: 0.4}}}, then: {route: fast}}
""")

    assert nodes_of(view, Role.SCORE) == [("score.difficulty >= 0.4", (Way.CODE,), 1)]
    assert edges_of(view, Tie.PART) == [
        ("score.difficulty >= 0.4", "hard", ""),
        ("message.chars > 800", "score.difficulty >= 0.4", "+0.4"),
        ("task == faq", "score.difficulty >= 0.4", "-0.3"),
    ]


def test_what_many_rules_test_is_looked_up(view_of: Callable[[str], GraphView]) -> None:
    """Lengths and attributes that many rules of a cell test are indexed, regexes searched together."""
    lines = [
        f"  - {{name: r{n}, when: {{task: faq, message: {{chars: {{gt: {n}00}}, contains: word{n}}}}},"
        " then: {route: fast}}"
        for n in range(1, 10)
    ]

    view = view_of("\nrules:\n" + "\n".join(lines) + "\n")

    assert [cell for cell in view.cells if cell.rules] == [
        ViewCell(task="faq", rules=9, indexed=("message.chars",), patterns=9, tested=0),
        ViewCell(task=None, rules=9, indexed=("message.chars",), patterns=9, tested=9),
    ]
    assert view.rules[0].conditions == (
        (Way.TASK, "task == faq"),
        (Way.INDEX, "message.chars > 100"),
        (Way.SCAN, "message contains [word1]"),
    )


def test_signals_are_listed_by_stage_with_who_asks(view_of: Callable[[str], GraphView]) -> None:
    """A signal is known by its group, and by the rules that may ask for it."""
    view = view_of("""
rules:
  - {name: a, when: {budget: {daily: {used: {gte: 90%}}}}, then: {route: fast}}
  - {name: b, when: {budget: {daily: {left: {lt: $1}}}, task: faq}, then: {route: fast}}
""")

    assert view.signals == (ViewSignal(stage=Stage.COUNTERS, group="budget.daily", rules=("a", "b")),)
    assert view.rules[1].conditions == ((Way.TASK, "task == faq"), (Way.SIGNAL, "budget.daily.left < $1"))


def test_the_same_policies_give_the_same_view(view_of: Callable[[str], GraphView]) -> None:
    """A view depends on the policies alone, not on the order in which anything was made."""
    rules = "\nrules:\n  - {name: a, when: {task: [faq, code], attributes: {plan: free}}, then: {route: fast}}\n"

    assert view_of(rules) == view_of(rules)


def test_a_rule_without_a_condition_is_drawn_alone(view_of: Callable[[str], GraphView]) -> None:
    """A rule that always matches has no tests."""
    view = view_of("\nrules:\n  - {name: a, then: {route: fast}}\n")

    assert nodes_of(view, Role.TEST) == []
    assert view.rules == (ViewRule(name="a", outcome="route mini", is_terminal=True, conditions=()),)
