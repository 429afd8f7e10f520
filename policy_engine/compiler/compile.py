"""The compiler: a table of stages that turn a policy into a policy set, reusing what has not changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from policy_engine.compiler.atoms import IsTrue, Known
from policy_engine.compiler.effects import Effects, splits_of
from policy_engine.compiler.general import General
from policy_engine.compiler.graph import Interner, Node, conjuncts
from policy_engine.compiler.normalise import node_of
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.compiler.rule import CompiledRule, tasks_of
from policy_engine.compiler.scope import Scope
from policy_engine.compiler.unit import Unit, cut, unit_of
from policy_engine.diagnostics import Address, Finding
from policy_engine.model.condition import Scalar
from policy_engine.model.decision import Origin
from policy_engine.model.effect import Respond, Route, RunCascade, Terminal
from policy_engine.model.layout import layout_of
from policy_engine.model.plan import Card, Verdict
from policy_engine.model.policy import OnUnknown, Policy, Rule
from policy_engine.model.shadow import ShadowPlan
from policy_engine.model.vocabulary import REQUEST_ID


@dataclass(frozen=True, slots=True, kw_only=True)
class Compilation:
    """
    What compiling a policy gave.

    `policy_set` is None where there is no default to fall back on. `findings` are about expressions and regexes;
    with an error among them the policy set must not be used.
    """

    policy_set: PolicySet | None
    findings: tuple[Finding, ...]


@dataclass(slots=True, kw_only=True)
class _Work:
    """What the stages pass on; each fills in its own fields."""

    policy: Policy
    cards: Mapping[str, Card]
    previous: PolicySet | None
    findings: list[Finding] = field(default_factory=list)
    scope: Scope = field(init=False)
    effects: Effects = field(init=False)
    rules: tuple[CompiledRule, ...] = ()
    default: Verdict | None = None
    cells: dict[Scalar, tuple[Unit, ...]] = field(default_factory=dict)
    general: General = field(init=False)


def compile_bundle(policy: Policy, cards: Mapping[str, Card], previous: PolicySet | None = None) -> Compilation:
    """
    The policy set of a policy.

    Args:
        policy: validated; what validation complained about compiles to something that never holds.
        cards: the bundle's models by name, completed from the price list.
        previous: an earlier result; its rules and units are used again where they are the same.
    """
    if previous is not None and previous.declarations is not policy.declarations:
        previous = None
    work = _Work(policy=policy, cards=cards, previous=previous)
    for stage in STAGES:
        stage(work)
    findings = (*work.findings, *(finding for rule in work.rules for finding in rule.findings))
    if work.default is None:
        return Compilation(policy_set=None, findings=findings)
    policy_set = PolicySet(
        origin=Origin(revision=policy.revision),
        declarations=policy.declarations,
        layout=work.scope.layout,
        cards=cards,
        rules=work.rules,
        cells=work.cells,
        rest=work.general,
        default=work.default,
        interner=work.scope.interner,
        shadows=dict(_shadows(work)),
    )
    return Compilation(policy_set=policy_set, findings=findings)


def compile_variant(policy: Policy, base: PolicySet) -> PolicySet:
    """
    The policy set of a policy that is `base` with a change, made in a fraction of the time; it decides the same way.

    Rules that are the same objects are taken over, so a rule that reads what was changed has to be another object. All
    requests are decided by one set of units, without an index of tasks. Findings are not told.

    Args:
        policy: its declarations may differ from those of `base` in conditions, scores and cascades only.
        base: a policy set from `compile_bundle`.
    """
    work = _Work(policy=policy, cards=base.cards, previous=base)
    _open_scope(work)
    _compile_rules(work)
    assert work.default is not None  # as `base` has one
    return replace(
        base,
        declarations=policy.declarations,
        rules=work.rules,
        cells={},
        rest=General(work.rules, _units(work.rules, _Known(base), any_task=True)),
        default=work.default,
        merged={},
    )


def _open_scope(work: _Work) -> None:
    """Fix the layout of facts and open the graph, the previous one if the declarations are the same."""
    declarations = work.policy.declarations
    work.scope = Scope(
        declarations=declarations,
        layout=layout_of(declarations) if work.previous is None else work.previous.layout,
        interner=Interner() if work.previous is None else work.previous.interner,
        report=work.findings.append,
        compile=node_of,
    )
    work.effects = Effects(scope=work.scope, cards=work.cards)


def _resolve_declared(work: _Work) -> None:
    """Type and normalise what is declared, used or not, so that its mistakes are found."""
    declarations = work.policy.declarations
    for condition in declarations.conditions.values():
        if condition.when is not None:
            node_of(condition.when, work.scope.within(f"condition.{condition.name}"))
    for score in declarations.scores.values():
        for part in score.parts:
            node_of(part.when, work.scope.within(f"score.{score.name}"))
    for cascade in declarations.cascades.values():
        for step in cascade.steps:
            if step.accept is not None:
                node_of(step.accept, work.scope.in_gate())


def _compile_rules(work: _Work) -> None:
    """Normalise each rule to shared nodes, and fix what it decides; rules that did not change are taken over."""
    known = {} if work.previous is None else {compiled.rule: compiled for compiled in work.previous.rules}
    enabled = [rule for rule in work.policy.rules if rule.enabled]
    work.rules = tuple(known.get(rule) or _compile_rule(rule, work) for rule in enabled)
    for rule in work.policy.rules:
        if not rule.enabled:
            work.findings.extend(_compile_rule(rule, work).findings)
    if work.policy.default is not None:
        work.default = work.effects.verdict(work.policy.default, None)


def _index_tasks(work: _Work) -> None:
    """Give each task the rules that can match it, cut into units; other requests have all rules, once one comes."""
    known = _Known(work.previous)
    for task, rules in _by_task(work.rules, work.policy.declarations.tasks).items():
        work.cells[task] = _units(rules, known, any_task=False)
    work.general = _general(work, known)
    for units in work.cells.values():
        for unit in units:
            if unit.scanner is not None:
                unit.scanner.prepare()


def _forget_nodes(work: _Work) -> None:
    """Drop from the graph what only earlier rules had, so that it does not grow with every edit."""
    if work.previous is not None:
        work.scope.interner.keep(node for rule in work.rules for node in (rule.node, rule.hit) if node is not None)


STAGES: tuple[Callable[[_Work], None], ...] = (
    _open_scope,
    _resolve_declared,
    _compile_rules,
    _index_tasks,
    _forget_nodes,
)
"""The stages, in order: each is explained by its docstring."""


def _shadows(work: _Work) -> Iterator[tuple[Address, ShadowPlan]]:
    """The models of each `shadow`, by where it stands."""
    modifiers = [(rule.name, rule.modifiers) for rule in work.rules]
    if work.default is not None:
        modifiers.append(("default", work.default.modifiers))
    for name, one in modifiers:
        if one.shadow is not None:
            chain = work.effects.chain(one.shadow.route, f"{name}/shadow")
            yield one.shadow.address, ShadowPlan(rule=name, chain=chain)


def _compile_rule(rule: Rule, work: _Work) -> CompiledRule:
    findings: list[Finding] = []
    scope = work.scope.in_rule(rule.name, findings.append)
    conditions = [] if rule.when is None else [node_of(rule.when, scope)]
    conditions += _split_keys(rule, scope)
    node = scope.interner.all_of(conditions) if conditions else None
    hit = _cache_hit(rule, scope)
    reads = (0 if node is None else node.reads) | (0 if hit is None else hit.reads)
    return CompiledRule(
        rule=rule,
        node=node,
        hit=hit,
        verdict=work.effects.verdict(rule.then, rule.name, node),
        modifiers=rule.then.modifiers,
        on_unknown=rule.on_unknown or OnUnknown.SKIP,
        tasks=tasks_of(node),
        reads=reads,
        conditions=(*conjuncts(node), *(() if hit is None else (hit,))),
        findings=tuple(findings),
    )


def _split_keys(rule: Rule, scope: Scope) -> Iterable[Node]:
    """A sticky choice cannot be made without its key, so the rule is unknown where the key is."""
    splits = [split for route in _routes_of(rule.then.terminal, scope) for split in splits_of(route)]
    facts = [REQUEST_ID if one.by is None else scope.fact(one.by) for one in splits]
    return [scope.leaf(Known(fact), f"{fact.name} is known") for fact in facts if fact is not None]


def _routes_of(terminal: Terminal | None, scope: Scope) -> Iterable[Route]:
    if isinstance(terminal, Route):
        return (terminal,)
    cascade = scope.declarations.cascades.get(terminal.name) if isinstance(terminal, RunCascade) else None
    return () if cascade is None else [step.route for step in cascade.steps]


def _cache_hit(rule: Rule, scope: Scope) -> Node | None:
    terminal = rule.then.terminal
    if not isinstance(terminal, Respond) or terminal.cache is None:
        return None
    fact = scope.fact(f"cache.{terminal.cache}.hit")
    return scope.never() if fact is None else scope.leaf(IsTrue(fact), fact.name)


def _general(work: _Work, known: _Known) -> General:
    """The units for requests without a task: at once where they were needed before or where there are no tasks."""
    before = None if work.previous is None else work.previous.rest
    if before is not None and before.rules == work.rules:
        return before
    is_needed = not work.cells or (before is not None and before.made)
    return General(work.rules, _units(work.rules, known, any_task=True) if is_needed else None)


def _by_task(rules: Iterable[CompiledRule], tasks: Iterable[str]) -> dict[Scalar, list[CompiledRule]]:
    cells: dict[Scalar, list[CompiledRule]] = {task: [] for task in tasks}
    for rule in rules:
        for task in cells if rule.tasks is None else rule.tasks:
            if task in cells:
                cells[task].append(rule)
    return cells


class _Known:
    """Units of an earlier policy set, found by their rules, or by what their rules test."""

    def __init__(self, previous: PolicySet | None) -> None:
        cells = () if previous is None else previous.cells.values()
        general = () if previous is None else previous.rest.made
        self._units = [*((False, unit) for units in cells for unit in units), *((True, unit) for unit in general)]
        self._by_rules = {(any_task, unit.rules): unit for any_task, unit in self._units}
        self._by_tests: dict[tuple[bool, tuple[tuple[Node, ...], ...]], Unit] | None = None

    def unit(self, rules: tuple[CompiledRule, ...], *, any_task: bool) -> Unit | None:
        """
        A unit for these rules, or None if it has to be made.

        Where rules stand makes no difference to their unit, so that an inserted line changes one.
        """
        same = self._by_rules.get((any_task, rules))
        if same is not None or not self._units:
            return same
        if self._by_tests is None:
            self._by_tests = {(any_task, _tests(unit.rules)): unit for any_task, unit in self._units}
        alike = self._by_tests.get((any_task, _tests(rules)))
        return None if alike is None else replace(alike, rules=rules)


def _tests(rules: Iterable[CompiledRule]) -> tuple[tuple[Node, ...], ...]:
    return tuple(rule.conditions for rule in rules)


def _units(rules: Iterable[CompiledRule], known: _Known, *, any_task: bool) -> tuple[Unit, ...]:
    pieces = cut(list(rules))
    return tuple(known.unit(piece, any_task=any_task) or unit_of(piece, any_task=any_task) for piece in pieces)
