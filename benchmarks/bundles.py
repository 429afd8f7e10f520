"""Generated rules as a policy folder, written as an operator would write them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from generated import PLANS, TASKS, TIERS

_SYMBOLS = {"gt": ">", "lt": "<", "ge": ">=", "le": "<=", "eq": "=="}
_FACTS = {"tokens": "message.tokens", "tenant": "attributes.tenant", "tier": "attributes.tier"}


def write_bundle(rules: list[dict[str, Any]], folder: Path, *, files: int = 1) -> None:
    """Writes the rules into so many files below `folder`, in their order, beside a file of declarations."""
    (folder / "rules").mkdir(parents=True, exist_ok=True)
    (folder / "declarations.yaml").write_text(_declarations(), encoding="utf-8")
    size = -(-len(rules) // files)
    for number in range(files):
        text = rules_text(rules[number * size : (number + 1) * size])
        rules_file(folder, number).write_text(text, encoding="utf-8")


def rules_file(folder: Path, number: int) -> Path:
    """Where the bundle keeps the rules of this number of file."""
    return folder / "rules" / f"{number:03d}.yaml"


def rules_text(rules: Iterable[dict[str, Any]]) -> str:
    """The text of one file of rules."""
    return "version: 1\n\nrules:\n" + "\n".join(map(rule_text, rules))


def rule_text(rule: dict[str, Any]) -> str:
    """One rule, as an item of `rules`; its name is `r` and its id."""
    conditions = "".join(f"      {line}\n" for line in _conditions(rule))
    return f"  - name: r{rule['id']}\n    when:\n{conditions}    then: {{route: {rule['tier']}}}\n"


def _conditions(rule: dict[str, Any]) -> Iterator[str]:
    tasks = rule["task"]
    yield f"task: {tasks[0] if len(tasks) == 1 else _flow(tasks)}"
    message = []
    if rule["chars"]:
        bounds = [f"{op}: {bound}" for op, bound in zip(("gte", "lt"), rule["chars"], strict=True) if bound is not None]
        message.append(f"chars: {{{', '.join(bounds)}}}")
    if rule["regex"]:
        message.append(f"matches: {_quoted(rule['regex'])}")
    if message:
        yield f"message: {{{', '.join(message)}}}"
    if rule["meta"]:
        yield f"attributes: {{{', '.join(f'{name}: {value}' for name, value in rule['meta'].items())}}}"
    if rule["expr"]:
        yield f"expr: {_quoted(_expression(rule['expr']))}"


def _expression(tree: tuple[Any, ...], *, inside: bool = False) -> str:
    op, left, right = tree
    if op in ("and", "or"):
        joined = f"{_expression(left, inside=True)} {op} {_expression(right, inside=True)}"
        return f"({joined})" if inside else joined
    if op == "in":
        return f"{_FACTS[left]} in ({', '.join(map(json.dumps, right))})"
    return f"{_FACTS[left]} {_SYMBOLS[op]} {json.dumps(right)}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _flow(names: Iterable[str]) -> str:
    return f"[{', '.join(names)}]"


def _declarations() -> str:
    # All tasks that callers send, not only those that some rule names: else the others would be unknown.
    models = "".join(
        f"  {tier}-1: {{provider: local, model: {tier}-1, price: {{input: 1, output: 2}}, context: 200k}}\n"
        for tier in TIERS
    )
    tiers = "".join(f"  - {{name: {tier}, models: [{tier}-1]}}\n" for tier in TIERS)
    return (
        "version: 1\n\n"
        f"tasks: {_flow(TASKS)}\n\n"
        "attributes:\n"
        "  tenant: {type: string}\n"
        f"  tier: {{type: string, enum: {_flow(PLANS)}}}\n\n"
        "providers:\n  local: {kind: openai, base_url: 'http://localhost:8000/v1'}\n\n"
        f"models:\n{models}\n"
        f"tiers:\n{tiers}\n"
        "default: {route: large}\n"
    )


def tidy_rules(number: int) -> str:
    """A bundle of so many rules, ten for each task, of which each decides something: what there is to prove is that."""
    tasks = [f"task_{place:03d}" for place in range(number // 10)]
    rules = [
        f"  - {{name: {task}-{name}, when: {{task: {task}{when}}}, then: {{route: {tier}}}}}"
        for task in tasks
        for name, when, tier in _TIDY
    ]
    return "\n".join((_declarations_with(tasks), "rules:", *rules, ""))


_TIDY = (
    ("phrase", ", message: {contains: [refund, chargeback]}", "nano"),
    ("pattern", ", message: {matches: '(?i)\\bord-\\d+\\b'}", "small"),
    ("long-enterprise", ", attributes: {tier: enterprise}, message: {tokens: {gt: 500}}", "frontier"),
    ("enterprise", ", attributes: {tier: enterprise}", "small"),
    ("tenant", ", attributes: {tenant: {glob: 'vip-*'}}, input: {tokens: {gt: 2k}}", "frontier"),
    ("tools", ", conversation: {tool_calls: {gt: 3}}", "small"),
    ("tiny", ", message: {chars: {lt: 50}}", "nano"),
    ("middling", ", message: {chars: {gte: 50, lt: 500}}, attributes: {tier: pro}", "large"),
    ("json", ", wants: {json: true}", "frontier"),
    ("rest", "", "small"),
)


def _declarations_with(tasks: list[str]) -> str:
    lines = _declarations().splitlines()
    return "\n".join(f"tasks: [{', '.join(tasks)}]" if line.startswith("tasks:") else line for line in lines)
