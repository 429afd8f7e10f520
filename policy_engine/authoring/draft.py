"""A bundle in the making: its sections, its rules by file, and notes about what could not be taken over as it was."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class About(StrEnum):
    """What a note is about."""

    LEFT_OUT = "no counterpart"
    DIFFERS = "not quite the same"
    TO_SUPPLY = "to be supplied"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One thing to know after an import: where it stands in the other program's file, and what became of it."""

    about: About
    place: str
    text: str


@dataclass(slots=True)
class Draft:
    """
    What an import has gathered so far.

    Attributes:
        sections: entries of the sections of a policy file, by section and name.
        rules: rules by the file they go to, in order of decision.
        scopes: the `when` of such a file.
        default: what happens when no rule decides.
        notes: in the order of the other program's file.
    """

    sections: dict[str, dict[str, Any]] = field(default_factory=dict)
    rules: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    scopes: dict[str, dict[str, Any]] = field(default_factory=dict)
    default: dict[str, Any] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    def section(self, name: str) -> dict[str, Any]:
        """The entries of a section, to add to."""
        return self.sections.setdefault(name, {})

    def condition(self, name: str, written: Mapping[str, Any]) -> dict[str, Any]:
        """A reference to a condition that is declared by this name, or near to it where another one has it."""
        conditions = self.section("conditions")
        name = unused(name, conditions)
        conditions[name] = written
        return {"condition": name}

    def left_out(self, place: str, text: str) -> None:
        """Notes what has no counterpart here."""
        self._note(Note(about=About.LEFT_OUT, place=place, text=text))

    def differs(self, place: str, text: str) -> None:
        """Notes what does almost the same."""
        self._note(Note(about=About.DIFFERS, place=place, text=text))

    def to_supply(self, place: str, text: str) -> None:
        """Notes what the bundle needs to be given."""
        self._note(Note(about=About.TO_SUPPLY, place=place, text=text))

    def rest(self, place: str, written: Mapping[str, Any], known: Iterable[str]) -> None:
        """Notes all keys of a mapping but those that the import knows, so that nothing is lost in silence."""
        for key in sorted(set(written) - set(known), key=str):
            self.left_out(f"{place}.{key}" if place else str(key), "this setting")

    def _note(self, note: Note) -> None:
        if note not in self.notes:
            self.notes.append(note)


def slug(text: str) -> str:
    """A name made of letters, digits, `_` and `-` only, near to the text."""
    return re.sub(r"[^\w-]+", "_", text).strip("_") or "unnamed"


def unused(name: str, taken: Iterable[str]) -> str:
    """The name, or with a number behind it if it is taken."""
    names, number = set(taken), 2
    if name not in names:
        return name
    while f"{name}-{number}" in names:
        number += 1
    return f"{name}-{number}"


def entries(written: object) -> Sequence[Mapping[str, Any]]:
    """The mappings in a list; what is no mapping, or no list, is nothing."""
    return [entry for entry in written if isinstance(entry, Mapping)] if isinstance(written, list) else []


def mapping(written: object) -> Mapping[str, Any]:
    """The mapping that it is, or an empty one."""
    return written if isinstance(written, Mapping) else {}
