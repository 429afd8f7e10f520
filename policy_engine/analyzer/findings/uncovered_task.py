"""
uncovered-task: no rule is about a declared task, so that only `default` decides it.

Avoid:
    tasks: [translate, digest]
    rules:
      - {name: translate, when: {task: translate}, then: {route: fast}}
Prefer:
    tasks: [translate, digest]
    rules:
      - {name: translate, when: {task: translate}, then: {route: fast}}
      - {name: digest, when: {task: digest}, then: {route: workhorse}}
Why:
    A task that is declared and then forgotten costs what `default` costs. If that is meant, say so with a rule, or
    ignore this finding with a reason. Refusals and ready answers that hold for every task are not counted as deciding
    one. The witness is a request for the task that `default` decides.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial

from policy_engine.analyzer.formula import Formula, every, literal
from policy_engine.analyzer.study import Study
from policy_engine.analyzer.telling import finding
from policy_engine.compiler.atoms import Computed, InSet, Search
from policy_engine.compiler.graph import Node, Op, leaves
from policy_engine.compiler.pattern import searcher
from policy_engine.compiler.probes import facts_of
from policy_engine.compiler.rule import CompiledRule
from policy_engine.diagnostics import Address, Finding, Severity
from policy_engine.model.vocabulary import fact_named

CODE = "PE508"
NAME = "uncovered-task"
SEVERITY = Severity.INFO


def find(study: Study) -> Iterator[Finding]:
    """One finding for each task that nothing but `default` is about."""
    tasks = study.policy_set.declarations.tasks
    rules = [rule for rule in study.rules if rule.verdict is not None]
    covered = {task for rule in rules for node in rule.conditions for task in _named(node, tasks, wanted=True)}
    is_general = any(_routes(rule) and not _reads_task(rule) for rule in study.rules)
    for task in tasks:
        # Where some rules route whatever the task, a task is told only if all others have rules of their own.
        if task in covered or (is_general and len(covered) < max(2, len(tasks) - 1)):
            continue
        given = _is(study, task)
        rivals = study.beside(given, study.ending(task))
        witness = study.witness((given, *study.past(rivals)), partial(study.oracle.decides, None))
        if witness is not None:
            yield finding(
                sys.modules[__name__],
                f"no rule is about task `{task}`, so that only `default` decides it",
                _place(study, task),
                help="add a rule for it, or remove it from `tasks`",
                witness=witness,
            )


def _named(node: Node, tasks: tuple[str, ...], *, wanted: bool) -> Iterator[str]:
    """The tasks that a condition is about: it names them, or it names others as exceptions."""
    atom = node.atom
    if node.op is Op.NOT:
        yield from _named(node.children[0], tasks, wanted=not wanted)
    elif node.children:
        for child in node.children:
            yield from _named(child, tasks, wanted=wanted)
    elif isinstance(atom, InSet) and atom.fact.name == "task":
        yield from (task for task in tasks if (task in atom.values) is wanted)
    elif isinstance(atom, Search) and atom.fact.name == "task":
        found = searcher(atom.patterns)
        yield from (task for task in tasks if (found(task) is True) is wanted)
    elif isinstance(atom, Computed) and any(fact.name == "task" for fact in atom.reads):
        yield from tasks


def _is(study: Study, task: str) -> Formula:
    """That this is the task of a request."""
    fact = fact_named("task", study.policy_set.declarations)
    if fact is None:
        return every(())
    space, variable = study.domains.space, study.domains.of_fact(fact)
    place = list(dict.fromkeys(fact.choices or ())).index(task)
    return literal(variable, 1 << place, space.full)


def _reads_task(rule: CompiledRule) -> bool:
    tests = [leaf.atom for node in rule.conditions for leaf in leaves(node) if leaf.atom is not None]
    return any(fact.name == "task" for atom in tests for fact in facts_of(atom))


def _routes(rule: CompiledRule) -> bool:
    return rule.verdict is not None and rule.verdict.effect in ("route", "cascade")


def _place(study: Study, task: str) -> Address:
    for file in study.files:
        tasks = file.data.get("tasks") if isinstance(file.data, dict) else None
        if isinstance(tasks, list) and task in tasks:
            return Address(file.path, ("tasks", tasks.index(task)))
    return Address(study.files[0].path if study.files else "", ("tasks",))
