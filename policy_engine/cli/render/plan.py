"""In which order a decision is made, as text: the cell, the index, the rules with their tests, the signals."""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.cli.render.style import PLAIN, Ink, Style
from policy_engine.cli.render.table import Column, render_table
from policy_engine.cli.render.text import counted
from policy_engine.compiler.view import GraphView, Role, ViewCell, ViewRule


def render_plan(view: GraphView, *, style: Style = PLAIN, width: int | None = None) -> str:
    """The plan: what a request goes through, in order."""
    tests = [node for node in view.nodes if node.role is Role.TEST]
    shared = sum(node.uses > 1 for node in tests)
    parts = [
        f"{counted(len(view.rules), 'rule')}, {counted(len(tests), 'different test')}, {shared:,} of them shared",
        style.paint("1  the task selects a cell: the rules that can match it", Ink.BOLD),
        _cells(view, style, width),
        style.paint("2  the index and the joint search leave few of these; they are tried in order", Ink.BOLD),
        _rules(view, style, width),
    ]
    if view.signals:
        parts.append(style.paint("3  signals are asked for in stages, only while a rule can still match", Ink.BOLD))
        parts.append(_signals(view, style, width))
    return "\n\n".join(parts)


def _cells(view: GraphView, style: Style, width: int | None) -> str:
    columns = (
        Column(title="cell", elastic=True),
        Column(title="rules", right=True),
        Column(title="looked up", elastic=True),
        Column(title="regexes together", right=True),
        Column(title="rules with tests left", right=True),
    )
    return _indented(render_table(columns, [_cell(cell) for cell in view.cells], style=style, width=width))


def _cell(cell: ViewCell) -> tuple[str, ...]:
    name = "(no task, or any other)" if cell.task is None else cell.task
    return name, f"{cell.rules:,}", ", ".join(cell.indexed) or "-", f"{cell.patterns:,}", f"{cell.tested:,}"


def _rules(view: GraphView, style: Style, width: int | None) -> str:
    columns = (
        Column(title="#", right=True),
        Column(title="rule", elastic=True),
        Column(title="then", elastic=True),
        Column(title="conditions, cheapest first", elastic=True),
    )
    rows = [
        (f"{number}", rule.name, rule.outcome, _conditions(rule)) for number, rule in enumerate(view.rules, start=1)
    ]
    rows.append(("", "(default)", view.default, ""))
    return _indented(render_table(columns, rows, style=style, width=width))


def _conditions(rule: ViewRule) -> str:
    return "; ".join(f"[{way}] {text}" for way, text in rule.conditions) or "always"


def _signals(view: GraphView, style: Style, width: int | None) -> str:
    columns = (Column(title="stage"), Column(title="signal"), Column(title="asked by", elastic=True))
    rows = [(signal.stage.name.lower(), signal.group, ", ".join(signal.rules)) for signal in view.signals]
    return _indented(render_table(columns, rows, style=style, width=width))


def _indented(text: str) -> str:
    return "\n".join(_indent(text.splitlines()))


def _indent(lines: list[str]) -> Iterator[str]:
    return (f"   {line}" for line in lines)
