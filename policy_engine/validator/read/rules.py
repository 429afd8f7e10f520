"""Rules as their files write them, kept as the same objects while what is written does not change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, TypeAlias

from policy_engine.diagnostics import Address
from policy_engine.loader.overlay import Entry
from policy_engine.model.condition import AllOf, Condition
from policy_engine.model.policy import Example, Ignore, OnUnknown, Rule
from policy_engine.validator.read.conditions import condition_at, read_condition
from policy_engine.validator.read.effects import read_then


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRule:
    """A rule with what it was read from: its own data, and each `when` that its files put before it."""

    value: Any
    outer: tuple[Any, ...]
    rule: Rule


RuleTable: TypeAlias = Mapping[Address, KeptRule]
"""The rules of a bundle by where they stand."""


def read_rules(
    entries: Iterable[Entry], whens: Mapping[str, Any], *, previous: RuleTable = MappingProxyType({})
) -> RuleTable:
    """
    The rules of a bundle, in the order of their files and places.

    A rule that stands at the same place as in `previous` and is written the same is the same object again.

    Args:
        entries: the merged `rules`; the file in which a rule has its order is the one whose `when` applies to it, and
            so does that of the overlay it comes from.
        whens: the `when` of each file that has one, by path.
    """
    shared = {path: read_condition(written, Address(path, ("when",))) for path, written in whens.items()}
    return {entry.address: _kept(entry, whens, shared=shared, previous=previous) for entry in entries}


def _kept(
    entry: Entry, whens: Mapping[str, Any], *, shared: Mapping[str, Condition | None], previous: RuleTable
) -> KeptRule:
    home, path = entry.order[0], entry.address.path
    paths = (path,) if home == path else (home, path)
    outer = tuple(map(whens.get, paths))
    known = previous.get(entry.address) if previous else None
    if known is not None and _is_same(known.value, entry.value) and _is_same(known.outer, outer):
        return known
    condition = None
    for path in paths:
        condition = both(condition, shared.get(path), address=Address(path, ("when",)))
    return KeptRule(value=entry.value, outer=outer, rule=read_rule(entry.value, entry.address, outer=condition))


def read_rule(written: Mapping[str, Any], address: Address, *, outer: Condition | None = None) -> Rule:
    """One rule; `outer` is its file's own `when`, which must hold as well."""
    name, priority, enabled = written.get("name"), written.get("priority"), written.get("enabled")
    path, keys = address.path, (*address.keys, "when")
    when = condition_at(written["when"], path, keys) if "when" in written else None
    return Rule(
        name=name if isinstance(name, str) else f"rules[{address.keys[-1]}]",
        when=when if outer is None else both(outer, when, address=Address(path, keys)),
        then=read_then(written.get("then"), address.child("then")),
        address=address,
        priority=priority if isinstance(priority, int) else 0,
        on_unknown=_on_unknown(written.get("on_unknown")),
        enabled=enabled is not False,
        expires=_date(written.get("expires")),
        description=_text(written.get("description")),
        owner=_text(written.get("owner")),
        examples=tuple(_examples(written.get("examples"), address)) if "examples" in written else (),
        ignores=tuple(read_ignores(written["ignore"])) if "ignore" in written else (),
    )


def both(outer: Condition | None, inner: Condition | None, *, address: Address) -> Condition | None:
    """The conjunction of two conditions, either of which may be absent; `address` is where it stands."""
    if outer is None or inner is None:
        return inner if outer is None else outer
    children = (outer, *(inner.children if isinstance(inner, AllOf) else (inner,)))
    return AllOf(children=children, address=address)


def in_decision_order(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Rules that come by file path and position, sorted by priority, higher first."""
    return tuple(sorted(rules, key=lambda rule: -rule.priority))


def _is_same(before: object, now: object) -> bool:
    """Whether something is written as before; to Python, true is equal to 1."""
    return before is now or (before == now and repr(before) == repr(now))


def _on_unknown(written: object) -> OnUnknown | None:
    return OnUnknown(written) if isinstance(written, str) and written in _ON_UNKNOWN else None


_ON_UNKNOWN = frozenset(choice.value for choice in OnUnknown)


def _date(written: object) -> date | None:
    try:
        return date.fromisoformat(written) if isinstance(written, str) else None
    except ValueError:
        return None


def _examples(written: object, rule: Address) -> Iterable[Example]:
    for position, fields in enumerate(written if isinstance(written, list) else ()):
        if isinstance(fields, dict):
            request = {key: value for key, value in fields.items() if key != "expect"}
            address = rule.child("examples", position)
            yield Example(request=request, matches=fields.get("expect") != "no_match", address=address)


def read_ignores(written: object) -> Iterable[Ignore]:
    """The findings that a list says are not to be told."""
    for fields in written if isinstance(written, list) else ():
        if isinstance(fields, dict) and isinstance(fields.get("code"), str):
            yield Ignore(code=fields["code"], reason=_text(fields.get("reason")) or "", at=_text(fields.get("at")))


def _text(written: object) -> str | None:
    return written if isinstance(written, str) else None
