"""The evaluation graph as plain data to be drawn: tests, rules and outcomes, and how each test is run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from policy_engine.compiler.atoms import InSet, Scored
from policy_engine.compiler.graph import Node, Op, leaves
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.compiler.rule import CompiledRule
from policy_engine.compiler.unit import Unit
from policy_engine.model.plan import FastestTarget, Link, RequestedTarget, SplitTarget, Target, Verdict, modifiers_json
from policy_engine.model.vocabulary import Stage


class Role(StrEnum):
    """What a node of the drawing stands for."""

    TEST = "test"
    SCORE = "score"
    ALL = "all"
    ANY = "any"
    RULE = "rule"
    OUTCOME = "outcome"
    DEFAULT = "default"


class Way(StrEnum):
    """How a test is run, from what costs least to what costs most."""

    TASK = "task table"
    INDEX = "index"
    SCAN = "regex set"
    CODE = "test"
    SIGNAL = "signal"


class Tie(StrEnum):
    """What an edge says: a test is part of something, a rule is tried after another, a rule has an outcome."""

    PART = "part"
    NEXT = "next"
    THEN = "then"


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewNode:
    """One node; `ways` how it is run in the rules that have it, `uses` the number of places that share it."""

    id: str
    role: Role
    text: str
    ways: tuple[Way, ...] = ()
    uses: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewEdge:
    """An edge between ids; the label is `not`, the points of a score's part, or empty."""

    source: str
    target: str
    tie: Tie
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewCell:
    """
    The rules that one task leaves; `task` None is every other request.

    `indexed` are the facts that are looked up, `patterns` counts regexes that are searched together, `tested` the
    rules that have something left to test.
    """

    task: str | None
    rules: int
    indexed: tuple[str, ...]
    patterns: int
    tested: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewRule:
    """One rule in decision order: what it does, and its conditions with how each is run, in order of evaluation."""

    name: str
    outcome: str
    is_terminal: bool
    conditions: tuple[tuple[Way, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewSignal:
    """A signal, the stage in which it is asked for, and the rules that ask."""

    stage: Stage
    group: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphView:
    """The whole graph, and the order in which a decision is made."""

    revision: str
    nodes: tuple[ViewNode, ...]
    edges: tuple[ViewEdge, ...]
    cells: tuple[ViewCell, ...]
    rules: tuple[ViewRule, ...]
    signals: tuple[ViewSignal, ...]
    default: str


def graph_view(policy_set: PolicySet) -> GraphView:
    """The graph of a policy set; the same policies give the same view."""
    ways = _ways(policy_set)
    drawing = _Drawing(ways)
    for rule in policy_set.rules:
        drawing.draw_rule(rule)
    default = outcome_text(policy_set.default)
    drawing.draw_default(default)
    return GraphView(
        revision=policy_set.revision,
        nodes=drawing.nodes(),
        edges=tuple(drawing.edges),
        cells=tuple(_cells(policy_set)),
        rules=tuple(_rule(rule, ways) for rule in policy_set.rules),
        signals=tuple(_signals(policy_set)),
        default=default,
    )


def outcome_text(verdict: Verdict) -> str:
    """What a verdict does, in a few words: `route mini, haiku`, `cascade careful`, `deny 403`."""
    plan = verdict.plan
    if plan.refusal is not None:
        return f"deny {plan.refusal.status}"
    if plan.answer is not None:
        return f"respond {next(iter(plan.answer.to_json()), '')}".strip()
    models = " | ".join(", ".join(map(_link_text, step.chain)) or "no model" for step in plan.steps)
    return f"cascade {plan.cascade}: {models}" if plan.cascade is not None else f"route {models}"


def condition_text(node: Node) -> str:
    """A condition as one line."""
    if node.op is Op.NOT:
        return f"not {_inner(node.children[0])}"
    if node.op is Op.LEAF:
        return node.text
    return f" {'and' if node.op is Op.ALL else 'or'} ".join(map(_inner, node.children))


def _inner(node: Node) -> str:
    return f"({condition_text(node)})" if node.op in (Op.ALL, Op.ANY) else condition_text(node)


def _link_text(link: Link) -> str:
    match link:
        case Target(model=model):
            return model
        case RequestedTarget():
            return "as requested"
        case FastestTarget(candidates=candidates):
            return f"fastest of {', '.join(target.model for target in candidates)}"
        case SplitTarget(options=options):
            return f"split of {', '.join(option[0].model for option in options if option)}"


def _rule_outcome(rule: CompiledRule) -> str:
    if rule.verdict is not None:
        return outcome_text(rule.verdict)
    added = [*modifiers_json(rule.modifiers), *(["tags"] if rule.modifiers.tags else [])]
    return f"add {', '.join(added)}"


def _rule(rule: CompiledRule, ways: Mapping[tuple[CompiledRule, Node], set[Way]]) -> ViewRule:
    conditions = [(min(ways[rule, node], key=_RANK.index), condition_text(node)) for node in rule.conditions]
    return ViewRule(
        name=rule.name,
        outcome=_rule_outcome(rule),
        is_terminal=rule.verdict is not None,
        conditions=tuple(sorted(conditions, key=lambda condition: _RANK.index(condition[0]))),
    )


_RANK = list(Way)


def _ways(policy_set: PolicySet) -> dict[tuple[CompiledRule, Node], set[Way]]:
    """How each condition of each rule is run, in the cells in which the rule can match."""
    ways: dict[tuple[CompiledRule, Node], set[Way]] = {}
    general = {id(unit) for unit in policy_set.general}
    for unit in policy_set.units():
        for position, rule in enumerate(unit.rules):
            if id(unit) in general and rule.tasks:
                continue  # there the task is unknown, or none that the rule takes
            for node in rule.conditions:
                ways.setdefault((rule, node), set()).add(_way(node, unit, position))
    for rule in policy_set.rules:
        for node in rule.conditions:
            ways.setdefault((rule, node), {Way.CODE})
    return ways


def _way(node: Node, unit: Unit, position: int) -> Way:
    if node in unit.settled[position]:
        return Way.INDEX
    if isinstance(node.atom, InSet) and node.atom.fact.name == "task":
        return Way.TASK
    if unit.scanner is not None and unit.scanner.nodes.get(1 << position) is node:
        return Way.SCAN
    return Way.SIGNAL if any(_is_signal(leaf) for leaf in leaves(node)) else Way.CODE


def _is_signal(leaf: Node) -> bool:
    return any(stage > Stage.REQUEST for _, stage in leaf.groups)


def _cells(policy_set: PolicySet) -> Iterator[ViewCell]:
    for task, units in sorted(policy_set.cells.items(), key=lambda cell: str(cell[0])):
        yield _cell(str(task), units)
    yield _cell(None, policy_set.general)


def _cell(task: str | None, units: tuple[Unit, ...]) -> ViewCell:
    scanners = [unit.scanner for unit in units if unit.scanner is not None]
    return ViewCell(
        task=task,
        rules=sum(len(unit.rules) for unit in units),
        indexed=tuple(dict.fromkeys(fact.name for unit in units for fact in unit.indexed)),
        patterns=sum(len(scanner.patterns) for scanner in scanners),
        tested=sum(unit.tested.bit_count() for unit in units),
    )


def _signals(policy_set: PolicySet) -> Iterator[ViewSignal]:
    asking: dict[tuple[Stage, str], dict[str, None]] = {}
    for rule in policy_set.rules:
        for node in rule.conditions:
            for group, stage in (pair for leaf in leaves(node) for pair in leaf.groups):
                if stage > Stage.REQUEST:
                    asking.setdefault((stage, group), {})[rule.name] = None
    for (stage, group), rules in sorted(asking.items()):
        yield ViewSignal(stage=stage, group=group, rules=tuple(rules))


@dataclass(slots=True)
class _Drawing:
    """Collects nodes and edges; equal nodes of the graph, and equal outcomes, are drawn once."""

    ways: Mapping[tuple[CompiledRule, Node], set[Way]]
    edges: list[ViewEdge] = field(default_factory=list)
    _made: dict[str, tuple[Role, str]] = field(default_factory=dict)
    _ids: dict[Node | str, str] = field(default_factory=dict)
    _run: dict[str, set[Way]] = field(default_factory=dict)
    _count: dict[str, int] = field(default_factory=dict)
    _last_rule: str | None = None

    def nodes(self) -> tuple[ViewNode, ...]:
        """Every node drawn, in order of first appearance."""
        uses: dict[str, int] = {}
        for edge in self.edges:
            if edge.tie is Tie.PART:
                uses[edge.source] = uses.get(edge.source, 0) + 1
        return tuple(
            ViewNode(
                id=id,
                role=role,
                text=text,
                ways=tuple(sorted(self._run.get(id, ()), key=_RANK.index)),
                uses=uses.get(id, 1),
            )
            for id, (role, text) in self._made.items()
        )

    def draw_rule(self, rule: CompiledRule) -> None:
        """Draws a rule after the rules before it, with its tests and its outcome."""
        id = self._next_rule(Role.RULE, rule.name)
        for node in rule.conditions:
            self._draw_part(node, id, self.ways[rule, node])
        self._draw_outcome(id, _rule_outcome(rule))

    def draw_default(self, outcome: str) -> None:
        """Draws what decides where no rule does."""
        self._draw_outcome(self._next_rule(Role.DEFAULT, "default"), outcome)

    def _next_rule(self, role: Role, name: str) -> str:
        id = self._make("rule", role, name)
        if self._last_rule is not None:
            self.edges.append(ViewEdge(source=self._last_rule, target=id, tie=Tie.NEXT))
        self._last_rule = id
        return id

    def _draw_outcome(self, rule: str, text: str) -> None:
        if text not in self._ids:
            self._ids[text] = self._make("outcome", Role.OUTCOME, text)
        self.edges.append(ViewEdge(source=rule, target=self._ids[text], tie=Tie.THEN))

    def _draw_part(self, node: Node, whole: str, ways: set[Way], label: str = "") -> None:
        if node.op is Op.NOT:
            self._draw_part(node.children[0], whole, ways, f"{label} not".strip())
            return
        known = node in self._ids
        if not known:
            self._ids[node] = self._make("test" if node.op is Op.LEAF else "join", _role(node), node.text)
        id = self._ids[node]
        self.edges.append(ViewEdge(source=id, target=whole, tie=Tie.PART, label=label))
        self._run.setdefault(id, set()).update(ways if node.op is Op.LEAF else ())
        for child, name in _parts(node):
            if known:
                self._mark(child, ways)
            else:
                self._draw_part(child, id, ways, name)

    def _mark(self, node: Node, ways: set[Way]) -> None:
        """Notes on what is drawn already how it is run here."""
        for leaf in leaves(node):
            self._run.setdefault(self._ids[leaf], set()).update(ways)

    def _make(self, kind: str, role: Role, text: str) -> str:
        self._count[kind] = self._count.get(kind, 0) + 1
        id = f"{kind}{self._count[kind]}"
        self._made[id] = (role, text)
        return id


def _role(node: Node) -> Role:
    if isinstance(node.atom, Scored):
        return Role.SCORE
    return {Op.LEAF: Role.TEST, Op.ALL: Role.ALL, Op.ANY: Role.ANY}[node.op]


def _parts(node: Node) -> Iterator[tuple[Node, str]]:
    """The children of a node, with the points of each where it is a score."""
    if isinstance(node.atom, Scored):
        for points, child in zip(node.atom.points, node.children, strict=True):
            yield child, f"{points / node.atom.scale:+g}"
    else:
        yield from ((child, "") for child in node.children)
