"""Sections of a bundle, joined over its files, with the environment's overlay applied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from policy_engine.diagnostics import Address, Part

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

    `address` is its value, in the overlay's file if it comes from there; `name_address` and `name_part` point at its
    name. `order` is the file and position that it is sorted by: the base entry's, where an overlay replaced one. So
    `order[0]` is also the file whose `when` applies to a rule. `replaces` is the base entry that gave way.
    """

    section: str
    name: str
    value: Any
    address: Address
    name_address: Address
    name_part: Part
    order: tuple[str, int]
    is_overlay: bool = False
    replaces: Address | None = None


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
    address = Address(source.path, (section,))
    if section in SINGLES:
        yield _entry(source, section, section, value, address=address, position=0)
    elif section in MAPPINGS and isinstance(value, dict):
        for position, (name, part) in enumerate(value.items()):
            yield _entry(source, section, name, part, address=address.child(name), position=position)
    elif section in (*LISTS, *NAMES) and isinstance(value, list):
        for position, part in enumerate(value):
            yield from _of_list(source, section, part, address=address.child(position), position=position)


def _of_list(source: Source, section: str, value: Any, *, address: Address, position: int) -> Iterator[Entry]:
    if section in NAMES and isinstance(value, str):
        yield _entry(source, section, value, value, address=address, position=position, name_part=Part.VALUE)
    elif section in LISTS and isinstance(value, dict):
        name = value.get("name")
        name = name if isinstance(name, str) else ""
        yield Entry(
            section=section,
            name=name,
            value=value,
            address=address,
            name_address=address.child("name"),
            name_part=Part.VALUE,
            order=(source.path, position),
            is_overlay=source.overlay,
        )


def _entry(
    source: Source,
    section: str,
    name: str,
    value: Any,
    *,
    address: Address,
    position: int,
    name_part: Part = Part.KEY,
) -> Entry:
    return Entry(
        section=section,
        name=name,
        value=value,
        address=address,
        name_address=address,
        name_part=name_part,
        order=(source.path, position),
        is_overlay=source.overlay,
    )
