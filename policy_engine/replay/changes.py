"""What differs between two versions of policies by themselves: rules by name, their order, and what is declared."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from policy_engine.compiler.graph import Node, Op
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.compiler.rule import CompiledRule
from policy_engine.compiler.view import condition_text, outcome_text
from policy_engine.model.plan import Verdict, modifiers_json
from policy_engine.replay.shapes import plain, shape_of_rule, shape_of_verdict


class Kind(StrEnum):
    """In which way a rule differs."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"
    RENAMED = "renamed"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    One difference of a rule.

    Attributes:
        rule: its name; None for `default`.
        details: what differs, a line each.
    """

    kind: Kind
    rule: str | None
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A declaration that differs: `model mini changed`; `section` as in a policy file."""

    section: str
    name: str
    kind: Kind


def changes_between(old: PolicySet, new: PolicySet) -> tuple[Change, ...]:
    """How the rules of two versions differ, in the order of the new one, what is gone last."""
    before, after = _by_name(old), _by_name(new)
    renamed = renamed_between(old, new)
    before = {renamed.get(name, name): rule for name, rule in before.items()}
    moved = moved_rules(list(before), list(after))
    found = []
    for name, rule in after.items():
        if name not in before:
            found.append(Change(kind=Kind.ADDED, rule=name, details=tuple(_described(rule))))
            continue
        details = tuple(_differences(before[name], rule))
        if details:
            found.append(Change(kind=Kind.CHANGED, rule=name, details=details))
        if name in moved:
            found.append(Change(kind=Kind.MOVED, rule=name, details=(_place(name, list(before), list(after)),)))
    found += [
        Change(kind=Kind.RENAMED, rule=name, details=(f"it was called `{was}`",)) for was, name in renamed.items()
    ]
    found += [
        Change(kind=Kind.REMOVED, rule=name, details=tuple(_described(rule)))
        for name, rule in before.items()
        if name not in after
    ]
    if shape_of_verdict(old.default) != shape_of_verdict(new.default) or modifiers_json(
        old.default.modifiers
    ) != modifiers_json(new.default.modifiers):
        found.append(Change(kind=Kind.DEFAULT, rule=None, details=(effect_change(old.default, new.default),)))
    return tuple(found)


def renamed_between(old: PolicySet, new: PolicySet) -> dict[str, str]:
    """Rules that are gone under one name and there under another, the same in all else: the new name by the old."""
    before, after = _by_name(old), _by_name(new)
    gone = [rule for name, rule in before.items() if name not in after]
    come = [rule for name, rule in after.items() if name not in before]
    found: dict[str, str] = {}
    for rule in gone:
        shape = shape_of_rule(rule)
        same = next((one for one in come if one.name not in found.values() and shape_of_rule(one) == shape), None)
        if same is not None:
            found[rule.name] = same.name
    return found


def moved_rules(old: Sequence[str], new: Sequence[str]) -> tuple[str, ...]:
    """The fewest rules that have to be moved to get from one order to the other."""
    places = {name: place for place, name in enumerate(old)}
    common = [name for name in new if name in places]
    kept = _longest_rise([places[name] for name in common])
    return tuple(name for name in common if places[name] not in kept)


def declared_between(old: PolicySet, new: PolicySet) -> tuple[Declared, ...]:
    """Which declarations differ, rules and conditions aside, whose differences show in rules."""
    found = []
    for field in fields(old.declarations):
        before, after = getattr(old.declarations, field.name), getattr(new.declarations, field.name)
        if field.name in ("fingerprint", "conditions"):
            continue
        if not isinstance(before, Mapping):
            before, after = {field.name: before}, {field.name: after}
        found += list(_entries(field.name, before, after))
    return tuple(found)


def condition_change(before: CompiledRule, after: CompiledRule) -> str:
    """Which tests of a rule are others now: `message.chars <= 300 → message.chars <= 500`; empty if none reads so."""
    old, new = list(_tests(before)), list(_tests(after))
    if set(old) == set(new):
        old, new = [[condition_text(node) for node in rule.conditions] for rule in (before, after)]
    gone, come = [text for text in old if text not in new], [text for text in new if text not in old]
    if not gone and not come:
        return "" if before.on_unknown is after.on_unknown else f"on_unknown: {before.on_unknown} → {after.on_unknown}"
    return f"{' and '.join(gone) or 'nothing'} → {' and '.join(come) or 'nothing'}"


def _tests(rule: CompiledRule) -> Iterator[str]:
    """The single tests of a rule, those in scores aside, which go by the score's name."""
    seen = {leaf.text: None for node in rule.conditions for leaf in _leaves(node)}
    yield from seen


def _leaves(node: Node) -> Iterator[Node]:
    if node.op is Op.LEAF:
        yield node
        return
    for child in node.children:
        yield from _leaves(child)


def effect_change(before: Verdict, after: Verdict) -> str:
    """What a verdict did and does: `route mini → route haiku`."""
    old, new = outcome_text(before), outcome_text(after)
    return f"{old} → {new}" if old != new else f"{old}, with other gates, limits or modifiers"


def _by_name(policy_set: PolicySet) -> dict[str, CompiledRule]:
    return {rule.name: rule for rule in policy_set.rules}


def _differences(before: CompiledRule, after: CompiledRule) -> Iterator[str]:
    (old_when, old_does, old_adds), (when, does, adds) = shape_of_rule(before), shape_of_rule(after)
    if old_when != when:
        yield f"when: {condition_change(before, after) or 'what its conditions refer to is another now'}"
    if old_does != does:
        if before.verdict is None or after.verdict is None:
            yield "then: it decides now" if before.verdict is None else "then: it decides no longer"
        else:
            yield f"then: {effect_change(before.verdict, after.verdict)}"
    if old_adds != adds:
        yield f"adds: {_added(before)} → {_added(after)}"


def _described(rule: CompiledRule) -> Iterator[str]:
    yield "when: " + (" and ".join(map(condition_text, rule.conditions)) or "always")
    yield f"then: {f'add {_added(rule)}' if rule.verdict is None else outcome_text(rule.verdict)}"


def _added(rule: CompiledRule) -> str:
    written = {**modifiers_json(rule.modifiers), **({"tags": list(rule.modifiers.tags)} if rule.modifiers.tags else {})}
    return ", ".join(f"{name} {value}" for name, value in written.items()) or "nothing"


def _longest_rise(numbers: Sequence[int]) -> frozenset[int]:
    """The members of a longest increasing subsequence of different numbers."""
    tails: list[int] = []
    before: dict[int, int | None] = {}
    for number in numbers:
        place = bisect_left(tails, number)
        before[number] = tails[place - 1] if place else None
        tails[place : place + 1] = [number]
    found, last = set(), tails[-1] if tails else None
    while last is not None:
        found.add(last)
        last = before[last]
    return frozenset(found)


def _place(name: str, old: Sequence[str], new: Sequence[str]) -> str:
    before, after = old.index(name), new.index(name)
    beside = f"after `{new[after - 1]}`" if after else "to the front"
    return f"from place {before + 1} to place {after + 1}, {beside}"


def _entries(section: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Declared]:
    for name in dict.fromkeys((*before, *after)):
        if name not in before:
            yield Declared(section=section, name=name, kind=Kind.ADDED)
        elif name not in after:
            yield Declared(section=section, name=name, kind=Kind.REMOVED)
        elif plain(before[name]) != plain(after[name]):
            yield Declared(section=section, name=name, kind=Kind.CHANGED)
