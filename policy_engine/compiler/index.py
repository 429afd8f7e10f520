"""The index of a unit: for each fact that many rules test, a table from its value to the rules it leaves alive."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from policy_engine.compiler.atoms import InSet, Interval, IsTrue
from policy_engine.compiler.graph import Node, Op
from policy_engine.compiler.rule import CompiledRule
from policy_engine.compiler.source import define_function, fact_source
from policy_engine.model.facts import Facts
from policy_engine.model.vocabulary import Fact

Narrow = Callable[[Facts], int]
"""Gives the bits of the rules that are not surely false; bit i is the i-th rule of the unit."""

FEW = 8
"""Up to so many rules need no index: one program tests them one after the other (`program.first_of`)."""

FEWEST_USES = 3
"""A fact is indexed in a unit if at least so many conditions test it; below, running them is cheaper."""


def index_of(rules: Sequence[CompiledRule]) -> tuple[Narrow, tuple[frozenset[Node], ...], tuple[Fact, ...]]:
    """
    The index of some rules.

    Returns:
        the narrowing function, for each rule the conditions that it settles, and the indexed facts.
    """
    uses: dict[Fact, list[tuple[int, Node]]] = {}
    for position, rule in enumerate(rules):
        for node in rule.conditions:
            if node.indexed is not None:
                uses.setdefault(node.indexed, []).append((position, node))
    fewest = FEWEST_USES if len(rules) > FEW else math.inf
    chosen = {fact: tests for fact, tests in uses.items() if len(tests) >= fewest}
    settled: dict[int, set[Node]] = {}
    for tests in chosen.values():
        for position, node in tests:
            settled.setdefault(position, set()).add(node)
    everything = (1 << len(rules)) - 1
    of_rules = tuple([frozenset(settled.get(position, ())) for position in range(len(rules))])
    return _narrow(chosen, everything), of_rules, tuple(chosen)


def _narrow(chosen: Mapping[Fact, list[tuple[int, Node]]], everything: int) -> Narrow:
    bound: dict[str, Any] = {"bisect": bisect_right}
    lines = []
    for number, (fact, tests) in enumerate(chosen.items()):
        ranges = [(position, node.atom) for position, node in tests if isinstance(node.atom, Interval)]
        values = [(position, node) for position, node in tests if not isinstance(node.atom, Interval)]
        if ranges:
            bound[f"b{number}"], bound[f"r{number}"] = _segments(ranges, everything)
            lines += _range_lines(fact, number)
        if values:
            bound[f"t{number}"], bound[f"e{number}"] = _table(values, everything)
            lines.append(f"m &= t{number}.get({_value_source(fact)}, e{number})")
    bound["everything"] = everything
    return define_function(["m = everything", *lines, "return m"], bound)


def _range_lines(fact: Fact, number: int) -> list[str]:
    section, _, rest = fact.name.partition(".")
    look = f"m &= r{number}[bisect(b{number}, {{}})]"
    if section == "attributes":
        return [f"v = f.attributes.get({rest!r})", f"if v is not None: {look.format('v')}"]
    given = "f.message is not None" if section == "message" else "not f.missing & f.layout.bits['input']"
    return [f"if {given}: {look.format(fact_source(fact))}"]


def _value_source(fact: Fact) -> str:
    section, _, rest = fact.name.partition(".")
    return f"f.attributes.get({rest!r})" if section == "attributes" else f"f.{section}_{rest}"


def _segments(tests: Iterable[tuple[int, Interval]], everything: int) -> tuple[list[float], list[int]]:
    """Sorted boundaries, and for each segment between them the rules that hold there or do not ask."""
    tests = list(tests)
    bounds = sorted({bound for _, atom in tests for bound in (atom.low, atom.high) if bound is not None})
    changes: dict[float | None, list[tuple[int, int]]] = {}
    for position, atom in tests:
        if atom.low is not None:
            changes.setdefault(None, []).append((position, 1))
            changes.setdefault(atom.low, []).append((position, -1))
        if atom.high is not None:
            changes.setdefault(atom.high, []).append((position, 1))
    failing = dict.fromkeys((position for position, _ in tests), 0)
    mask, masks = everything, []
    for bound in (None, *bounds):
        for position, change in changes.get(bound, ()):
            failing[position] += change
            bit = 1 << position
            mask = mask & ~bit if failing[position] else mask | bit
        masks.append(mask)
    return bounds, masks


def _table(tests: Iterable[tuple[int, Node]], everything: int) -> tuple[dict[Any, int], int]:
    """
    For each value that is tested, the rules that hold there or do not ask, and the same for every other value.

    None stands for a missing value, which rules out nothing.
    """
    allowed: dict[int, frozenset[Any]] = {}
    refused: dict[int, frozenset[Any]] = {}
    for position, node in tests:
        values = _values(node)
        if node.op is Op.NOT:
            refused[position] = refused.get(position, frozenset()) | values
        else:
            allowed[position] = allowed[position] & values if position in allowed else values
    otherwise = everything
    for position in allowed:
        otherwise &= ~(1 << position)
    table: dict[Any, int] = dict.fromkeys(
        (v for values in (*allowed.values(), *refused.values()) for v in values), otherwise
    )
    for position, values in allowed.items():
        for value in values - refused.get(position, frozenset()):
            table[value] |= 1 << position
    for position, values in refused.items():
        for value in values:
            table[value] &= ~(1 << position)
    table[None] = everything
    return table, otherwise


def _values(node: Node) -> frozenset[Any]:
    atom = node.children[0].atom if node.op is Op.NOT else node.atom
    if isinstance(atom, IsTrue):
        return frozenset((True,))
    assert isinstance(atom, InSet)
    return atom.values
