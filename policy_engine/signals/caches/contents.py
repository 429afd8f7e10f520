"""The entries of one cache in memory: by name, by text, and by the slots of their vectors."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from policy_engine.signals.caches.entry import Entry, without_vector
from policy_engine.signals.caches.neighbours import Neighbours

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Packed(Protocol):
    """Entries that were read from a file and have not been looked at yet, by number."""

    def entry(self, number: int) -> Entry | None:
        """The entry of that number; None if it is none."""
        ...

    def text(self, number: int) -> str:
        """The question of that entry."""
        ...

    def until_s(self, number: int) -> float:
        """When that entry ends."""
        ...

    def over(self, now_s: float) -> list[tuple[int, str]]:
        """Numbers and ids of those whose time is over."""
        ...


@dataclass(slots=True)
class Group:
    """The vectors under one isolation key, and whose they are by their slots."""

    neighbours: Neighbours
    owners: dict[int, str] = field(default_factory=dict)


class Contents:
    """
    Entries of one cache; not safe under threads by itself.

    Args:
        entries: by id, the least used first; a number stands for an entry of `packed`.
        texts: ids by `text_digest`.
        slots: by id, for entries with a vector.
        groups: by isolation key.
    """

    def __init__(
        self,
        entries: Mapping[str, Entry | int] | None = None,
        *,
        texts: dict[bytes, str] | None = None,
        slots: dict[str, int] | None = None,
        groups: dict[str, Group] | None = None,
        packed: Packed | None = None,
    ) -> None:
        self.entries: OrderedDict[str, Entry | int] = OrderedDict(entries or {})
        self.slots = slots or {}
        self.groups = groups or {}
        self.packed = packed
        self.texts = texts or {}
        self._untidy: dict[str, Neighbours] = {key: group.neighbours for key, group in self.groups.items()}

    def __len__(self) -> int:
        return len(self.entries)

    def put(self, entry: Entry) -> None:
        """Adds an entry, in place of one of the same name. Its vector is kept apart from it."""
        self.drop(entry.id)
        self.entries[entry.id] = without_vector(entry)
        self.texts[text_digest(entry.key, entry.normal)] = entry.id
        if entry.vector is not None:
            self._place(entry.id, entry.key, entry.vector)

    def drop(self, id: str) -> None:
        """Forgets an entry, if it is there."""
        entry = self.entry(id)
        self.entries.pop(id, None)
        slot = self.slots.pop(id, None)
        if entry is None:
            return
        digest = text_digest(entry.key, entry.normal)
        if self.texts.get(digest) == id:
            del self.texts[digest]
        group = self.groups.get(entry.key)
        if slot is None or group is None or group.owners.pop(slot, None) is None:
            return
        group.neighbours.remove(slot)
        self._untidy[entry.key] = group.neighbours
        if not group.owners:
            del self.groups[entry.key]
            del self._untidy[entry.key]

    def entry(self, id: str) -> Entry | None:
        """The entry of that name."""
        found = self.entries.get(id)
        if not isinstance(found, int):
            return found
        entry = None if self.packed is None else self.packed.entry(found)
        if entry is not None:
            self.entries[id] = entry
        return entry

    def text(self, id: str, *, now_s: float) -> str | None:
        """The question of the entry of that name, unless its time is over; costs less than the entry."""
        found = self.entries.get(id)
        if isinstance(found, int):
            packed = self.packed
            return packed.text(found) if packed is not None and packed.until_s(found) > now_s else None
        return found.text if found is not None and found.until_s > now_s else None

    def same(self, key: str, normal: str) -> Entry | None:
        """The entry of the very same text."""
        id = self.texts.get(text_digest(key, normal))
        return None if id is None else self.entry(id)

    def nearest(
        self, key: str, vector: NDArray[Any], count: int, *, enough: float = math.inf
    ) -> list[tuple[str, float]]:
        """
        The names of up to so many entries whose vectors are most similar, with their similarities.

        Args:
            enough: see `Neighbours.nearest`.
        """
        group = self.groups.get(key)
        if group is None or group.neighbours.dimensions != len(vector):
            return []
        near = group.neighbours.nearest(vector, count, enough=enough)
        owner = group.owners.get
        return [(id, min(1.0, similarity)) for slot, similarity in near if (id := owner(slot)) is not None]

    def used(self, id: str) -> None:
        """Remembers that an entry was of use."""
        if id in self.entries:
            self.entries.move_to_end(id)

    def over(self, now_s: float) -> list[str]:
        """Entries whose time is over."""
        over = [id for id, entry in self.entries.items() if not isinstance(entry, int) and entry.until_s <= now_s]
        packed = () if self.packed is None else self.packed.over(now_s)
        return [*over, *(id for number, id in packed if self.entries.get(id) == number)]

    def least_used(self, count: int) -> list[str]:
        """So many of the entries that were of use longest ago."""
        return list(islice(self.entries, max(0, count)))

    def all(self) -> Iterator[Entry]:
        """All entries, the least used first."""
        return (entry for entry in map(self.entry, tuple(self.entries)) if entry is not None)

    @property
    def is_tidy(self) -> bool:
        """Whether `tend` has nothing to do."""
        return not self._untidy

    def tend(self) -> None:
        """Does a little of what makes searching fast."""
        key, neighbours = next(iter(self._untidy.items()))
        neighbours.tend()
        if neighbours.is_tidy:
            del self._untidy[key]

    def _place(self, id: str, key: str, vector: NDArray[Any]) -> None:
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = Group(Neighbours(len(vector)))
        if len(vector) != group.neighbours.dimensions:
            return  # none that an embedder of this cache made
        slot = self.slots[id] = group.neighbours.add(vector)
        group.owners[slot] = id
        if not group.neighbours.is_tidy:
            self._untidy[key] = group.neighbours


def text_digest(key: str, normal: str) -> bytes:
    """What stands for a text under an isolation key."""
    return blake2b(f"{key}\n{normal}".encode("utf-8", "surrogatepass"), digest_size=16).digest()
