"""Other engines on generated rules, each as its manual says; whichever is installed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from generated import NOBODY
from hand_written import Decide

_SYMBOLS = {"gt": ">", "lt": "<", "ge": ">=", "le": "<=", "eq": "=="}


def engines() -> dict[str, Callable[[list[dict[str, Any]]], Decide]]:
    """The engines that can be imported, by name, as functions from rules to a deciding function."""
    found: dict[str, Callable[[list[dict[str, Any]]], Decide]] = {}
    for name, module, load in (("cel (Rust)", "cel", _cel), ("zen (Rust)", "zen", _zen)):
        try:
            __import__(module)
        except ImportError:
            continue
        found[name] = load
    return found


def _cel(rules: list[dict[str, Any]]) -> Decide:
    """common-expression-language: a program per rule, tried in order in one context per request."""
    import cel

    programs = [(rule["id"], cel.compile(" && ".join(_cel_tests(rule))).execute) for rule in rules]

    def decide(request: dict[str, Any]) -> int:
        context = cel.Context(request)
        for id, execute in programs:
            if execute(context):
                return id
        return NOBODY

    return decide


def _cel_tests(rule: dict[str, Any]) -> Iterator[str]:
    yield f"task in {json.dumps(rule['task'])}"
    low, high = rule["chars"] or (None, None)
    if low is not None:
        yield f"chars >= {low}"
    if high is not None:
        yield f"chars < {high}"
    for name, value in (rule["meta"] or {}).items():
        yield f"{name} == {json.dumps(value)}"
    if rule["expr"]:
        yield _infix(rule["expr"], words={"and": "&&", "or": "||"}, quote=json.dumps)
    if rule["regex"]:
        yield f"text.matches({json.dumps(rule['regex'])})"


def _zen(rules: list[dict[str, Any]]) -> Decide:
    """zen-engine: a decision table, first hit, its expressions compiled ahead."""
    import zen

    columns = ("task", "chars", "tenant", "tier", "expr", "text")
    rows = [{"_id": str(rule["id"]), **_zen_cells(rule), "rule": str(rule["id"])} for rule in rules]
    rows.append({"_id": "default", **dict.fromkeys(columns, ""), "rule": str(NOBODY)})
    inputs = [{"id": name, "name": name, **({} if name == "expr" else {"field": name})} for name in columns]
    table = {
        "hitPolicy": "first",
        "inputs": inputs,
        "outputs": [{"id": "rule", "name": "rule", "field": "rule"}],
        "rules": rows,
    }
    nodes = [("in", "inputNode", None), ("table", "decisionTableNode", table), ("out", "outputNode", None)]
    graph = {
        "nodes": [
            {
                "id": id,
                "name": id,
                "type": kind,
                "position": {"x": 0, "y": 0},
                **({"content": content} if content else {}),
            }
            for id, kind, content in nodes
        ],
        "edges": [
            {"id": "first", "type": "edge", "sourceId": "in", "targetId": "table"},
            {"id": "second", "type": "edge", "sourceId": "table", "targetId": "out"},
        ],
    }
    decision = zen.ZenEngine().create_decision(zen.ZenDecisionContent(json.dumps(graph)))
    return lambda request: decision.evaluate(request)["result"]["rule"]


def _zen_cells(rule: dict[str, Any]) -> dict[str, str]:
    low, high = rule["chars"] or (None, None)
    meta = {name: _single_quoted(value) for name, value in (rule["meta"] or {}).items()}
    return {
        "task": _listed(rule["task"]),
        "chars": f"[{low or 0}..{high or 1 << 40})" if rule["chars"] else "",
        "tenant": meta.get("tenant", ""),
        "tier": meta.get("tier", ""),
        "expr": _infix(rule["expr"], words={}, quote=_single_quoted) if rule["expr"] else "",
        "text": f"matches($, {_single_quoted(rule['regex'])})" if rule["regex"] else "",
    }


def _infix(tree: tuple[Any, ...], *, words: dict[str, str], quote: Callable[[Any], str]) -> str:
    op, left, right = tree
    if op in ("and", "or"):
        sides = (_infix(side, words=words, quote=quote) for side in (left, right))
        return f"({f' {words.get(op, op)} '.join(sides)})"
    if op == "in":
        return f"{left} in [{', '.join(map(quote, right))}]"
    return f"{left} {_SYMBOLS[op]} {quote(right)}"


def _single_quoted(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value)


def _listed(values: Iterable[str]) -> str:
    return ", ".join(map(_single_quoted, values))
