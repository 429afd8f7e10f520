"""The evaluation graph in its formats."""

import json
from xml.etree import ElementTree

from policy_engine.cli.render.diagram import graph_json, render_dot, render_mermaid
from policy_engine.cli.render.plan import render_plan
from policy_engine.cli.render.svg import layout, render_svg
from policy_engine.compiler.view import (
    GraphView,
    Role,
    Tie,
    ViewCell,
    ViewEdge,
    ViewNode,
    ViewRule,
    ViewSignal,
    Way,
)
from policy_engine.model.vocabulary import Stage

VIEW = GraphView(
    revision="sha256:ab",
    nodes=(
        ViewNode(id="rule1", role=Role.RULE, text="a"),
        ViewNode(id="test1", role=Role.TEST, text='message matches ["<x>"]', ways=(Way.SCAN,), uses=2),
        ViewNode(id="join1", role=Role.ANY, text=""),
        ViewNode(id="test2", role=Role.TEST, text="budget.daily.used >= 90%", ways=(Way.SIGNAL,)),
        ViewNode(id="outcome1", role=Role.OUTCOME, text="route mini"),
        ViewNode(id="rule2", role=Role.DEFAULT, text="default"),
    ),
    edges=(
        ViewEdge(source="test1", target="rule1", tie=Tie.PART, label="not"),
        ViewEdge(source="join1", target="rule1", tie=Tie.PART),
        ViewEdge(source="test1", target="join1", tie=Tie.PART),
        ViewEdge(source="test2", target="join1", tie=Tie.PART),
        ViewEdge(source="rule1", target="outcome1", tie=Tie.THEN),
        ViewEdge(source="rule1", target="rule2", tie=Tie.NEXT),
        ViewEdge(source="rule2", target="outcome1", tie=Tie.THEN),
    ),
    cells=(
        ViewCell(task="faq", rules=1, indexed=("message.chars",), patterns=1, tested=0),
        ViewCell(task=None, rules=1, indexed=(), patterns=1, tested=1),
    ),
    rules=(
        ViewRule(
            name="a",
            outcome="route mini",
            is_terminal=True,
            conditions=((Way.TASK, "task == faq"), (Way.SIGNAL, "budget.daily.used >= 90%")),
        ),
    ),
    signals=(ViewSignal(stage=Stage.COUNTERS, group="budget.daily", rules=("a",)),),
    default="route mini",
)


def test_mermaid_draws_nodes_and_edges() -> None:
    """Shapes tell roles, arrows tell kinds, and text that would be markup is escaped."""
    assert render_mermaid(VIEW) == (
        "flowchart LR\n"
        '  rule1("1 a")\n'
        '  test1["message matches [#quot;#lt;x#gt;#quot;] [regex set, used 2 times]"]\n'
        '  join1(("any"))\n'
        '  test2["budget.daily.used #gt;= 90% [signal]"]\n'
        '  outcome1(["route mini"])\n'
        '  rule2("default")\n'
        "  test1 -->|not| rule1\n"
        "  join1 --> rule1\n"
        "  test1 --> join1\n"
        "  test2 --> join1\n"
        "  rule1 ==> outcome1\n"
        "  rule1 -.-> rule2\n"
        "  rule2 ==> outcome1\n"
        "  classDef rule fill:#dbeafe,stroke:#1d4ed8,color:#111\n"
        "  classDef outcome fill:#dcfce7,stroke:#15803d,color:#111\n"
        "  class rule1,rule2 rule\n"
        "  class outcome1 outcome"
    )


def test_dot_draws_nodes_and_edges() -> None:
    """The same for Graphviz, quotes escaped."""
    assert render_dot(VIEW) == (
        "digraph policies {\n"
        "  rankdir=LR;\n"
        '  node [fontname="sans-serif", fontsize=10];\n'
        '  rule1 [label="1 a", shape=box, style="rounded,bold"];\n'
        '  test1 [label="message matches [\\"<x>\\"] [regex set, used 2 times]", shape=box];\n'
        '  join1 [label="any", shape=circle];\n'
        '  test2 [label="budget.daily.used >= 90% [signal]", shape=box];\n'
        '  outcome1 [label="route mini", shape=oval];\n'
        '  rule2 [label="default", shape=box, style="rounded,bold"];\n'
        '  test1 -> rule1 [style=solid, label="not"];\n'
        "  join1 -> rule1 [style=solid];\n"
        "  test1 -> join1 [style=solid];\n"
        "  test2 -> join1 [style=solid];\n"
        "  rule1 -> outcome1 [style=bold];\n"
        "  rule1 -> rule2 [style=dashed];\n"
        "  rule2 -> outcome1 [style=bold];\n"
        "}"
    )


def test_json_has_nodes_edges_and_the_plan() -> None:
    """Everything that is drawn or planned is there as plain data."""
    written = json.loads(json.dumps(graph_json(VIEW)))

    assert written["nodes"][1] == {
        "id": "test1",
        "role": "test",
        "text": 'message matches ["<x>"]',
        "runs_as": ["regex set"],
        "uses": 2,
    }
    assert written["edges"][0] == {"from": "test1", "to": "rule1", "kind": "part", "label": "not"}
    assert written["cells"][0] == {
        "task": "faq",
        "rules": 1,
        "indexed": ["message.chars"],
        "patterns": 1,
        "tested": 0,
    }
    assert written["rules"] == [
        {
            "name": "a",
            "outcome": "route mini",
            "terminal": True,
            "conditions": [
                {"runs_as": "task table", "text": "task == faq"},
                {"runs_as": "signal", "text": "budget.daily.used >= 90%"},
            ],
        }
    ]
    assert written["signals"] == [{"stage": "counters", "signal": "budget.daily", "rules": ["a"]}]
    assert (written["revision"], written["default"]) == ("sha256:ab", "route mini")


def test_the_plan_says_what_runs_in_which_order() -> None:
    """Cells, then rules with their conditions, then signals."""
    assert render_plan(VIEW) == (
        "1 rule, 2 different tests, 1 of them shared\n"
        "\n"
        "1  the task selects a cell: the rules that can match it\n"
        "\n"
        "   cell                     rules  looked up      regexes together  rules with tests left\n"
        "   faq                          1  message.chars                 1                      0\n"
        "   (no task, or any other)      1  -                             1                      1\n"
        "\n"
        "2  the index and the joint search leave few of these; they are tried in order\n"
        "\n"
        "   #  rule       then        conditions, cheapest first\n"
        "   1  a          route mini  [task table] task == faq; [signal] budget.daily.used >= 90%\n"
        "      (default)  route mini\n"
        "\n"
        "3  signals are asked for in stages, only while a rule can still match\n"
        "\n"
        "   stage     signal        asked by\n"
        "   counters  budget.daily  a"
    )


def test_a_picture_stands_in_columns() -> None:
    """Parts stand left of what they are part of, rules below each other, outcomes to the right; nothing overlaps."""
    boxes = layout(VIEW)

    assert boxes["test1"].x < boxes["join1"].x < boxes["rule1"].x == boxes["rule2"].x < boxes["outcome1"].x
    assert boxes["rule1"].y < boxes["rule2"].y
    assert boxes["test1"].y != boxes["test2"].y
    assert boxes["test1"].x + boxes["test1"].width < boxes["join1"].x


def test_a_picture_is_xml_with_every_node_and_edge() -> None:
    """The SVG is well-formed whatever the texts hold, and leaves nothing out."""
    picture = ElementTree.fromstring(render_svg(VIEW))
    svg = "{http://www.w3.org/2000/svg}"

    assert {group.findtext(f"{svg}text") for group in picture.iter(f"{svg}g")} == {
        "1 a",
        'message matches ["<x>"] [regex set, used 2 times]',
        "any",
        "budget.daily.used >= 90% [signal]",
        "route mini",
        "default",
    }
    assert len(list(picture.iter(f"{svg}path"))) == len(VIEW.edges)
