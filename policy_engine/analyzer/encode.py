"""Conditions and rules as formulas: when a condition is true, when it is false, when a rule matches or stops."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from policy_engine.analyzer.cells import Cell, Exactly, Mark, Positions, Segment
from policy_engine.analyzer.domains import Domains
from policy_engine.analyzer.formula import FALSE, TRUE, Formula, at_least, every, literal, negation, some
from policy_engine.analyzer.patterns import alternatives
from policy_engine.compiler.atoms import (
    Atom,
    Computed,
    During,
    Exists,
    HasAny,
    InSet,
    Interval,
    IsTrue,
    Judged,
    Known,
    Sampled,
    Scored,
    Search,
)
from policy_engine.compiler.graph import Node, Op
from policy_engine.compiler.pattern import searcher
from policy_engine.compiler.probes import judged_fact, sample_position
from policy_engine.compiler.rule import CompiledRule
from policy_engine.model.policy import OnUnknown
from policy_engine.model.vocabulary import Fact, Stage

MOST_BRANCHES = 200
"""Patterns of one search that are looked at one by one; a search with more is one opaque test."""


@dataclass(frozen=True, slots=True)
class Truths:
    """When something is surely true, and when it is surely false; else it is unknown."""

    true: Formula
    false: Formula


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """When a rule matches, when it ends the search for `default`, and when the search goes on after it."""

    matches: Formula
    stops: Formula
    passes: Formula


@dataclass(slots=True, kw_only=True)
class Encoder:
    """
    Makes formulas of nodes; a node is done once.

    `facts` finds a fact by its name; `hidden` are groups that `only` may have made unknown: their facts are other
    variables from there on.
    """

    domains: Domains
    facts: Callable[[str], Fact | None]
    hidden: frozenset[str] = frozenset()
    version: int = 0
    done: dict[Node, Truths] = field(default_factory=dict)

    def truths(self, node: Node | None) -> Truths:
        """When a condition is true and when it is false; no condition is true."""
        if node is None:
            return Truths(TRUE, FALSE)
        known = self.done.get(node)
        if known is None:
            known = self.done[node] = self._truths(node)
        return known

    def firing(self, rule: CompiledRule) -> Firing:
        """When a rule fires, by its condition, its cache and what it says about the unknown."""
        condition, hit = self.truths(rule.node), self.truths(rule.hit)
        holds = self.opposite(condition.false) if rule.on_unknown is OnUnknown.MATCH else condition.true
        matches = every((holds, hit.true))
        stops = self.unknown(condition) if rule.on_unknown is OnUnknown.DEFAULT else FALSE
        decides = FALSE if rule.verdict is None else matches
        return Firing(matches=matches, stops=stops, passes=every((self.opposite(decides), self.opposite(stops))))

    def unknown(self, truths: Truths) -> Formula:
        """When something is neither true nor false."""
        return every((self.opposite(truths.true), self.opposite(truths.false)))

    def opposite(self, formula: Formula) -> Formula:
        """When a formula does not hold."""
        return negation(formula, self.domains.space.full)

    def _truths(self, node: Node) -> Truths:
        full = self.domains.space.full
        if node.op is Op.LEAF:
            return self._leaf(node)
        parts = [self.truths(child) for child in node.children]
        if node.op is Op.NOT:
            return Truths(parts[0].false, parts[0].true)
        if node.op is Op.ALL:
            return Truths(every(part.true for part in parts), some([part.false for part in parts], full))
        return Truths(some([part.true for part in parts], full), every(part.false for part in parts))

    def _leaf(self, node: Node) -> Truths:
        atom = node.atom
        match atom:
            case Scored():
                return self._scored(atom, node.children)
            case InSet(fact=fact, values=values):
                return self._test(fact, lambda cell: _value(cell) in values)
            case Interval(fact=fact):
                return self._interval(fact, atom)
            case Judged():
                return self._interval(judged_fact(atom), atom)
            case IsTrue(fact=fact):
                return self._test(fact, lambda cell: cell is Mark.YES)
            case HasAny():
                return self._has_any(atom)
            case Exists():
                return self._exists(atom)
            case Known(fact=fact):
                return Truths(self._known(fact), FALSE)
            case Search():
                return self._search(atom)
            case During():
                return self._during(atom)
            case Sampled():
                return self._sampled(atom)
            case Computed(source="False"):
                return Truths(FALSE, TRUE)
        assert atom is not None
        return self._opaque(atom, node)

    def _variable(self, fact: Fact) -> int:
        return self.domains.of_fact(fact, self._version(fact))

    def _version(self, fact: Fact) -> int:
        return self.version if fact.group in self.hidden else 0

    def _known(self, fact: Fact) -> Formula:
        space = self.domains.space
        if fact.always:
            return TRUE
        variable = self.domains.of_known(fact, self._version(fact))
        return literal(variable, space.full[variable] & ~space.unknown[variable], space.full)

    def _test(self, fact: Fact, holds: Callable[[Cell], bool]) -> Truths:
        return self._masked(self._variable(fact), holds)

    def _masked(self, variable: int, holds: Callable[[Cell], bool]) -> Truths:
        space = self.domains.space
        known = space.full[variable] & ~space.unknown[variable]
        mask = sum(1 << i for i, cell in enumerate(space.cells[variable]) if known >> i & 1 and holds(cell))
        return Truths(literal(variable, mask, space.full), literal(variable, known & ~mask, space.full))

    def _interval(self, fact: Fact, atom: Interval | Judged) -> Truths:
        low, high = atom.low, atom.high

        def holds(cell: Cell) -> bool:
            if isinstance(cell, Exactly):
                value = cell.value
                assert isinstance(value, int | float)
                return (low is None or value >= low) and (high is None or value < high)
            assert isinstance(cell, Segment)
            return (low is None or (cell.low is not None and cell.low >= low)) and (
                high is None or (cell.high is not None and cell.high <= high)
            )

        return self._test(fact, holds)

    def _has_any(self, atom: HasAny) -> Truths:
        version = self._version(atom.fact)
        members = [
            self._masked(self.domains.of_member(atom.fact, value, version), lambda cell: cell is Mark.YES)
            for value in sorted(atom.values, key=str)
        ]
        return self._any_of(members)

    def _any_of(self, members: Iterable[Truths]) -> Truths:
        members = list(members)
        return Truths(some([one.true for one in members], self.domains.space.full), every(one.false for one in members))

    def _exists(self, atom: Exists) -> Truths:
        space = self.domains.space
        fact = self.facts(f"attributes.{atom.attribute}")
        if fact is None:
            return Truths(FALSE, TRUE)
        variable = self.domains.of_known(fact)
        absent = sum(1 << i for i, cell in enumerate(space.cells[variable]) if cell is Mark.ABSENT)
        present = space.full[variable] & ~absent
        return Truths(literal(variable, present, space.full), literal(variable, absent, space.full))

    def _search(self, atom: Search) -> Truths:
        fact = atom.fact
        if fact.choices is not None:
            search = searcher(atom.patterns)
            return self._test(fact, lambda cell: search(str(_value(cell))) is True)
        branches = list(dict.fromkeys(branch for pattern in atom.patterns for branch in alternatives(pattern)))
        if len(branches) > MOST_BRANCHES:
            return self._opaque(atom, None)
        return self._any_of(self._found(fact, branch) for branch in branches)

    def _found(self, fact: Fact, pattern: str) -> Truths:
        free = self._masked(self.domains.of_pattern(fact, pattern, self._version(fact)), lambda cell: cell is Mark.YES)
        if fact.name.endswith(".text"):
            return free
        return self._valued(fact, free, lambda value: searcher((pattern,))(str(value)) is True)

    def _valued(self, fact: Fact, free: Truths, holds: Callable[[object], bool]) -> Truths:
        """A test of a text that some cells name: there it is computed, elsewhere it is free."""
        space, variable = self.domains.space, self._variable(fact)
        named = self._masked(variable, lambda cell: _is_single(cell) and holds(_single(cell)))
        single = self._masked(variable, _is_single)
        refused = every((single.true, self._masked(variable, lambda cell: not holds(_single(cell))).true))
        return Truths(
            some((named.true, every((single.false, free.true))), space.full),
            some((refused, every((single.false, free.false))), space.full),
        )

    def _during(self, atom: During) -> Truths:
        space, variable = self.domains.space, self.domains.of_clock()
        if variable is None:
            variable = self.domains.of_opaque(atom, "clock")
            return Truths(literal(variable, 2, space.full), literal(variable, 5, space.full))
        mask = self.domains.window_mask(atom)
        return Truths(literal(variable, mask, space.full), literal(variable, space.full[variable] & ~mask, space.full))

    def _sampled(self, atom: Sampled) -> Truths:
        known = self._known(atom.by)
        if atom.ceiling >= 2**64 or atom.ceiling <= 0:
            return Truths(known, FALSE) if atom.ceiling > 0 else Truths(FALSE, known)
        free = self._masked(
            self.domains.of_position(atom, self._version(atom.by)),
            lambda cell: isinstance(cell, Positions) and cell.high <= atom.ceiling,
        )
        if atom.by.name.partition(".")[0] != "attributes" or atom.by.kind.value == "list":
            return Truths(every((known, free.true)), every((known, free.false)))
        return self._valued(atom.by, free, lambda value: sample_position(atom.salt, value) < atom.ceiling)

    def _scored(self, atom: Scored, parts: tuple[Node, ...]) -> Truths:
        """Least and most of a sum, as in `evaluator.possible`, both as sums that only grow."""
        inner = [self.truths(part) for part in parts]
        grows = [
            (abs(points), one.true if points > 0 else one.false) for points, one in zip(atom.points, inner, strict=True)
        ]
        shrinks = [
            (abs(points), one.false if points > 0 else one.true) for points, one in zip(atom.points, inner, strict=True)
        ]
        lowest = sum(points for points in atom.points if points < 0)
        highest = sum(points for points in atom.points if points > 0)
        reaches: Formula = TRUE
        misses: Formula = FALSE
        stays: Formula = TRUE
        passes: Formula = FALSE
        if atom.low is not None:
            reaches = at_least(atom.low - lowest, grows)
            misses = at_least(highest - atom.low + 1, shrinks)
        if atom.high is not None:
            stays = at_least(highest - atom.high + 1, shrinks)
            passes = at_least(atom.high - lowest, grows)
        return Truths(every((reaches, stays)), some((misses, passes), self.domains.space.full))

    def _opaque(self, atom: Atom, node: Node | None) -> Truths:
        reads = atom.reads if isinstance(atom, Computed) else (atom.fact,) if isinstance(atom, Search) else ()
        versions = tuple(self._version(fact) for fact in reads)
        variable = self.domains.of_opaque((atom, versions), atom.__class__.__name__ if node is None else node.text)
        known = [self._known(fact) for fact in reads if fact.stage is not Stage.ANSWER]
        free = self._masked(variable, lambda cell: cell is Mark.YES)
        return Truths(every((free.true, *known)), every((free.false, *known)))


def _value(cell: Cell) -> object:
    if isinstance(cell, Exactly):
        return cell.value
    return cell.single if isinstance(cell, Segment) else _NOTHING


_NOTHING = object()


def _is_single(cell: Cell) -> bool:
    if isinstance(cell, Exactly) or cell in (Mark.YES, Mark.NO):
        return True
    return isinstance(cell, Segment) and cell.single is not None


def _single(cell: Cell) -> object:
    return cell is Mark.YES if isinstance(cell, Mark) else _value(cell)
