"""
Every change to a policy that is worth trying, one at a time.

A change that no test can observe is none of them: it could never be noticed. A test sees a decision and no answer, so
a gate counts by what the plan says of it (see `effects`), and a score that only gates read does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

from policy_engine.diagnostics import Address
from policy_engine.model.condition import Condition, Reference, Test, children_of
from policy_engine.model.effect import RunCascade, Then
from policy_engine.model.policy import Declarations, OnUnknown, Policy, Rule
from policy_engine.verify.mutate.conditions import Change, applied, changes_of
from policy_engine.verify.mutate.effects import changed_cascades, changed_effects
from policy_engine.verify.mutate.mutant import Mutant, Part
from policy_engine.verify.suite import DEFAULT


def mutants_of(policy: Policy) -> Iterator[Mutant]:
    """
    The policies that differ from this one in one thing.

    Changed are the conditions of rules, of files and under `conditions` and `scores`; effects, `default`, cascades;
    what rules do where they are unknown; and the order of rules.
    """
    for rule in policy.rules:
        if rule.enabled:
            yield from _of_rule(rule, policy)
    yield from _of_files(policy)
    yield from _of_conditions(policy)
    yield from _of_scores(policy)
    yield from _of_cascades(policy)
    yield from _of_default(policy)
    yield from _of_order(policy)


def _of_rule(rule: Rule, policy: Policy) -> Iterator[Mutant]:
    make = _Maker(policy, rule.name, (rule,))
    if rule.when is not None:
        for change in changes_of(rule.when, policy.declarations):
            if not _is_of_file(change.old):
                when = applied(change, rule.when)
                yield make.with_rules(change.part, change.text, change.old.address, {rule: replace(rule, when=when)})
    for text, address, then in changed_effects(rule.then, policy.declarations):
        yield make.with_rules(Part.EFFECT, text, address, {rule: replace(rule, then=then)})
    stated = rule.on_unknown or OnUnknown.SKIP
    can_be_unknown = rule.when is not None or rule.then.terminal is not None  # a split's key may be missing
    for other in OnUnknown if can_be_unknown else ():
        if other is not stated:
            changed = {rule: replace(rule, on_unknown=other)}
            yield make.with_rules(Part.UNKNOWN, f"`on_unknown: {other}` instead of `{stated}`", rule.address, changed)
    yield make.with_rules(Part.ORDER, "drop the rule", rule.address, {rule: replace(rule, enabled=False)})


def _of_files(policy: Policy) -> Iterator[Mutant]:
    """Changes to a file's own `when`, in all of its rules at once."""
    whens = {outer.address.path: outer for rule in policy.rules if (outer := _outer(rule.when)) is not None}
    for path, outer in whens.items():
        rules = tuple(rule for rule in policy.rules if rule.enabled and _outer(rule.when) == outer)
        make = _Maker(policy, path, rules)
        for change in changes_of(outer, policy.declarations):
            changed = {rule: _changed(rule, change) for rule in rules}
            yield make.with_rules(change.part, change.text, change.old.address, changed)


def _of_conditions(policy: Policy) -> Iterator[Mutant]:
    declared = policy.declarations.conditions
    for name, condition in declared.items():
        if condition.when is None:
            continue
        make = _Maker(policy, name, _readers(f"condition.{name}", policy), f"condition.{name}")
        for change in changes_of(condition.when, policy.declarations):
            when = applied(change, condition.when)
            if when is not None:
                conditions = {**declared, name: replace(condition, when=when)}
                declarations = replace(policy.declarations, conditions=conditions)
                yield make.with_declarations(change.part, change.text, change.old.address, declarations)


def _of_scores(policy: Policy) -> Iterator[Mutant]:
    declared = policy.declarations.scores
    for name, score in declared.items():
        readers = _readers(f"score.{name}", policy)
        if not readers:
            continue
        make = _Maker(policy, name, readers)
        for position, part in enumerate(score.parts):
            before, after = score.parts[:position], score.parts[position + 1 :]
            variants = [(Part.VALUE, f"drop {part.points:+g} points", part.address, (*before, *after))]
            for change in changes_of(part.when, policy.declarations):
                when = applied(change, part.when)
                if when is not None:
                    parts = (*before, replace(part, when=when), *after)
                    variants.append((change.part, change.text, change.old.address, parts))
            for kind, text, address, parts in variants:
                if parts:
                    scores = {**declared, name: replace(score, parts=parts)}
                    yield make.with_declarations(kind, text, address, replace(policy.declarations, scores=scores))


def _of_cascades(policy: Policy) -> Iterator[Mutant]:
    declared = policy.declarations.cascades
    for name, cascade in declared.items():
        make = _Maker(policy, name, _readers(f"cascade.{name}", policy), f"cascade.{name}")
        for part, text, address, changed in changed_cascades(cascade, policy.declarations):
            declarations = replace(policy.declarations, cascades={**declared, name: changed})
            yield make.with_declarations(part, text, address, declarations)


def _of_default(policy: Policy) -> Iterator[Mutant]:
    if policy.default is None:
        return
    for text, address, then in changed_effects(policy.default, policy.declarations):
        yield Mutant(
            part=Part.EFFECT,
            text=text,
            owner=DEFAULT,
            address=address,
            policy=replace(policy, default=then),
            rules=frozenset(),
            is_default=True,
        )


def _of_order(policy: Policy) -> Iterator[Mutant]:
    """Neighbouring rules that change places."""
    enabled = [rule for rule in policy.rules if rule.enabled]
    for first, second in pairwise(enabled):
        order = {first: second, second: first}
        yield Mutant(
            part=Part.ORDER,
            text=f"try `{second.name}` before `{first.name}`",
            owner=first.name,
            address=first.address,
            policy=replace(policy, rules=tuple(order.get(rule, rule) for rule in policy.rules)),
            rules=frozenset((first.address, second.address)),
        )


class _Maker:
    """Makes the mutants of one owner, whose changes reach some rules, and `default` if that reads its name."""

    def __init__(self, policy: Policy, owner: str, rules: Iterable[Rule], name: str = "") -> None:
        self._policy = policy
        self._owner = owner
        self._rules = tuple(rules)
        self._is_default = policy.default is not None and name in names_run(policy.default, policy.declarations)

    def with_rules(self, part: Part, text: str, address: Address, changed: dict[Rule, Rule]) -> Mutant:
        """The mutant in which some rules are others."""
        rules = tuple(changed.get(rule, rule) for rule in self._policy.rules)
        return self._mutant(part, text, address, replace(self._policy, rules=rules))

    def with_declarations(self, part: Part, text: str, address: Address, declarations: Declarations) -> Mutant:
        """The mutant with other declarations; the rules that read them are other objects."""
        anew = {rule: replace(rule) for rule in self._rules}
        rules = tuple(anew.get(rule, rule) for rule in self._policy.rules)
        return self._mutant(part, text, address, replace(self._policy, rules=rules, declarations=declarations))

    def _mutant(self, part: Part, text: str, address: Address, policy: Policy) -> Mutant:
        reached = frozenset(rule.address for rule in self._rules)
        return Mutant(
            part=part,
            text=text,
            owner=self._owner,
            address=address,
            policy=policy,
            rules=reached,
            is_default=self._is_default,
        )


def _is_of_file(condition: Condition) -> bool:
    """Whether a condition belongs to a file's own `when`."""
    return condition.address.keys[:1] == ("when",)


def _outer(when: Condition | None) -> Condition | None:
    """The file's own `when` in a rule's condition."""
    if when is None or _is_of_file(when):
        return when
    return next((child for child in children_of(when) if _is_of_file(child)), None)


def _changed(rule: Rule, change: Change) -> Rule:
    return rule if rule.when is None else replace(rule, when=applied(change, rule.when))


def _readers(name: str, policy: Policy) -> tuple[Rule, ...]:
    """The enabled rules that read a condition, score or cascade, be it through others."""
    return tuple(rule for rule in policy.rules if rule.enabled and name in names_read(rule, policy.declarations))


def names_read(rule: Rule, declarations: Declarations) -> frozenset[str]:
    """What a rule refers to, through others as well: `condition.NAME`, `score.NAME`, `cascade.NAME`."""
    found: set[str] = set()
    if rule.when is not None:
        _collect(rule.when, declarations, found)
    return frozenset(found) | names_run(rule.then, declarations)


def names_run(then: Then, declarations: Declarations) -> frozenset[str]:
    """What an effect refers to and shows: its cascade, and the conditions that the gates of that are made of."""
    if not isinstance(then.terminal, RunCascade):
        return frozenset()
    found: set[str] = set()
    cascade = declarations.cascades.get(then.terminal.name)
    for step in () if cascade is None else cascade.steps:
        if step.accept is not None:
            _collect_shown(step.accept, declarations, found)
    return frozenset((*found, f"cascade.{then.terminal.name}"))


def _collect_shown(condition: Condition, declarations: Declarations, found: set[str]) -> None:
    """The named conditions in a gate; they are written out in its text, and scores are not."""
    if isinstance(condition, Reference) and f"condition.{condition.name}" not in found:
        found.add(f"condition.{condition.name}")
        declared = declarations.conditions.get(condition.name)
        if declared is not None and declared.when is not None:
            _collect_shown(declared.when, declarations, found)
    for child in children_of(condition):
        _collect_shown(child, declarations, found)


def _collect(condition: Condition, declarations: Declarations, found: set[str]) -> None:
    if isinstance(condition, Reference):
        declared = declarations.conditions.get(condition.name)
        _enter(f"condition.{condition.name}", () if declared is None else (declared.when,), declarations, found)
    elif isinstance(condition, Test) and condition.fact.startswith("score."):
        score = declarations.scores.get(condition.fact.removeprefix("score."))
        _enter(condition.fact, () if score is None else [part.when for part in score.parts], declarations, found)
    for child in children_of(condition):
        _collect(child, declarations, found)


def _enter(name: str, inside: Iterable[Condition | None], declarations: Declarations, found: set[str]) -> None:
    if name not in found:
        found.add(name)
        for condition in inside:
            if condition is not None:
                _collect(condition, declarations, found)
