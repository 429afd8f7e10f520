"""A whole bundle read into a `Policy`, with what only shows when its files are put together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policy_engine.diagnostics import Address, Part
from policy_engine.loader.overlay import SINGLES, Entry, Merged, merge
from policy_engine.model.policy import ENTRY_WORDS, Declarations, Policy
from policy_engine.validator.read.declarations import fingerprint_of, read_declarations
from policy_engine.validator.read.effects import read_then
from policy_engine.validator.read.rules import RuleTable, in_decision_order, read_ignores, read_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadableFile:
    """One file of a bundle, its data reduced to what can be read."""

    path: str
    data: Mapping[str, Any]
    overlay: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """An entry whose name was given before; `word` and `first_word` say what the two are."""

    name: str
    word: str
    address: Address
    part: Part
    first_word: str
    first: Address
    first_part: Part


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reading:
    """
    A policy, and what was noticed while its files were put together.

    `sections` says where each top-level key stands first; `defaults` where each `default` stands; `paths` are the
    files in order.
    """

    policy: Policy
    table: RuleTable
    sections: Mapping[str, Address]
    duplicates: tuple[Duplicate, ...]
    defaults: tuple[Address, ...]
    paths: tuple[str, ...]


def read_policy(
    files: Iterable[ReadableFile],
    *,
    revision: str,
    env: str | None = None,
    assets: Mapping[str, bytes],
    previous: Reading | None = None,
) -> Reading:
    """
    The policy that a bundle's files make.

    Rules, and the declarations as a whole, are the same objects as in `previous` where they are written the same.

    Args:
        files: all files that could be read, in any order.
        revision: the bundle's revision.
        env: the environment whose overlay is in force.
        assets: contents of the files that entries refer to, by path relative to the bundle's folder.
    """
    ordered = sorted(files, key=lambda file: file.path)
    merged = merge(ordered)
    whens = {file.path: file.data["when"] for file in ordered if "when" in file.data}
    table = read_rules(merged["rules"], whens, previous={} if previous is None else previous.table)
    defaults = merged["default"]
    policy = Policy(
        declarations=_declarations(merged, env=env, assets=assets, previous=previous),
        rules=in_decision_order(kept.rule for kept in table.values()),
        default=read_then(defaults[0].value, defaults[0].address) if defaults else None,
        revision=revision,
        ignores=tuple(read_ignores([entry.value for entry in merged["ignore"]])),
    )
    return Reading(
        policy=policy,
        table=table,
        sections={section: Address(found[0].order[0], (section,)) for section, found in merged.sections.items()},
        duplicates=tuple(_duplicates(merged)),
        defaults=tuple(entry.address for entry in defaults),
        paths=tuple(file.path for file in ordered),
    )


def _declarations(
    merged: Merged, *, env: str | None, assets: Mapping[str, bytes], previous: Reading | None
) -> Declarations:
    if previous is not None:
        known = previous.policy.declarations
        if known.fingerprint == fingerprint_of(merged, env=env, assets=assets):
            return known
    return read_declarations(merged, env=env, assets=assets)


_WORDS = {**ENTRY_WORDS, "rules": "rule", "tasks": "task", "analysis": "severity"}
_SHARED_NAMESPACE = ("models", "tiers")


def _duplicates(merged: Merged) -> Iterator[Duplicate]:
    for section in _WORDS:
        if section not in _SHARED_NAMESPACE:
            yield from _repeated(merged[section])
    yield from _repeated(sorted((*merged["models"], *merged["tiers"]), key=lambda entry: entry.order[0]))
    for key in SINGLES:
        if key not in ("default", "version"):
            yield from _repeated(_differing(merged[key]))


def _repeated(entries: Iterable[Entry]) -> Iterator[Duplicate]:
    first: dict[str, Entry] = {}
    for entry in entries:
        known = first.setdefault(entry.name, entry)
        if known is not entry and entry.name:
            yield Duplicate(
                name=entry.name,
                word=_WORDS.get(entry.section, "setting"),
                address=entry.name_address,
                part=entry.name_part,
                first_word=_WORDS.get(known.section, "setting"),
                first=known.name_address,
                first_part=known.name_part,
            )


def _differing(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """The first entry and those that say something else."""
    return tuple(entry for entry in entries if entry is entries[0] or entry.value != entries[0].value)
