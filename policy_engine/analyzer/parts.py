"""The conditions that a bundle writes down, part by part, each with what has to hold around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from policy_engine.analyzer.formula import Formula
from policy_engine.analyzer.study import Study
from policy_engine.compiler.graph import Node
from policy_engine.compiler.rule import CompiledRule
from policy_engine.model.condition import AllOf, AnyOf, Condition, Negation, NoneOf
from policy_engine.model.policy import OnUnknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """
    A condition where somebody wrote it.

    `owner` says whose it is, in words (rule `x`, condition `y`); `rule` is the rule it stands in, if any; `answers`
    that it is a gate; `around` is what else has to hold where it matters.
    """

    condition: Condition
    owner: str
    rule: CompiledRule | None = None
    answers: bool = False
    around: tuple[Written, ...] = ()
    is_alternative: bool = False

    def node(self, study: Study) -> Node:
        """Its node of the graph."""
        return study.node(self.condition, None if self.rule is None else self.rule.name, answers=self.answers)

    def true(self, study: Study) -> Formula:
        """When it is true."""
        return study.truths(self.node(study)).true


def written_conditions(study: Study) -> Iterator[Written]:
    """Every condition as a whole: of rules, named ones, of scores' parts and of gates; a file's own `when` once."""
    seen: set[int] = set()
    for rule in study.rules:
        for condition in _own(rule, seen):
            yield Written(condition=condition, owner=f"rule `{rule.name}`", rule=rule)
    declarations = study.policy_set.declarations
    for one in declarations.conditions.values():
        if one.when is not None:
            yield Written(condition=one.when, owner=f"condition `{one.name}`")
    for score in declarations.scores.values():
        for part in score.parts:
            yield Written(condition=part.when, owner=f"score `{score.name}`")
    for cascade in declarations.cascades.values():
        for step in cascade.steps:
            if step.accept is not None:
                yield Written(condition=step.accept, owner=f"cascade `{cascade.name}`", answers=True)


def _own(rule: CompiledRule, seen: set[int]) -> Iterator[Condition]:
    when = rule.rule.when
    if when is None:
        return
    # A file's `when` is the same object in all of its rules.
    outer = [part for part in when.children if _is_outer(part)] if isinstance(when, AllOf) else []
    for part in outer:
        if id(part) not in seen:
            seen.add(id(part))
            yield part
    if isinstance(when, AllOf) and outer:
        inner = tuple(part for part in when.children if not _is_outer(part))
        if inner:
            yield inner[0] if len(inner) == 1 else replace(when, children=inner)
    elif not _is_outer(when) or id(when) not in seen:
        seen.add(id(when))
        yield when


def _is_outer(part: Condition) -> bool:
    """Whether a condition is a file's own `when`, or stands in it."""
    return part.address.keys[:1] == ("when",)


def parts_of(written: Written) -> Iterator[Written]:
    """The conditions directly inside one, each with what holds around it."""
    condition = written.condition
    if isinstance(condition, AllOf):
        children = [replace(written, condition=child, is_alternative=False) for child in condition.children]
        for child in children:
            beside = tuple(other for other in children if other is not child)
            yield replace(child, around=(*written.around, *beside))
    elif isinstance(condition, AnyOf):
        for one in condition.children:
            yield replace(written, condition=one, is_alternative=True)
    elif isinstance(condition, NoneOf):
        for one in condition.children:
            yield replace(written, condition=one, around=(), is_alternative=False)
    elif isinstance(condition, Negation):
        yield replace(written, condition=condition.child, around=(), is_alternative=False)


def context_of(written: Written) -> Written:
    """The same, with its file's own `when` around it where it stands in a rule that skips the unknown."""
    rule = written.rule
    if rule is None or rule.on_unknown is not OnUnknown.SKIP or not isinstance(rule.rule.when, AllOf):
        return written
    if _is_outer(written.condition):
        return written
    outer = [part for part in rule.rule.when.children if _is_outer(part)]
    return replace(written, around=tuple(replace(written, condition=part) for part in outer))
