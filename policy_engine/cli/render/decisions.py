"""Decisions for people: one as a card, several as a table, each with its trace where that was asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from policy_engine.cli.render.cells import clipped, visible
from policy_engine.cli.render.money import decimals_for, dollars
from policy_engine.cli.render.style import PLAIN, Ink, Style
from policy_engine.cli.render.table import Column, render_table
from policy_engine.model.decision import Decision
from policy_engine.model.trace import Result, RuleTrace, TestTrace
from policy_engine.replay.traffic import Row

DEFAULT = "(default)"
"""What stands for the name of a rule where `default` decided."""

_NOTHING = "-"
_LONGEST_TEST = 100
_RESULTS = {
    Result.MATCH: ("match", Ink.GREEN),
    Result.NO_MATCH: ("no match", Ink.DIM),
    Result.UNKNOWN: ("unknown", Ink.YELLOW),
    Result.UNKNOWN_MATCH: ("match, on unknown", Ink.YELLOW),
    Result.UNKNOWN_DEFAULT: ("default, on unknown", Ink.YELLOW),
}
_TELLING = {
    Result.MATCH: ("true",),
    Result.NO_MATCH: ("false",),
    Result.UNKNOWN: ("unknown",),
    Result.UNKNOWN_MATCH: ("unknown",),
    Result.UNKNOWN_DEFAULT: ("unknown",),
}


def render_rows(rows: Sequence[Row], *, style: Style = PLAIN, width: int | None = None) -> str:
    """A table of decisions; a last column says what was odd, if anything was."""
    notes = [_notes(row) for row in rows]
    columns = [
        Column(title="id", elastic=True),
        Column(title="task", elastic=True),
        Column(title="decision"),
        Column(title="rule", elastic=True),
        Column(title="tier"),
        Column(title="model", elastic=True),
        Column(title="est. cost", right=True),
    ]
    decimals = decimals_for(row.cost_usd for row in rows)
    cells = [[*_cells(row), dollars(row.cost_usd, decimals)] for row in rows]
    if any(notes):
        columns.append(Column(title="notes", elastic=True))
        cells = [[*row, note] for row, note in zip(cells, notes, strict=True)]
    return render_table(columns, cells, style=style, width=width)


def _cells(row: Row) -> list[str]:
    choice = row.choice
    rule = DEFAULT if choice.rule is None else choice.rule
    return [name or _NOTHING for name in (row.id, row.task, choice.effect, rule, choice.tier, choice.model)]


def _notes(row: Row) -> str:
    parts = [f"unknown: {', '.join(row.notes.unknown)}"] if row.notes.unknown else []
    parts += row.notes.errors
    parts += [f"{one.model} skipped: {one.reason}" for one in row.notes.skipped]
    return "; ".join(parts)


def render_card(decision: Decision, *, style: Style = PLAIN) -> str:
    """One decision, a line for each thing it says."""
    said = {name: text for name, text in _facts(decision) if text}
    label = max(map(len, said)) + 2
    return "\n".join(f"{style.paint(name.ljust(label), Ink.DIM)}{visible(text)}" for name, text in said.items())


def _facts(decision: Decision) -> Iterator[tuple[str, str]]:
    yield "decision", _effect(decision)
    yield "rule", DEFAULT if decision.rule is None else decision.rule
    if decision.plan.steps:
        model = decision.model or "none can serve this request"
        yield "model", model if decision.tier is None else f"{model} (tier {decision.tier})"
    yield from _steps(decision)
    for name, value in decision.modifiers.items():
        yield name, _brief(value)
    yield "tags", ", ".join(decision.tags)
    yield "estimate", _estimate(decision)
    yield "unknown", ", ".join(decision.unknown)
    yield "errors", "; ".join(decision.errors)
    yield "skipped", "; ".join(f"{one.model}: {one.reason}" for one in decision.skipped)


def _effect(decision: Decision) -> str:
    plan = decision.plan
    if plan.refusal is not None:
        return f"deny {plan.refusal.status}: {plan.refusal.message}"
    if plan.answer is not None:
        kind, value = next(iter(plan.answer.to_json().items()))
        return f"respond with {kind} {_brief(value)}"
    return f"cascade {plan.cascade}" if plan.cascade is not None else decision.effect


def _steps(decision: Decision) -> Iterator[tuple[str, str]]:
    steps = decision.plan.to_json().get("steps", ())
    for number, step in enumerate(steps, start=1):
        models = " → ".join(step["models"]) or _NOTHING
        if len(steps) > 1:
            yield f"step {number}", f"{models}, accepted if {step['accept']}" if "accept" in step else models
        elif len(step["models"]) > 1:
            yield "then", " → ".join(step["models"][1:])


def _estimate(decision: Decision) -> str:
    if decision.estimate is None or not decision.plan.steps:
        return ""
    cost, latency = decision.estimate.cost_usd, decision.estimate.latency_ms
    parts = ["cost unknown" if cost is None else dollars(cost)]
    parts += [] if latency is None else [f"{latency:,.0f} ms"]
    return ", ".join(parts) + (" for the first call" if len(decision.plan.steps) > 1 else "")


def _brief(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def render_trace(decision: Decision, *, style: Style = PLAIN) -> str:
    """A decision on one line, and below it every rule that was tried and why it ended as it did."""
    rules = decision.trace.rules if decision.trace is not None else ()
    wide = max((len(visible(rule.rule)) for rule in rules), default=0)
    lines = [style.paint(visible(_headline(decision)), Ink.BOLD)]
    lines += [_rule_line(rule, wide, style) for rule in rules]
    if decision.rule is None:
        lines.append(f"  {DEFAULT}")
    return "\n".join(lines)


def _headline(decision: Decision) -> str:
    rule = DEFAULT if decision.rule is None else decision.rule
    model = "" if decision.model is None else f" → {decision.model}"
    name = "" if decision.id is None else f"{decision.id}: "
    return f"{name}{decision.effect} by {rule}{model}"


def _rule_line(rule: RuleTrace, wide: int, style: Style) -> str:
    word, ink = _RESULTS[rule.result]
    tests = [_test(test) for test in rule.tests if test.truth in _TELLING[rule.result]]
    name = visible(rule.rule).ljust(wide)
    return f"  {name}  {style.paint(word.ljust(8), ink)}  {visible('; '.join(tests) or _otherwise(rule))}".rstrip()


def _otherwise(rule: RuleTrace) -> str:
    """What to say where no single test tells: all of them, or that there is none."""
    return "; ".join(f"{_test(test)} is {test.truth}" for test in rule.tests) or "no condition"


def _test(test: TestTrace) -> str:
    """A test and the value it saw, as in `message.chars <= 300 (it is 512)`."""
    text = clipped(test.text, _LONGEST_TEST)
    is_said = test.value is None or (test.truth == "true" and " == " in text)
    return text if is_said else f"{text} (it is {_brief(test.value)})"
