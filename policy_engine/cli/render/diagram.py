"""The evaluation graph as Mermaid, Graphviz or JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from policy_engine.cli.render.cells import clipped, visible
from policy_engine.compiler.view import GraphView, Role, Tie, ViewEdge, ViewNode

_LONGEST = 60
_MERMAID_SHAPES = {
    Role.TEST: '["{}"]',
    Role.SCORE: '[/"{}"/]',
    Role.ALL: '(("{}"))',
    Role.ANY: '(("{}"))',
    Role.RULE: '("{}")',
    Role.OUTCOME: '(["{}"])',
    Role.DEFAULT: '("{}")',
}
_MERMAID_ARROWS = {Tie.PART: "-->", Tie.NEXT: "-.->", Tie.THEN: "==>"}
_DOT_SHAPES = {
    Role.TEST: "box",
    Role.SCORE: "parallelogram",
    Role.ALL: "circle",
    Role.ANY: "circle",
    Role.RULE: "box",
    Role.OUTCOME: "oval",
    Role.DEFAULT: "box",
}
_DOT_LINES = {Tie.PART: "solid", Tie.NEXT: "dashed", Tie.THEN: "bold"}


def label_of(node: ViewNode, position: int | None = None) -> str:
    """What is written on a node: its text, how it is run, and how often it is shared."""
    if node.role in (Role.ALL, Role.ANY):
        return str(node.role)
    text = clipped(visible(node.text), _LONGEST)
    if node.role is Role.RULE and position is not None:
        text = f"{position} {text}"
    notes = [str(way) for way in node.ways] + ([f"used {node.uses} times"] if node.uses > 1 else [])
    return f"{text} [{', '.join(notes)}]" if notes else text


def labelled(view: GraphView) -> Iterator[tuple[ViewNode, str]]:
    """Each node with what is written on it, rules numbered in decision order."""
    position = 0
    for node in view.nodes:
        position += node.role is Role.RULE
        yield node, label_of(node, position)


def render_mermaid(view: GraphView) -> str:
    """The graph as a Mermaid flowchart."""
    lines = ["flowchart LR"]
    lines += [f"  {node.id}{_MERMAID_SHAPES[node.role].format(_mermaid(label))}" for node, label in labelled(view)]
    lines += [f"  {edge.source} {_mermaid_arrow(edge)} {edge.target}" for edge in view.edges]
    lines += [
        "  classDef rule fill:#dbeafe,stroke:#1d4ed8,color:#111",
        "  classDef outcome fill:#dcfce7,stroke:#15803d,color:#111",
    ]
    for role, kinds in (("rule", (Role.RULE, Role.DEFAULT)), ("outcome", (Role.OUTCOME,))):
        if ids := [node.id for node in view.nodes if node.role in kinds]:
            lines.append(f"  class {','.join(ids)} {role}")
    return "\n".join(lines)


def _mermaid_arrow(edge: ViewEdge) -> str:
    arrow = _MERMAID_ARROWS[edge.tie]
    return f"{arrow}|{_mermaid(edge.label)}|" if edge.label else arrow


def _mermaid(text: str) -> str:
    """Text for a Mermaid label, where quotes, `#` and markup are written as entities."""
    codes = {
        "#": "#35;",
        '"': "#quot;",
        "<": "#lt;",
        ">": "#gt;",
        "`": "#96;",
        "|": "#124;",
        "&": "#amp;",
        "\\": "#92;",
    }
    return "".join(codes.get(character, character) for character in text)


def render_dot(view: GraphView) -> str:
    """The graph as a Graphviz document."""
    lines = ["digraph policies {", "  rankdir=LR;", '  node [fontname="sans-serif", fontsize=10];']
    for node, label in labelled(view):
        style = ', style="rounded,bold"' if node.role in (Role.RULE, Role.DEFAULT) else ""
        lines.append(f'  {node.id} [label="{_dot(label)}", shape={_DOT_SHAPES[node.role]}{style}];')
    for edge in view.edges:
        label = f', label="{_dot(edge.label)}"' if edge.label else ""
        lines.append(f"  {edge.source} -> {edge.target} [style={_DOT_LINES[edge.tie]}{label}];")
    return "\n".join([*lines, "}"])


def _dot(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def graph_json(view: GraphView) -> dict[str, Any]:
    """The graph as data."""
    return {
        "revision": view.revision,
        "nodes": [
            {
                "id": node.id,
                "role": str(node.role),
                "text": node.text,
                "runs_as": list(map(str, node.ways)),
                "uses": node.uses,
            }
            for node in view.nodes
        ],
        "edges": [
            {"from": edge.source, "to": edge.target, "kind": str(edge.tie), "label": edge.label} for edge in view.edges
        ],
        "cells": [asdict(cell) for cell in view.cells],
        "rules": [
            {
                "name": rule.name,
                "outcome": rule.outcome,
                "terminal": rule.is_terminal,
                "conditions": [{"runs_as": str(way), "text": text} for way, text in rule.conditions],
            }
            for rule in view.rules
        ],
        "signals": [
            {"stage": signal.stage.name.lower(), "signal": signal.group, "rules": list(signal.rules)}
            for signal in view.signals
        ],
        "default": view.default,
    }
