"""Sections of a bundle, joined over its files, with the environment's overlay applied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from policy_engine.diagnostics import Address, Key, Part

MAPPINGS: Final = (
    "attributes",
    "signals",
    "providers",
    "models",
    "conditions",
    "scores",
    "caches",
    "classifiers",
    "phrases",
    "budgets",
    "cascades",
    "analysis",
)
"""Sections that are mappings of name to entry."""

LISTS: Final = ("tiers", "rules", "ignore")
"""Sections that are lists of entries, most with a `name`."""

NAMES: Final = ("tasks",)
"""Sections that are lists of bare names."""

SINGLES: Final = ("version", "zone", "default_task", "default", "on_state_error")
"""Keys with one value for the whole bundle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    One entry of a section.

    `address` is its value, in the overlay's file if it comes from there. `order` is the file and position that it is
    sorted by: the base entry's, where an overlay replaced one. So `order[0]` is also the file whose `when` applies to a
    rule. `replaces` is the base entry that gave way.
    """

    section: str
    name: str
    value: Any
    address: Address
    order: tuple[str, int]
    is_overlay: bool = False
    replaces: Address | None = None

    @property
    def name_address(self) -> Address:
        """Where its name is written."""
        return self.address.child("name") if self.section in LISTS else self.address

    @property
    def name_part(self) -> Part:
        """Which part of what stands there is its name."""
        return Part.VALUE if self.section in LISTS or self.section in NAMES else Part.KEY


class Source(Protocol):
    """One file's data, as `merge` needs it."""

    @property
    def path(self) -> str:
        """Relative to the bundle's folder."""

    @property
    def data(self) -> Any:
        """What the file says."""

    @property
    def overlay(self) -> bool:
        """Whether it belongs to an environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """
    The sections of a bundle, each in order of file and position.

    Entries of equal names within a section are all there, so that a check can point at each: none but the first that
    an overlay replaces has given way.
    """

    sections: Mapping[str, tuple[Entry, ...]]

    def __getitem__(self, section: str) -> tuple[Entry, ...]:
        """The entries of a section, none if no file has it."""
        return self.sections.get(section, ())


def merge(sources: Iterable[Source]) -> Merged:
    """Joins the files' sections; what is not formed like a section is passed over. Files are taken by path."""
    ordered = sorted(sources, key=lambda source: source.path)
    sections: dict[str, list[Entry]] = {}
    for source in (s for s in ordered if not s.overlay):
        for entry in _entries(source):
            sections.setdefault(entry.section, []).append(entry)
    _apply(sections, [entry for source in ordered if source.overlay for entry in _entries(source)])
    return Merged(sections={name: tuple(sorted(found, key=_order)) for name, found in sections.items()})


def _order(entry: Entry) -> tuple[str, int]:
    return entry.order


def _apply(sections: dict[str, list[Entry]], overlay: Iterable[Entry]) -> None:
    """Puts the first overlay entry of a name in the place of the first base entry of that name; adds the others."""
    overlay = list(overlay)
    if not overlay:
        return
    places = {
        (section, entry.name): index
        for section, found in sections.items()
        for index, entry in reversed(list(enumerate(found)))
        if entry.name
    }
    for entry in overlay:
        found = sections.setdefault(entry.section, [])
        place = places.pop((entry.section, entry.name), None)
        if place is None:
            found.append(entry)
        else:
            base = found[place]
            found[place] = replace(entry, order=base.order, replaces=base.address)


def _entries(source: Source) -> Iterator[Entry]:
    data = source.data
    if not isinstance(data, dict):
        return
    for section in (*MAPPINGS, *LISTS, *NAMES, *SINGLES):
        if section in data:
            yield from _of_section(source, section, data[section])


def _of_section(source: Source, section: str, value: Any) -> Iterator[Entry]:
    path, is_overlay = source.path, source.overlay
    for keys, name, part, position in _parts(section, value):
        yield Entry(
            section=section,
            name=name,
            value=part,
            address=Address(path, keys),
            order=(path, position),
            is_overlay=is_overlay,
        )


def _parts(section: str, value: Any) -> Iterator[tuple[tuple[Key, ...], str, Any, int]]:
    """The entries of one file's section: keys, name, value and position of each."""
    if section in SINGLES:
        yield (section,), section, value, 0
    elif section in MAPPINGS and isinstance(value, dict):
        for position, (name, part) in enumerate(value.items()):
            yield (section, name), name, part, position
    elif section in NAMES and isinstance(value, list):
        for position, part in enumerate(value):
            if isinstance(part, str):
                yield (section, position), part, part, position
    elif section in LISTS and isinstance(value, list):
        for position, part in enumerate(value):
            if isinstance(part, dict):
                name = part.get("name")
                yield (section, position), name if isinstance(name, str) else "", part, position
