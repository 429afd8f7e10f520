"""A bundle under analysis: its rules as formulas, who comes before whom, and questions about them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any

from policy_engine.analyzer.crowd import Crowd
from policy_engine.analyzer.domains import Cuts, Domains
from policy_engine.analyzer.encode import Encoder, Firing, Truths
from policy_engine.analyzer.formula import Formula, Literal, Some, some
from policy_engine.analyzer.oracle import Oracle
from policy_engine.analyzer.solver import Solver, State
from policy_engine.analyzer.witness import requests_of
from policy_engine.compiler.graph import Node, leaves
from policy_engine.compiler.normalise import node_of
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.compiler.rule import CompiledRule
from policy_engine.compiler.scope import Scope
from policy_engine.evaluator.only import ruled_out
from policy_engine.model.condition import Condition, Scalar
from policy_engine.model.plan import modifiers_json
from policy_engine.model.policy import OnUnknown, Policy
from policy_engine.model.request import Request
from policy_engine.model.vocabulary import fact_named

MOST_DROPPED = 24
"""How many rules are tried to be left out of those that take everything from another."""

WITNESSES = 60
"""Requests that are tried for one witness."""

Goal = Callable[[Mapping[str, Any]], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceData:
    """One policy file as plain data."""

    path: str
    data: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """
    What becomes of the rule of a number.

    `is_impossible`: it can never match. `covered_by`: the rules before it that take everything from it, if they do.
    """

    number: int
    is_impossible: bool = False
    covered_by: tuple[int, ...] = ()


@dataclass(kw_only=True)
class Study:
    """One bundle under analysis, and requests to try it on. What is worked out once is kept."""

    policy: Policy
    policy_set: PolicySet
    files: tuple[SourceData, ...] = ()
    samples: tuple[Request, ...] = ()
    solver: Solver = field(init=False)
    domains: Domains = field(init=False)
    oracle: Oracle = field(init=False)
    _nodes: dict[object, tuple[Condition, Node]] = field(default_factory=dict)
    _sparse: dict[int, State | None] = field(default_factory=dict)
    _never_true: dict[Node, bool] = field(default_factory=dict)
    _never_false: dict[Node, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        cuts = Cuts()
        for leaf in self._leaves():
            if leaf.atom is not None:
                cuts.add(leaf.atom)
        self.domains = Domains(layout=self.policy_set.layout, cuts=cuts)
        self.solver = Solver(self.domains.space)
        self.oracle = Oracle(self.policy_set)
        _ = self.firings  # what they note about variables is needed for every question

    @property
    def rules(self) -> tuple[CompiledRule, ...]:
        """The enabled rules in decision order."""
        return self.policy_set.rules

    @cached_property
    def encoder(self) -> Encoder:
        """Formulas of conditions as the first rule sees them."""
        return self._encoder(frozenset(), 0)

    @cached_property
    def firings(self) -> tuple[Firing, ...]:
        """When each rule fires, were it tried."""
        found, encoder = [], self.encoder
        tags: set[str] = set()
        for rule in self.rules:
            found.append(encoder.firing(rule))
            if rule.modifiers.only and rule.verdict is None:
                tags |= set(rule.modifiers.only)
                hidden = frozenset(ruled_out(self.policy_set.declarations, tags))
                if hidden != encoder.hidden:
                    encoder = self._encoder(hidden, encoder.version + 1)
        self.domains.relate_patterns()
        return tuple(found)

    def before(self, number: int) -> Sequence[int]:
        """The rules before one that can end the search for some task that it takes, in order."""
        tasks = _tasks_of(self.rules[number])
        if tasks is None:
            return [i for i in self._ending if i < number]
        cells = self._by_task
        return sorted({i for task in tasks for i in cells.get(task, self._anywhere) if i < number})

    def beside(self, formula: Formula, numbers: Sequence[int]) -> list[int]:
        """Those rules of some that can fire at all where a formula holds, as far as can be seen at once."""
        return [numbers[place] for place in self.solver.beside(formula, self.past(numbers)).open]

    def ending(self, task: Scalar) -> Sequence[int]:
        """The rules that can end the search for a task, in order."""
        return self._by_task.get(task, self._anywhere)

    def past(self, numbers: Iterable[int]) -> list[Formula]:
        """That the search goes past all these rules."""
        firings = self.firings
        return [firings[i].passes for i in numbers]

    def opposite(self, formula: Formula) -> Formula:
        """When a formula does not hold."""
        return self.encoder.opposite(formula)

    def ends_at(self, number: int) -> Formula:
        """That the search ends at a rule: it decides, or leaves it to `default`."""
        return self.opposite(self.firings[number].passes)

    def speaks_at(self, number: int) -> Formula:
        """That a rule has any effect: it matches, or ends the search for `default`."""
        firing = self.firings[number]
        return some([firing.matches, firing.stops], self.domains.space.full)

    def witness(self, formulas: Iterable[Formula], goal: Goal, *, seeds: Sequence[str] = ()) -> dict[str, Any] | None:
        """A request for which all formulas hold and the evaluator confirms the goal; None if none was found."""
        state = self.solver.find(formulas)
        if state is None:
            return None
        made = requests_of(state, self.domains, self.policy_set.declarations, seeds=seeds)
        return next((request for request in islice(made, WITNESSES) if goal(request)), None)

    def node(self, condition: Condition, rule: str | None = None, *, answers: bool = False) -> Node:
        """The node of a condition or of a part of one."""
        key = (id(condition), rule, answers)
        if key not in self._nodes:
            self._nodes[key] = (condition, self._made(condition, rule, answers=answers))
        return self._nodes[key][1]

    def _made(self, condition: Condition, rule: str | None, *, answers: bool) -> Node:
        scope = self._scope.in_rule(rule, _unheard) if rule is not None else self._scope
        return node_of(condition, scope.in_gate() if answers else scope)

    def never_true(self, node: Node) -> bool:
        """Whether it is proved that a condition never holds."""
        if node not in self._never_true:
            self._never_true[node] = self._is_impossible(self.truths(node).true)
        return self._never_true[node]

    def never_false(self, node: Node) -> bool:
        """Whether it is proved that a condition is never false."""
        if node not in self._never_false:
            self._never_false[node] = self._is_impossible(self.truths(node).false)
        return self._never_false[node]

    def _is_impossible(self, formula: Formula) -> bool:
        # One test alone, or one of several, needs no solver: its cells are not empty.
        parts = formula.parts if isinstance(formula, Some) and formula.parts else (formula,)
        return not any(type(part) is Literal for part in parts) and self.solver.is_impossible((formula,))

    def sparse(self, number: int) -> State | None:
        """Cells in which a rule matches, and as little else is said as possible; None where there are none."""
        if number not in self._sparse:
            self._sparse[number] = self.solver.find((self.firings[number].matches,))
        return self._sparse[number]

    def truths(self, node: Node) -> Truths:
        """When a condition is true and when it is false."""
        return self.encoder.truths(node)

    def seeds(self, *rules: CompiledRule) -> tuple[str, ...]:
        """Texts of the rules' own examples, which are likely to match."""
        inputs = (example.request.get("input") for rule in rules for example in rule.rule.examples if example.matches)
        return tuple(text for text in inputs if isinstance(text, str))

    @cached_property
    def fates(self) -> tuple[Fate, ...]:
        """What becomes of each rule, given those before it."""
        return tuple(map(self._fate, range(len(self.rules))))

    def _fate(self, number: int) -> Fate:
        if self._crowd.is_reached(number, self.sparse(number), self._ends):
            return Fate(number=number)
        matches, numbers = self.firings[number].matches, self.before(number)
        beside = self.solver.beside(matches, self.past(numbers))
        if beside.shut is not None and self.sparse(number) is not None:
            return Fate(number=number, covered_by=(numbers[beside.shut],))
        before = [numbers[place] for place in beside.open]
        if not self.solver.is_impossible((matches, *self.past(before))):
            return Fate(number=number)
        if self.solver.is_impossible((matches,)):
            return Fate(number=number, is_impossible=True)
        for one in before:
            if self.solver.is_impossible((matches, self.firings[one].passes)):
                return Fate(number=number, covered_by=(one,))
        return Fate(number=number, covered_by=self._cover(matches, before))

    def _cover(self, matches: Formula, before: Sequence[int]) -> tuple[int, ...]:
        """Few of the rules before one that are enough to take everything from it."""
        left = list(before)
        for one in before[:MOST_DROPPED]:
            without = [other for other in left if other != one]
            if self.solver.is_impossible((matches, *self.past(without))):
                left = without
        return tuple(left)

    @cached_property
    def outcomes(self) -> tuple[object, ...]:
        """What each rule does, as a value that is equal where rules do the same; only for terminal ones."""
        return tuple(_outcome(rule) for rule in self.rules)

    @cached_property
    def _crowd(self) -> Crowd:
        return Crowd(self.solver, self.firings)

    @cached_property
    def _scope(self) -> Scope:
        return Scope(
            declarations=self.policy_set.declarations,
            layout=self.policy_set.layout,
            interner=self.policy_set.interner,
            report=_unheard,
            compile=node_of,
        )

    @cached_property
    def _ending(self) -> list[int]:
        return [
            i for i, rule in enumerate(self.rules) if rule.verdict is not None or rule.on_unknown is OnUnknown.DEFAULT
        ]

    @cached_property
    def _ends(self) -> frozenset[int]:
        return frozenset(self._ending)

    @cached_property
    def _anywhere(self) -> list[int]:
        return [i for i in self._ending if _tasks_of(self.rules[i]) is None]

    @cached_property
    def _by_task(self) -> dict[Scalar, list[int]]:
        cells: dict[Scalar, list[int]] = {task: [] for task in self.policy_set.declarations.tasks}
        for i in self._ending:
            tasks = _tasks_of(self.rules[i])
            for task in cells if tasks is None else tasks:
                cells.setdefault(task, []).append(i)
        return cells

    def _encoder(self, hidden: frozenset[str], version: int) -> Encoder:
        declarations = self.policy_set.declarations
        return Encoder(
            domains=self.domains,
            hidden=hidden,
            version=version,
            facts=lambda name: fact_named(name, declarations),
        )

    def _leaves(self) -> Iterator[Node]:
        """Every test of the bundle, each once."""
        declarations = self.policy_set.declarations
        roots = [node for rule in self.policy_set.rules for node in (rule.node, rule.hit) if node is not None]
        roots += [self.node(one.when) for one in declarations.conditions.values() if one.when is not None]
        roots += [self.node(part.when) for score in declarations.scores.values() for part in score.parts]
        roots += [
            self.node(step.accept, answers=True)
            for cascade in declarations.cascades.values()
            for step in cascade.steps
            if step.accept is not None
        ]
        seen: set[Node] = set()
        for root in dict.fromkeys(roots):
            for leaf in leaves(root):
                if leaf not in seen:
                    seen.add(leaf)
                    yield leaf


def _tasks_of(rule: CompiledRule) -> frozenset[Scalar] | None:
    """The only tasks for which a rule can fire; what fires on the unknown can do so for any."""
    return rule.tasks if rule.on_unknown is OnUnknown.SKIP else None


def _outcome(rule: CompiledRule) -> object:
    modifiers = json.dumps(modifiers_json(rule.modifiers), sort_keys=True, default=str)
    return (None if rule.verdict is None else rule.verdict.plan, modifiers, rule.modifiers.tags)


def _unheard(_: object) -> None:
    """Takes findings that compiling has told already."""
