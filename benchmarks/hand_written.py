"""What an engineer would write by hand instead of using an engine: compiled tests in a loop."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from generated import NOBODY

Decide = Callable[[dict[str, Any]], int]

_SYMBOLS = {"gt": ">", "lt": "<", "ge": ">=", "le": "<=", "eq": "=="}


def naive_loop(rules: list[dict[str, Any]]) -> Decide:
    """Every rule in order, cheap tests first, regexes and expressions compiled."""
    prepared = [(rule["id"], frozenset(rule["task"]), *_tests(rule)) for rule in rules]

    def decide(request: dict[str, Any]) -> int:
        task, chars, text = request["task"], request["chars"], request["text"]
        for id, tasks, low, high, meta, expression, search in prepared:
            if (
                task in tasks
                and low <= chars < high
                and (not meta or all(request[name] == value for name, value in meta))
                and (expression is None or expression(request))
                and (search is None or search(text))
            ):
                return id
        return NOBODY

    return decide


def indexed_loop(rules: list[dict[str, Any]]) -> Decide:
    """The same with the rules of each task in a list of their own."""
    by_task: dict[str, list[Any]] = {}
    for rule in rules:
        tests = (rule["id"], *_tests(rule))
        for task in rule["task"]:
            by_task.setdefault(task, []).append(tests)

    def decide(request: dict[str, Any]) -> int:
        chars, text = request["chars"], request["text"]
        for id, low, high, meta, expression, search in by_task.get(request["task"], ()):
            if low <= chars < high:
                for name, value in meta:
                    if request[name] != value:
                        break
                else:
                    if (expression is None or expression(request)) and (search is None or search(text)):
                        return id
        return NOBODY

    return decide


def _tests(rule: dict[str, Any]) -> tuple[Any, ...]:
    low, high = rule["chars"] or (None, None)
    return (
        low or 0,
        high or 1 << 60,
        tuple((rule["meta"] or {}).items()),
        eval(f"lambda request: {_source(rule['expr'])}") if rule["expr"] else None,
        re.compile(rule["regex"]).search if rule["regex"] else None,
    )


def _source(tree: tuple[Any, ...]) -> str:
    op, left, right = tree
    if op in ("and", "or"):
        return f"({_source(left)} {op} {_source(right)})"
    if op == "in":
        return f"request[{left!r}] in {tuple(right)!r}"
    return f"request[{left!r}] {_SYMBOLS[op]} {right!r}"
